"""API keys: made, found again, revoked.

A key is `braid_<id>_<secret>`; the secret is 256 random bits. Of the secret, its SHA-256 is kept:
slow hashes (bcrypt, Argon2) protect passwords that people choose and others can guess, and nobody
guesses 256 random bits, however fast a guess is tested; a fast hash keeps a request cheap.

Each process holds the keys in memory for SEEN_WITHIN_S seconds, so that a request reads no file.
What another process makes is found at once; what it revokes, within that time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from api.access import EVERY, Caller, Role
from api.service_store import Row, ServiceStore
from ingest.contract import BadInput, Conflict, Denied, NotFound

SEEN_WITHIN_S = 3.0
USE_WRITTEN_EVERY_S = 60.0
MAX_KEYS = 1_000
_COLUMNS = "id, secret_hash, name, grants, tags, created_at, expires_at, revoked_at, used_at"
_NO_HASH = bytes(32)
_TOKEN = re.compile(r"(braid_[0-9a-f]+)_[0-9a-f]+")

State = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without its secret. Moments are in UTC; `used_at` is right to about a minute."""

    id: str
    name: str
    grants: Mapping[str, Role]
    tags: frozenset[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    @property
    def state(self) -> State:
        """Whether it opens anything now."""
        if self.revoked_at is not None:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= datetime.now(UTC)
        return "expired" if is_over else "active"

    @property
    def caller(self) -> Caller:
        """Whoever uses it."""
        return Caller(self.id, self.grants, self.tags)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be."""

    name: str
    grants: Mapping[str, Role]
    tags: frozenset[str] | None = None
    expires_at: datetime | None = None

    def check(self, by: Caller, by_expires_at: datetime | None = None) -> None:
        """Raises BadInput for a key that is none, Denied for one that may do more, or longer, than
        the one that makes it."""
        if not self.grants:
            raise BadInput("a key without grants opens nothing: say a role and a collection")
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            raise BadInput("expires_at is in the past; give a moment to come, or none")
        for collection, role in self.grants.items():
            by.check(role, collection)
        if by.tags is not None and (self.tags is None or not self.tags <= by.tags):
            raise Denied("a key can be given only access tags that the key making it has")
        if by_expires_at is not None and (
            self.expires_at is None or self.expires_at > by_expires_at
        ):
            raise Denied("a key cannot last longer than the key making it: give expires_at")


class KeyRing:
    """The keys of the service."""

    def __init__(self, store: ServiceStore) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._held: dict[str, tuple[Key, bytes]] = {}
        self._read_at: float | None = None
        self._used: dict[str, datetime] = {}
        self._written: dict[str, float] = {}

    def create(self, new: NewKey) -> tuple[Key, str]:
        """The key, and its token, which nobody can find out afterwards. Ask `check` before.
        Raises Conflict where there are too many."""
        key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
        grants = json.dumps(dict(sorted(new.grants.items())), ensure_ascii=False)
        tags = None if new.tags is None else json.dumps(sorted(new.tags), ensure_ascii=False)
        now = _text(datetime.now(UTC))
        row = (key_id, _hashed(secret), new.name, grants, tags, now, _text(new.expires_at))
        with self._store.transaction() as cursor:
            count = next(cursor.execute("SELECT count(*) FROM keys WHERE revoked_at IS NULL"))[0]
            if count >= MAX_KEYS:
                raise Conflict(f"there are {count:,} keys, which is the limit: revoke some first")
            cursor.execute(f"INSERT INTO keys ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,NULL,NULL)", row)
        self._forget()
        return self.get(key_id), f"braid_{key_id}_{secret}"

    def all(self) -> list[Key]:
        """Every key there ever was, oldest first."""
        return sorted(
            (key for key, _ in self._read().values()), key=lambda one: (one.created_at, one.id)
        )

    def get(self, key_id: str) -> Key:
        """Raises NotFound."""
        found = self._found(key_id)
        if found is None:
            # Somebody may have given the whole token.
            raise NotFound(f"no key {masked(key_id)!r}; `braid keys list` has those there are")
        return found[0]

    def revoke(self, key_id: str) -> None:
        """It opens nothing any more: at once in this process, within SEEN_WITHIN_S in others.
        One that is revoked already stays so. Raises NotFound."""
        self.get(key_id)
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (_text(datetime.now(UTC)), key_id),
            )
        self._forget()

    def is_used(self) -> bool:
        """Whether a key was ever made, also one that has expired or was revoked: a server does not
        open up when its last key ends."""
        return bool(self._current())

    def has_admin(self) -> bool:
        """Whether a key that is active may do everything."""
        return any(
            key.state == "active" and key.caller.may(Role.ADMIN, EVERY)
            for key, _ in self._current().values()
        )

    def key_of(self, token: str) -> Key | None:
        """The active key that a token is of; None for any other text. Takes as long for a wrong
        secret as for a key that is not there."""
        prefix, _, rest = token.partition("_")
        key_id, _, secret = rest.partition("_")
        found = self._found(key_id) if prefix == "braid" and key_id and secret else None
        key, kept = found if found is not None else (None, _NO_HASH)
        fits = hmac.compare_digest(_hashed(secret), kept)
        if key is None or not fits or key.state != "active":
            return None
        self._used[key.id] = datetime.now(UTC)
        return key

    def write_uses(self) -> None:
        """Writes down when keys were last used, for each once in USE_WRITTEN_EVERY_S at most."""
        now = time.monotonic()
        due = {
            key_id: used_at
            for key_id, used_at in list(self._used.items())
            if now - self._written.get(key_id, -USE_WRITTEN_EVERY_S) >= USE_WRITTEN_EVERY_S
        }
        if not due:
            return
        with self._store.transaction() as cursor:
            for key_id, used_at in sorted(due.items()):
                cursor.execute("UPDATE keys SET used_at = ? WHERE id = ?", (_text(used_at), key_id))
        for key_id, used_at in due.items():
            self._written[key_id] = now
            if self._used.get(key_id) == used_at:
                del self._used[key_id]

    def _found(self, key_id: str) -> tuple[Key, bytes] | None:
        held = self._current().get(key_id)
        # One that is not held may have been made by another process since.
        return held if held is not None else self._read(key_id).get(key_id)

    def _current(self) -> dict[str, tuple[Key, bytes]]:
        with self._guard:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at > SEEN_WITHIN_S:
                self._held, self._read_at = self._read(), now
            return self._held

    def _read(self, key_id: str | None = None) -> dict[str, tuple[Key, bytes]]:
        if not self._store.path.exists():
            return {}  # asking makes no file
        where, values = ("", ()) if key_id is None else (" WHERE id = ?", (key_id,))
        rows = self._store.rows(f"SELECT {_COLUMNS} FROM keys{where}", values)
        return {row[0]: (_key_of(row), row[1]) for row in rows}

    def _forget(self) -> None:
        with self._guard:
            self._read_at = None


def masked(text: str) -> str:
    """A text without the secrets of keys that it holds."""
    return _TOKEN.sub(r"\1_…", text)


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key_of(row: Row) -> Key:
    key_id, _, name, grants, tags, created_at, expires_at, revoked_at, used_at = row
    return Key(
        key_id,
        name,
        {collection: Role(role) for collection, role in json.loads(grants).items()},
        None if tags is None else frozenset(json.loads(tags)),
        datetime.fromisoformat(created_at),
        _moment(expires_at),
        _moment(revoked_at),
        _moment(used_at),
    )


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
