"""What a route needs of whoever asks. Every route says it, or the application is not built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.access import EVERY, Caller, Role
from ingest.contract import Denied

_BEARER = HTTPBearer(auto_error=False, description="an API key")


@dataclass(frozen=True)
class Needs:
    """A dependency: `role` on the collection that the path names; where the path names none, on
    some collection, for the handler to look closer (`anywhere`), or else on all."""

    role: Role
    anywhere: bool = False

    def __call__(
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
        return caller


def needs(role: Role, *, anywhere: bool = False) -> Any:
    """The same, for the `dependencies` of a route."""
    return Depends(Needs(role, anywhere))


def caller_of(request: Request) -> Caller:
    """Whoever a request comes from, as the middleware found."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


CallerDep = Annotated[Caller, Depends(caller_of)]


def needs_of(route: APIRoute) -> Needs | None:
    """What a route needs; None where it does not say."""
    found = [one.call for one in _all(route.dependant) if isinstance(one.call, Needs)]
    return found[0] if len(found) == 1 else None


def _all(dependant: Dependant) -> list[Dependant]:
    return [one for part in dependant.dependencies for one in (part, *_all(part))]


def check_guarded(app: FastAPI, open_paths: frozenset[str]) -> None:
    """Raises AssertionError for a route that says nothing of what it needs and is not open."""
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path not in open_paths:
            assert needs_of(route) is not None, f"{route.path} does not say which role it needs"
