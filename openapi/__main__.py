"""`python -m openapi` is `deployments-spec`."""

from openapi.cli import main

if __name__ == "__main__":
    main(prog_name="python -m openapi")
