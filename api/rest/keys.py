"""/v1/keys and /v1/me"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller, Role
from api.keys import Key, KeyRing, NewKey, State
from api.rest.guard import CallerDep, needs
from api.rest.problems import responses
from api.rest.protection import ProtectionDep
from api.rest.values import Given, Moment, json_only
from ingest.contract import NotFound

router = APIRouter(prefix="/v1", tags=["keys"])

_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Role = Annotated[Role, Field(strict=False)]
_TAGS = "access tags it holds; null: it sees every document"
_GRANTS = "a role by name of collection; `*` stands for all, those still to be made among them"


class KeyRequest(Given):
    """A key to be made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "wiki bot", "grants": {"papers": "read"}, "tags": ["staff"]}]
        }
    )

    name: _Name = Field(description="what it is for")
    grants: dict[_Name, _Role] = Field(description=_GRANTS, min_length=1, max_length=200)
    tags: list[_Name] | None = Field(None, description=_TAGS, max_length=200)
    expires_at: Moment | None = Field(None, description="null: never")


class KeyInfo(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=["9f1c2e4b7a6d"])
    name: str = Field(examples=["wiki bot"])
    grants: dict[str, Role] = Field(description=_GRANTS, examples=[{"papers": "read"}])
    tags: list[str] | None = Field(description=_TAGS, examples=[["staff"]])
    state: State
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="when it was last used, to about a minute")

    @classmethod
    def of(cls, key: Key) -> KeyInfo:
        """What may be told of a key."""
        return cls(
            id=key.id,
            name=key.name,
            grants=dict(key.grants),
            tags=None if key.tags is None else sorted(key.tags),
            state=key.state,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            used_at=key.used_at,
        )


class KeyMade(KeyInfo):
    """A key that was just made."""

    token: str = Field(description="what the client sends; it is shown this once")


class KeyList(BaseModel):
    """Every key there ever was, oldest first."""

    keys: list[KeyInfo]


class Me(BaseModel):
    """Whoever asks."""

    id: str = Field(
        description="of the key; `local` where the server asks for none, `settings` for the key in "
        "the settings",
        examples=["9f1c2e4b7a6d"],
    )
    name: str = Field(examples=["wiki bot"])
    grants: dict[str, Role] = Field(description=_GRANTS, examples=[{"papers": "read"}])
    tags: list[str] | None = Field(description=_TAGS, examples=[["staff"]])
    expires_at: datetime | None


def _key_behind(ring: KeyRing, caller: Caller) -> Key | None:
    """The key that a caller uses; None for those that are not in the store."""
    try:
        return ring.get(caller.id)
    except NotFound:
        return None


@router.post(
    "/keys",
    status_code=201,
    summary="Make a key",
    responses=responses(400, 409, 413, 415),
    dependencies=[needs(Role.ADMIN), Depends(json_only)],
)
def create(
    body: KeyRequest, response: Response, protection: ProtectionDep, caller: CallerDep
) -> KeyMade:
    """Makes a key. It can do no more, see no more and last no longer than the key that makes it.
    From the first key on, the server asks everyone for one."""
    tags = None if body.tags is None else frozenset(body.tags)
    new = NewKey(body.name, body.grants, tags, body.expires_at)
    behind = _key_behind(protection.ring, caller)
    new.check(caller, behind.expires_at if behind else None)
    key, token = protection.ring.create(new)
    response.headers["Location"] = f"/v1/keys/{key.id}"
    return KeyMade(**dict(KeyInfo.of(key)), token=token)


@router.get(
    "/keys", summary="List the keys", responses=responses(), dependencies=[needs(Role.ADMIN)]
)
def list_all(protection: ProtectionDep) -> KeyList:
    """Every key, without its secret, also those that are expired or revoked."""
    return KeyList(keys=[KeyInfo.of(key) for key in protection.ring.all()])


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    summary="Revoke a key",
    responses=responses(404),
    dependencies=[needs(Role.ADMIN)],
)
def revoke(
    protection: ProtectionDep,
    key_id: Annotated[str, Path(description="id of the key", max_length=100)],
) -> None:
    """The key opens nothing any more: at once in the process that answers, within three seconds in
    all. It stays in the list."""
    protection.ring.revoke(key_id)


@router.get(
    "/me",
    summary="Show who asks",
    responses=responses(),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def me(protection: ProtectionDep, caller: CallerDep) -> Me:
    """What the key that is sent may do."""
    behind = _key_behind(protection.ring, caller)
    return Me(
        id=caller.id,
        name=behind.name if behind else caller.id,
        grants=dict(caller.grants),
        tags=None if caller.tags is None else sorted(caller.tags),
        expires_at=behind.expires_at if behind else None,
    )
