"""What a route needs of whoever asks. Every route says it, or the application is not built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.routing import BaseRoute

from api.access import EVERY, Caller, Role
from ingest.contract import Denied

_BEARER = HTTPBearer(auto_error=False, description="an API key")


@dataclass(frozen=True)
class Needs:
    """A dependency: `role` on the collection that the path names; where the path names none, on
    some collection, for the handler to look closer (`anywhere`), or else on all. With
    `everything`, whoever asks has to see every document, because the route shows of all of them
    what no view can narrow: a backup, a log."""

    role: Role
    anywhere: bool = False
    everything: bool = False

    async def __call__(  # async, so that it takes no thread
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
    ) -> Caller:
        """Whoever asks. Raises Denied."""
        caller = caller_of(request)
        if self.anywhere:
            if not caller.may_anywhere(self.role):
                raise Denied(f"this needs a key with the role '{self.role}' on some collection")
        else:
            caller.check(self.role, request.path_params.get("collection", EVERY))
        if self.everything and caller.tags is not None:
            raise Denied("this needs a key that sees every document: one without access tags")
        return caller


def needs(role: Role, *, anywhere: bool = False, everything: bool = False) -> Any:
    """The same, for the `dependencies` of a route."""
    return Depends(Needs(role, anywhere, everything))


def caller_of(request: Request) -> Caller:
    """Whoever a request comes from, as the middleware found."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


async def _asking(request: Request) -> Caller:
    return caller_of(request)


CallerDep = Annotated[Caller, Depends(_asking)]


def needs_of(route: APIRoute) -> Needs | None:
    """What a route needs; None where it does not say."""
    found = [one.call for one in _all(route.dependant) if isinstance(one.call, Needs)]
    return found[0] if len(found) == 1 else None


def _all(dependant: Dependant) -> list[Dependant]:
    return [one for part in dependant.dependencies for one in (part, *_all(part))]


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """Every route, those of included routers among them, which `app.routes` shows as one each."""
    return [one.original_route for one in iter_route_contexts(app.routes)]


def check_guarded(
    app: FastAPI, open_paths: frozenset[str], guarded_elsewhere: frozenset[str] = frozenset()
) -> None:
    """Raises AssertionError for a route that says nothing of what it needs and is not open, and for
    a mounted application, or a route that FastAPI does not know, that is in neither list.
    `guarded_elsewhere` names those whose doors ask the gateway who may do what; the middleware lets
    nobody reach them without a key."""
    for route in routes_of(app):
        path = str(getattr(route, "path", route))
        if isinstance(route, APIRoute) and path not in guarded_elsewhere:
            assert path in open_paths or needs_of(route), f"{path} does not say which role it needs"
        else:
            known = path in open_paths or path in guarded_elsewhere
            assert known, f"{path} is no route that could say which role it needs: list it"
