# The three commands in one image. The mock is what it runs unless told otherwise:
#
#   docker build -t deployments-contract .
#   docker run --rm -p 127.0.0.1:4200:4200 deployments-contract
#   docker run --rm --network host deployments-contract deployments-contract run --base-url http://127.0.0.1:4200/api
FROM python:3.13-slim AS build
WORKDIR /src
# Pinned to the versions that we test with.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY openapi openapi
COPY mock_server mock_server
COPY contract_tests contract_tests
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM python:3.13-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
# It needs no rights: no file of the image is written to.
RUN useradd --system --create-home --uid 10001 contract
USER 10001
WORKDIR /home/contract
EXPOSE 4200
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:4200/api/health', timeout=2)"]
# Off loopback because a container's loopback is its own; publish the port on the host's loopback, as above.
CMD ["deployments-mock", "--host", "0.0.0.0"]
