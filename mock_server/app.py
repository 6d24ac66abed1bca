"""The mock as an ASGI application."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

import openapi
from mock_server import docs_page
from mock_server.auth import Authentication, Credentials
from mock_server.csrf import CsrfProtection, CsrfTokens
from mock_server.dispatch import Dispatch, Errors
from mock_server.docs_page import DocsPage
from mock_server.edges import requests, responses
from mock_server.framework import API, AsyncApp, OpenAPISpecification, Resolver
from mock_server.limits import DEFAULT_LIMITS, Limits
from mock_server.request_limits import RequestLimits
from mock_server.responses import render
from mock_server.routing import METHODS, Routing
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.call import Call, Reply
    from mock_server.state_file import StateFile

    Middleware = Callable[[ASGIApp], ASGIApp]
    Page = tuple[str, Callable[[Request], Awaitable[Response]]]

BASE_PATH: Final = "/api"
CONTROL_PATH: Final = "/_mock"
DOCUMENT: Final = "openapi.json"
ANY: Final = ("*",)


class Specification(OpenAPISpecification):  # type: ignore[misc] # connexion has no types
    """The bundled document, not validated once more: that takes long, and a test does it."""

    @classmethod
    def _validate_spec(cls, spec: Any) -> None:
        """Trust it."""


class MockApp:
    """The mock: an ASGI application and its state.

    Attributes:
        store: the state, to be looked at and changed between requests.
    """

    def __init__(self, app: ASGIApp, store: Store, file: StateFile | None = None) -> None:
        self._app = app
        self._file = file
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Write down what was changed without a request, and close the state file, if any.

        Raises:
            StateFileError: it cannot be written.
        """
        if self._file is not None:
            try:
                self._file.save(self.store)
            finally:
                self._file.close()


def create_app(
    *,
    fixtures: str | Path = "default",
    store: Store | None = None,
    middleware: Sequence[Middleware] = (),
    operations: Mapping[str, Callable[[Call], Reply]] | None = None,
    cors_origins: Sequence[str] = ANY,
    ui: bool | str | Path = False,
    state: str | Path | None = None,
    auth: str | None = None,
    csrf: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> MockApp:
    """Make a mock with a state of its own.

    Args:
        fixtures: the name of a set of fixture data, or the path of a YAML file of them.
        store: a state to serve as it is, instead of fixtures.
        middleware: ASGI middleware around everything but CORS and compression, outermost first.
        operations: operation id -> function, for those that should do something else than usual.
        cors_origins: the origins whose pages may call the API, `*` for any. Only those that are
            named may send credentials.
        ui: serve the web UI of an installed prefect too; true, or the interpreter (or the folder
            of the environment) that has it.
        state: the path of a file that keeps the state. If it exists, the mock begins with what is
            in it rather than with fixtures. Close the app to let others open it.
        auth: credentials that the API asks for: `basic:USER:PASSWORD` or `bearer:TOKEN`.
        csrf: ask for CSRF tokens.
        limits: how much of a request is taken.

    Raises:
        FixtureError: there are no such fixtures, or they are broken.
        StateFileError: the state file cannot be used.
        ValueError: `auth` is no credentials.
        WebUiError: there is no web UI to serve.
    """
    from mock_server.operations import OPERATIONS  # noqa: PLC0415 - after the edges are known good

    credentials = None if auth is None else Credentials.parse(auth)
    tokens = CsrfTokens() if csrf else None
    settings = {"auth": None if credentials is None else "BASIC", "csrf_enabled": csrf}
    pages = _pages(ui, settings)
    store, file = _state(store, fixtures, state)
    functions = {**OPERATIONS, **(operations or {})}
    if tokens is not None:
        functions["create_csrf_token"] = tokens.create
    guards = _guards(
        store,
        file=file,
        credentials=credentials,
        tokens=tokens,
        limits=limits,
        cors_origins=cors_origins,
    )
    # Two of Connexion's own layers are replaced: `Routing` knows the server's routes, `Dispatch`
    # does what five others do. The rest (security, Swagger UI, context) has nothing to do here.
    app = AsyncApp(__name__, middlewares=[*guards, *middleware, Errors, Routing, Dispatch])
    _add(app, pages)
    options = {
        **vars(app.middleware.options),
        "resolver": Resolver(_finder(functions)),
        "validator_map": {"request": requests().reader, "response": responses().answers},
    }
    spec = Specification(_copy(openapi.load()))
    app.middleware.apis.append(API(spec, base_path=BASE_PATH, name="mock", store=store, **options))
    return MockApp(app, store, file)


def _state(
    store: Store | None, fixtures: str | Path, path: str | Path | None
) -> tuple[Store, StateFile | None]:
    """The state to serve, and the file that keeps it."""
    if path is None:
        return store or _loaded(fixtures), None
    from mock_server.state_file import StateFile  # noqa: PLC0415 - only who wants it pays

    file = StateFile(path)
    try:
        if file.is_new:
            store = store or _loaded(fixtures)
            file.begin(store)
        else:
            store = store or Store()
            file.load(store)
    except BaseException:
        file.close()
        raise
    return store, file


def _loaded(fixtures: str | Path) -> Store:
    from mock_server.fixtures import load_fixtures  # noqa: PLC0415 - YAML only when needed

    store = Store()
    load_fixtures(store, fixtures)
    return store


def _guards(
    store: Store,
    *,
    file: StateFile | None,
    credentials: Credentials | None,
    tokens: CsrfTokens | None,
    limits: Limits,
    cors_origins: Sequence[str],
) -> list[Any]:
    """What a request goes through first, outermost first.

    Tokens are asked for before CORS has its say, and credentials after, as on the server.
    """
    layers: list[Any] = [_cors(cors_origins), GZipMiddleware]
    if tokens is not None:
        layers.insert(0, partial(CsrfProtection, tokens=tokens, store=store, spared=CONTROL_PATH))
    if credentials is not None:
        layers.append(partial(Authentication, credentials=credentials, base=BASE_PATH))
    layers.append(partial(RequestLimits, limits=limits))
    if file is not None:
        from mock_server.write_through import WriteThrough  # noqa: PLC0415 - as the file itself

        layers.append(partial(WriteThrough, file=file, store=store))
    return layers


def _cors(origins: Sequence[str]) -> Any:
    """The outermost layer: errors carry its headers, too."""
    return partial(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=ANY,
        allow_headers=ANY,
        allow_credentials="*" not in origins,
    )


def _pages(ui: bool | str | Path, settings: Mapping[str, object]) -> list[Page]:  # noqa: FBT001
    """What is no operation: the document, its page, the web UI. The first that fits answers."""
    docs = DocsPage(f"{BASE_PATH}/{DOCUMENT}")
    pages: list[Page] = [
        (f"{BASE_PATH}/{DOCUMENT}", document),
        (f"/{DOCUMENT}", document),
        (docs_page.PATH, docs.page),
        (f"{docs_page.PATH}/{{name}}", docs.file),
        (f"{BASE_PATH}{docs_page.PATH}", docs.page),
    ]
    if ui:
        from mock_server.ui_builds import find_builds  # noqa: PLC0415 - only who wants it pays
        from mock_server.web_ui import WebUi  # noqa: PLC0415

        builds = find_builds(None if ui is True else ui)
        web = WebUi(builds, api=BASE_PATH, settings=lambda: settings)
        pages += [("/ui-settings", web.settings), ("/{path:path}", web.page)]
    return pages


def _add(app: AsyncApp, pages: Sequence[Page]) -> None:
    for path, page in pages:
        # The web UI has all paths that nobody else has, so it has to refuse other methods itself.
        methods = METHODS if path.endswith(":path}") else ["GET"]
        app.add_url_rule(path, path, page, methods=[*methods])


def _finder(operations: Mapping[str, Callable[[Call], Reply]]) -> Callable[[str], Any]:
    def find(operation: str) -> Callable[[Call], Reply]:
        try:
            return operations[operation]
        except KeyError:  # the one error that a resolver may not raise
            raise ValueError(f"No function for the operation {operation}") from None

    return find


def _copy(value: Any) -> Any:
    """A copy for Connexion to write into."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


async def document(_request: Request) -> Response:
    """Answer with the bundled document."""
    return Response(_document(), media_type="application/json")


@functools.cache
def _document() -> bytes:
    return render(openapi.load())
