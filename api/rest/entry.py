"""Who is let in: the key that a request brings, how often it may come, and, where no key is asked
for, whether it comes from this machine and not from a web page that somebody looks at on it.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import EVERY, LOCAL, Caller, Role
from api.keys import Key, KeyRing
from api.rates import Rate, Rates, Standing
from api.rest.middleware import drain
from api.rest.problems import problem_of, response_of, status_of
from api.settings_server import ServerSettings
from ingest.contract import BraidError

OPEN_PATHS = frozenset({"/health", "/ready", "/", "/docs", "/openapi.json"})
OPEN_FOLDERS = ("/static/",)
"""What asks for no key: whether the service is there, the page itself, and the documentation, which
are the same everywhere and show no data."""

SETTINGS = Caller("settings", {EVERY: Role.ADMIN})
"""Whoever has the key that is in the settings."""

NOBODY = Caller("nobody", {}, frozenset())
"""Whoever asks for an open path of a server that asks for keys elsewhere."""

_READING = ("GET", "HEAD", "OPTIONS")
_PER_MINUTE = 1_200
_REFUSED = (
    "this server asks for a key: send the header 'Authorization: Bearer <key>' with one that is "
    "neither expired nor revoked"
)


class Refused(Exception):
    """A request that is not let in: the status, why, and headers of the answer."""

    def __init__(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers or {}


def is_open(path: str) -> bool:
    """Whether a path asks for no key."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def is_loopback(address: str) -> bool:
    """True where no other machine can reach the address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def is_reachable(host: str) -> bool:
    """Whether other machines reach a server that listens on this host; also where that cannot be
    told."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return not all(is_loopback(str(entry[4][0])) for entry in found)
    except (OSError, UnicodeError, ValueError):
        return True


@dataclass
class Admission:
    """Decides, by the settings, the keys and the rates."""

    server: ServerSettings
    ring: KeyRing
    rates: Rates
    _always: bool = field(init=False)

    def __post_init__(self) -> None:
        server = self.server
        self._key = server.api_key.get_secret_value().encode()
        self._always = server.auth == "required" or bool(self._key) or is_reachable(server.host)

    def needs_key(self) -> bool:
        """Whether requests need a key; once one is made, also on loopback."""
        return self._always or self.ring.is_used()

    def admit(self, scope: Scope) -> tuple[Caller, Standing | None]:
        """Whoever asks, and how the bucket stands. Raises Refused, and Unavailable."""
        headers, address = Headers(scope=scope), address_of(scope)
        if not self.needs_key():
            check_local(headers, scope["method"], self.server.allowed_hosts)
            per_minute = self.server.requests_per_minute or 0
            caller, name = LOCAL, f"address {address}"
        elif is_open(scope["path"]):
            return NOBODY, None
        else:
            caller = self._caller(headers, address)
            given = self.server.requests_per_minute
            per_minute = _PER_MINUTE if given is None else given
            name = f"key {caller.id}"
        if not per_minute or is_open(scope["path"]):
            return caller, None
        standing = self.rates.take(name, Rate(per_minute, self.server.request_burst))
        if not standing.passed:
            raise Refused(
                429,
                f"over {per_minute} requests a minute: wait {_seconds(standing.wait_s)} s "
                "(server.requests_per_minute)",
                {"Retry-After": _seconds(standing.wait_s), **self.standing_headers(standing)},
            )
        return caller, standing

    def standing_headers(self, standing: Standing) -> dict[str, str]:
        """What tells a client how often it may come."""
        return {
            "RateLimit-Limit": str(self.server.request_burst),
            "RateLimit-Remaining": str(standing.left),
            "RateLimit-Reset": _seconds(standing.full_in_s),
        }

    def _caller(self, headers: Headers, address: str) -> Caller:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else ""
        key: Key | None = self.ring.key_of(token) if token else None
        if key is not None:
            return key.caller
        name, per_minute = f"failures {address}", self.server.failures_per_minute
        rate = Rate(per_minute, per_minute) if per_minute else None
        # Nobody guesses a key that was made at random. The one in the settings may be a word that
        # somebody chose: it is not looked at while its address has too many failures.
        if rate is not None:
            look = self.rates.look(name, rate)
            if not look.passed:
                raise Refused(
                    429,
                    f"too many requests without a right key: wait {_seconds(look.wait_s)} s",
                    {"Retry-After": _seconds(look.wait_s)},
                )
        # latin-1 is what header bytes were decoded with: this gives them back as they came.
        if self._key and hmac.compare_digest(token.encode("latin-1"), self._key):
            return SETTINGS
        if rate is not None:
            self.rates.take(name, rate)
        raise Refused(401, _REFUSED, {"WWW-Authenticate": "Bearer"})


@dataclass(frozen=True)
class KeyCheck:
    """Lets nobody in whom Admission refuses, and says whose request it is: `caller` in the state of
    the scope, for routes and mounted applications alike."""

    app: ASGIApp
    admission: Admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        state = scope.setdefault("state", {})
        try:
            caller, standing = self.admission.admit(scope)
        except (Refused, BraidError) as error:
            status, headers = (
                (error.status, error.headers)
                if isinstance(error, Refused)
                else (status_of(error), {})
            )
            problem = problem_of(status, str(error), scope["path"], state["request_id"])
            await drain(scope, receive)
            await response_of(problem, headers)(scope, receive, send)
            return
        state["caller"] = caller
        if standing is None:
            await self.app(scope, receive, send)
            return
        shown = self.admission.standing_headers(standing)

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(shown)
            await send(message)

        await self.app(scope, receive, send_with_standing)


def address_of(scope: Scope) -> str:
    """The address of the client. One that has IPv6 has a whole network of them, of which this is
    the first."""
    client = scope.get("client")
    text = str(client[0]).partition("%")[0] if client else "unknown"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if address.version == 6 and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.version == 6 and not address.is_loopback:
        return str(ipaddress.ip_network(f"{text}/64", strict=False).network_address)
    return text


def check_local(headers: Headers, method: str, allowed_hosts: tuple[str, ...]) -> None:
    """Raises Refused for what a web page from elsewhere has a browser on this machine ask: under
    its own name (DNS rebinding), or, to change something, from its own origin (cross-site request
    forgery)."""
    host = headers.get("Host", "")
    if not _is_ours(host, allowed_hosts):
        raise Refused(
            403,
            "this server asks for no key, so it answers under the names of this machine alone "
            "(localhost, 127.0.0.1): add the name in the header Host to server.allowed_hosts, or "
            "make a key",
        )
    if method in _READING:
        return
    origin = headers.get("Origin")
    foreign = origin is not None and (
        urlsplit(origin).netloc.lower() != host.lower()
        and not _named(_host_of(urlsplit(origin).netloc), allowed_hosts)
    )
    if foreign or (origin is None and headers.get("Sec-Fetch-Site") == "cross-site"):
        raise Refused(
            403,
            "a page of another site may change nothing on a server that asks for no key: add its "
            "host to server.allowed_hosts, or make a key",
        )


def _is_ours(host: str, allowed_hosts: tuple[str, ...]) -> bool:
    name = _host_of(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        if is_loopback(name):
            return True
    except ValueError:
        pass  # it is a name
    return _named(name, allowed_hosts)


def _host_of(netloc: str) -> str:
    """The host without its port."""
    name = netloc.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] or name if ":" in name else name


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return bool(name) and any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


def _seconds(value: float) -> str:
    return str(max(1, math.ceil(value)))
