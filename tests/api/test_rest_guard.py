"""No route goes without saying which role it needs."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.access import Role
from api.rest.app import create_app
from api.rest.guard import check_guarded, needs, needs_of, routes_of
from api.settings import Settings


def test_a_route_of_an_included_router_has_to_say_what_it_needs() -> None:
    router = APIRouter(prefix="/v1")
    router.add_api_route("/said", lambda: "", dependencies=[needs(Role.READ)])
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    check_guarded(app, frozenset())
    router.add_api_route("/forgotten", lambda: "")
    with pytest.raises(AssertionError, match="/v1/forgotten"):
        check_guarded(app, frozenset())
    check_guarded(app, frozenset({"/v1/forgotten"}))


def test_a_mounted_application_has_to_be_listed() -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/tool", FastAPI(openapi_url=None))
    with pytest.raises(AssertionError, match="/tool"):
        check_guarded(app, frozenset())
    check_guarded(app, frozenset(), frozenset({"/tool"}))
    app.add_route("/plain", lambda request: Response())
    with pytest.raises(AssertionError, match="/plain"):
        check_guarded(app, frozenset(), frozenset({"/tool"}))


def test_every_route_of_the_application_is_seen() -> None:
    app = create_app(Settings())
    documented = set(app.openapi()["paths"])
    paths = {getattr(route, "path", "").replace(":path}", "}") for route in routes_of(app)}
    assert len(documented) > 20
    assert documented <= paths
    guarded = [one for one in routes_of(app) if isinstance(one, APIRoute) and needs_of(one)]
    assert len(guarded) >= len(documented) - 1
