"""The mock as an ASGI application."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

import openapi
from mock_server.access.auth import Authentication, Credentials
from mock_server.access.csrf import CsrfProtection, CsrfTokens
from mock_server.access.limits import DEFAULT_LIMITS, Limits
from mock_server.access.request_limits import RequestLimits
from mock_server.clock import MockClock
from mock_server.control.app import ControlApp
from mock_server.control.controls import Controls, make_clock, seeded
from mock_server.dispatch import Dispatch, Errors
from mock_server.edges import requests, responses
from mock_server.faults.middleware import Faulting
from mock_server.faults.rules import Faults
from mock_server.faults.syntax import Fault, parse_fault
from mock_server.framework import API, AsyncApp, OpenAPISpecification, Resolver
from mock_server.journal.exchange import CONNECTION
from mock_server.journal.journal import KEPT, Journalling
from mock_server.responses import render
from mock_server.routing import METHODS, Routing
from mock_server.serving.streams import Streams
from mock_server.store import Store
from mock_server.web import docs_page, front_page
from mock_server.web.docs_page import DocsPage
from mock_server.web.front_page import FrontPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.call import Call, Reply
    from mock_server.persistence.state_file import StateFile
    from mock_server.services.rounds import Rounds
    from mock_server.web.ui_builds import Build

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

    Args:
        app: what answers as the server does.
        controls: what bends it.
        control: what answers below `/_mock`; None for nothing.
        file: what keeps the state.

    Attributes:
        store: the state, to be looked at and changed between requests.
        controls: clock, faults, journal, snapshots and fixtures, to be used between requests.
    """

    def __init__(
        self,
        app: ASGIApp,
        controls: Controls,
        control: ASGIApp | None = None,
        file: StateFile | None = None,
    ) -> None:
        self._app = Journalling(app, controls.journal) if controls.journal.kept else app
        self._control = control
        self._file = file
        self.store = controls.store
        self.controls = controls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        CONNECTION.set(send)
        self.controls.catch_up()
        if self._control is not None and _is_control(scope):
            await self._control(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @property
    def resumed(self) -> bool:
        """Whether it began with what its state file held, and not with fixtures."""
        return self._file is not None and self._file.resumed

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
    services: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    seed: int | None = None,
    now: str | datetime | None = None,
    clock_runs: bool = False,
    faults: Sequence[str | Fault] = (),
    journal_size: int = KEPT,
    control: bool = True,
    control_token: str | None = None,
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
        services: plan runs by schedules, mark late ones and end pauses, as a server does of its own
            accord.
        limits: how much of a request is taken.
        seed: fixes the ids and names that are made, and which requests the faults hit.
        now: what time it is in the mock: a datetime, or a text in ISO 8601. There it stands still.
        clock_runs: let the clock run from there.
        faults: what goes wrong on purpose, such as `operation=read_flow status=503 rate=0.1`.
        journal_size: how many requests the journal keeps; 0 for none.
        control: answer below `/_mock` to this machine, or to who has the token.
        control_token: what the control API asks for; with it, it answers other machines too.

    Raises:
        FaultError: there can be no such fault.
        FixtureError: there are no such fixtures, or they are broken.
        StateFileError: the state file cannot be used.
        ValueError: `auth` is no credentials, or `now` is no time.
        WebUiError: there is no web UI to serve.
    """
    from mock_server.operations import OPERATIONS  # noqa: PLC0415 - after the edges are known good

    credentials = None if auth is None else Credentials.parse(auth)
    tokens = CsrfTokens() if csrf else None
    settings = {"auth": None if credentials is None else "BASIC", "csrf_enabled": csrf}
    builds = _builds(ui)
    pages = [*_pages(builds, settings, credentials), (front_page.PATH, _front_page(control).page)]
    wrong = Faults(map(_fault, faults), seed=seed)
    given = store is not None
    store = _prepared(store, seed, make_clock(now, runs=clock_runs))
    file = _fill(store, None if given else fixtures, state)
    controls = Controls(
        store,
        wrong,
        fixtures=fixtures,
        seed=seed,
        kept=journal_size,
        services=_services(store) if services else None,
    )
    functions = {**OPERATIONS, **_of_the_ui(builds), **(operations or {})}
    if tokens is not None:
        functions["create_csrf_token"] = tokens.create
        controls.also_reset.append(tokens.reset)
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
    faulting = partial(Faulting, faults=controls.faults)
    streams = partial(Streams, store=store, base=BASE_PATH, credentials=credentials)
    errors = partial(Errors, base=BASE_PATH)
    layers = [*guards, *middleware, streams, errors, Routing, faulting, Dispatch]
    app = AsyncApp(__name__, middlewares=layers)
    _add(app, pages)
    options = {
        **vars(app.middleware.options),
        "resolver": Resolver(_finder(functions)),
        "validator_map": {"request": requests().reader, "response": responses().answers},
    }
    spec = Specification(_copy(openapi.load()))
    app.middleware.apis.append(API(spec, base_path=BASE_PATH, name="mock", store=store, **options))
    inner = ControlApp(controls, CONTROL_PATH, control_token)
    return MockApp(app, controls, _written(inner, store, file, limits) if control else None, file)


def _services(store: Store) -> Rounds:
    from mock_server.services.rounds import Rounds  # noqa: PLC0415 - only who wants it pays

    return Rounds(store)


def _prepared(store: Store | None, seed: int | None, clock: MockClock | None) -> Store:
    """The store to serve, with what was asked for of clock and ids."""
    if store is None:
        return Store(clock=clock or MockClock(), rng=seeded(seed))
    if clock is not None:
        store.clock = clock
    if seed is not None:
        store.rng = seeded(seed)
    return store


def _fault(fault: str | Fault) -> Fault:
    return parse_fault(fault) if isinstance(fault, str) else fault


def _fill(store: Store, fixtures: str | Path | None, path: str | Path | None) -> StateFile | None:
    """Bring the state in, from fixtures or from its file; the file, if there is one."""
    if path is None:
        _load(store, fixtures)
        return None
    from mock_server.persistence.state_file import StateFile  # noqa: PLC0415 - only who wants it pays

    file = StateFile(path)
    try:
        if file.is_new:
            _load(store, fixtures)
            file.begin(store)
        else:
            file.load(store)
    except BaseException:
        file.close()
        raise
    return file


def _load(store: Store, fixtures: str | Path | None) -> None:
    if fixtures is not None:
        from mock_server.fixtures import load_fixtures  # noqa: PLC0415 - YAML only when needed

        load_fixtures(store, fixtures)


def _is_control(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    path: str = scope["path"]
    return path.startswith(CONTROL_PATH) and path[len(CONTROL_PATH) :][:1] in {"", "/"}


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
        layers.append(partial(_write_through(), file=file, store=store))
    return layers


def _write_through() -> Any:
    from mock_server.persistence.write_through import WriteThrough  # noqa: PLC0415 - as the file itself

    return WriteThrough


def _written(control: ControlApp, store: Store, file: StateFile | None, limits: Limits) -> ASGIApp:
    """The control API, held to the limits, and to the file that keeps the state."""
    limited = RequestLimits(control, limits)
    if file is None:
        return limited
    written: ASGIApp = _write_through()(limited, file=file, store=store)
    return written


def _cors(origins: Sequence[str]) -> Any:
    """The outermost layer: errors carry its headers, too."""
    return partial(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=ANY,
        allow_headers=ANY,
        allow_credentials="*" not in origins,
    )


def _builds(ui: bool | str | Path) -> Sequence[Build]:  # noqa: FBT001 - as it is given
    """The builds of the web UI that is to be served."""
    if not ui:
        return ()
    from mock_server.web.ui_builds import find_builds  # noqa: PLC0415 - only who wants it pays

    return find_builds(None if ui is True else ui)


def _of_the_ui(builds: Sequence[Build]) -> Mapping[str, Callable[[Call], Reply]]:
    """The operations that know more when there is a web UI."""
    if not builds:
        return {}
    from mock_server.web.registry import Registry  # noqa: PLC0415 - only who wants it pays

    return {"read_view_content": Registry(builds).read_view_content}


def _pages(
    builds: Sequence[Build],
    settings: Mapping[str, object],
    credentials: Credentials | None,
) -> list[Page]:
    """What is no operation: the document, its page, the web UI. The first that fits answers."""
    # The page reads the document that needs no credentials: the one below the API does.
    docs = DocsPage(f"/{DOCUMENT}")
    document = partial(_send_document, scheme=None if credentials is None else credentials.scheme)
    pages: list[Page] = [
        (f"{BASE_PATH}/{DOCUMENT}", document),
        (f"/{DOCUMENT}", document),
        (docs_page.PATH, docs.page),
        (f"{docs_page.PATH}/{{name}}", docs.file),
        (f"{BASE_PATH}{docs_page.PATH}", docs.page),
    ]
    if builds:
        from mock_server.web.web_ui import WebUi  # noqa: PLC0415 - only who wants it pays

        web = WebUi(builds, api=BASE_PATH, settings=lambda: settings)
        pages += [("/ui-settings", web.settings), ("/{path:path}", web.page)]
    return pages


def _front_page(control: bool) -> FrontPage:  # noqa: FBT001 - as it is given
    places = {BASE_PATH: "the API; a client's PREFECT_API_URL ends so"}
    places |= {docs_page.PATH: "what it takes and answers, to be read and tried"}
    if control:
        places |= {f"{CONTROL_PATH}/": "what clients sent, the data, faults and the clock"}
    return FrontPage(places)


def _add(app: AsyncApp, pages: Sequence[Page]) -> None:
    for path, page in pages:
        # The web UI has all paths that nobody else has, so it has to refuse other methods itself;
        # and at the root a server without it knows of no method.
        methods = METHODS if path == front_page.PATH or path.endswith(":path}") else ["GET"]
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


async def _send_document(_request: Request, scheme: str | None) -> Response:
    """Answer with the bundled document."""
    return Response(_document(scheme), media_type="application/json")


@functools.cache
def _document(scheme: str | None) -> bytes:
    """The bundled document; where credentials are asked for, it says so, and Swagger UI asks."""
    told = dict(openapi.load())
    if scheme is not None:
        schemes = {"credentials": {"type": "http", "scheme": scheme.lower()}}
        told["components"] = {**told["components"], "securitySchemes": schemes}
        told["security"] = [{"credentials": []}]
    return render(told)
