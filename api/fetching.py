"""Fetching a document by its URL, for somebody else: only from hosts that the settings name, and
never from inside the network that Braid stands in (server-side request forgery).

A name is looked up once, every address it has is checked, and the connection is made to a checked
address, so that a name cannot be pointed elsewhere between the check and its use. Redirects are
checked as the first URL was. No cookie, credential, Referer or proxy of this machine takes part.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from api.version import version
from ingest.contract import BadInput, Unavailable

if TYPE_CHECKING:
    import ssl

    import httpx

    from api.settings_server import ServerSettings

MAX_REDIRECTS = 5
MAX_URL_CHARS = 2_000
_PIECE_BYTES = 2**16
_PORTS = {"http": 80, "https": 443}

_PRIVATE = tuple(map(ipaddress.ip_network, (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    "::1/128", "fc00::/7",
)))  # fmt: skip
"""What `fetch_private` lets in for the hosts it names."""

_NEVER = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32",
)))  # fmt: skip
"""IANA's registries of special-purpose addresses (RFC 6890), and where clouds tell their machines
secrets. IPv6 has more: all that is outside of _GLOBAL_IPV6, IPv4 in IPv6 and NAT64 among it."""

_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_NUMERIC = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SUFFIXES = {
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/xhtml+xml": ".html",
    "application/xml": ".xml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/xml": ".xml",
}


@dataclass(frozen=True)
class FetchLimits:
    """What may be fetched. `hosts` and `private_hosts` are patterns (`docs.example.com`,
    `*.example.com`, `*`), with a port where it is not 80 or 443 (`wiki:8080`, `wiki:*`,
    `[::1]:8080`). A host has to be in `hosts`; only where it is also in `private_hosts`, it may
    have an address inside of a private network or on this machine."""

    hosts: Sequence[str]
    private_hosts: Sequence[str] = ()
    max_bytes: int = 200 * 2**20
    timeout_s: float = 60.0

    @classmethod
    def of(cls, server: ServerSettings) -> FetchLimits:
        """As the settings have it."""
        most = server.max_upload_mb * 2**20
        return cls(server.fetch_hosts, server.fetch_private, most, server.fetch_timeout_s)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched into a file. `name` is fit for a file's name; `media_type` is what the
    server said, without parameters, or ""."""

    name: str
    media_type: str
    size: int
    final_url: str


def fetch(url: str, target: Path, limits: FetchLimits) -> Fetched:
    """Fetches a document into the file `target`, which is gone again where that fails. Blocks:
    not for the thread of an event loop.

    Raises BadInput for a URL that may not be fetched, leads nowhere or is too large; Unavailable
    where its host does not answer, or not in time.
    """
    import anyio

    if not limits.hosts:
        raise BadInput(
            "this server fetches nothing by URL: name the hosts it may fetch from in "
            "server.fetch_hosts, or upload the file"
        )

    async def within_time() -> Fetched:
        with anyio.fail_after(limits.timeout_s):
            return await _follow(url, target, limits)

    try:
        return anyio.run(within_time)
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, TimeoutError):
            raise Unavailable(
                f"{_shown(url)} was not fetched within {limits.timeout_s:g} s "
                "(server.fetch_timeout_s): try again, or upload the file"
            ) from error
        raise


async def _follow(given: str, target: Path, limits: FetchLimits) -> Fetched:
    url = _parsed(given)
    for _ in range(MAX_REDIRECTS + 1):
        async with _answer(url, limits) as response:
            if not response.has_redirect_location:
                return await _taken(url, response, target, limits)
            after = _parsed(_joined(url, response.headers["Location"]))
        if url.scheme == "https" and after.scheme != "https":
            raise BadInput(f"{_shown(given)} leads from https to http, which is not followed")
        url = after
    raise BadInput(f"{_shown(given)} leads on and on: over {MAX_REDIRECTS} redirects")


def _joined(url: httpx.URL, location: str) -> str:
    import httpx

    try:
        return str(url.join(location))
    except httpx.InvalidURL as error:
        raise BadInput(f"{_shown(str(url))} leads to what is no URL: {error}") from error


def _parsed(given: str) -> httpx.URL:
    """Raises BadInput for what is no URL of a document on the web, or could be read as another."""
    import httpx

    fault = ""
    if len(given) > MAX_URL_CHARS:
        fault = f"it is over {MAX_URL_CHARS:,} characters long"
    elif _UNFIT.search(given):
        fault = "it has control characters or backslashes in it"
    if fault:
        raise BadInput(f"{_shown(given)} cannot be fetched: {fault}")
    try:
        url = httpx.URL(given)
        port = url.port or _PORTS.get(url.scheme, 0)
    except httpx.InvalidURL as error:
        raise BadInput(f"{_shown(given)} is no URL: {error}") from error
    if url.scheme not in _PORTS:
        fault = "only http:// and https:// are fetched"
    elif url.userinfo:
        fault = "it has a user name or password in it, which are not sent"
    elif not url.host:
        fault = "it names no host"
    elif not 0 < port < 2**16:
        fault = "its port is none"
    elif _NUMERIC.fullmatch(url.host.rstrip(".")) and not _is_address(url.host):
        fault = "its host is a number; write an IP address as four numbers from 0 to 255"
    if fault:
        raise BadInput(f"{_shown(given)} cannot be fetched: {fault}")
    return url


def check_url(url: str, limits: FetchLimits) -> None:
    """Raises BadInput for what is no URL, or one of a host that is not fetched from; whether the
    host leads to where it may is seen when it is fetched."""
    if not allows(limits.hosts, parsed := _parsed(url)):
        raise BadInput(
            f"{parsed.netloc.decode('ascii')!r} is no host that this server fetches from "
            "(server.fetch_hosts): upload the file"
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def allows(patterns: Sequence[str], url: httpx.URL) -> bool:
    """Whether a pattern names the host and port of a URL."""
    names = {url.host.lower().rstrip("."), url.raw_host.decode("ascii").lower().rstrip(".")}
    port = url.port or _PORTS[url.scheme]
    for pattern in patterns:
        host, colon, wanted = pattern.lower().rpartition(":")
        if not colon or "]" in wanted or (":" in host and "]" not in host):
            host, wanted = pattern.lower(), ""
        fits = fnmatchcase(str(port), wanted) if wanted else port in _PORTS.values()
        # Brackets are around an IPv6 address, and no class of characters.
        if fits and any(fnmatchcase(name, host.strip("[]")) for name in names):
            return True
    return False


async def _addresses(url: httpx.URL, limits: FetchLimits) -> list[str]:
    """Where to connect to. Raises BadInput where one of the addresses may not be reached."""
    import anyio.to_thread

    if not allows(limits.hosts, url):
        raise BadInput(
            f"{url.netloc.decode('ascii')!r} is no host that this server fetches from "
            "(server.fetch_hosts): upload the file"
        )
    host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
    try:
        found = await anyio.to_thread.run_sync(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), abandon_on_cancel=True
        )
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"there is no address of the host {host!r} to be found") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    private = allows(limits.private_hosts, url)
    if not addresses or not all(may_reach(address, private) for address in addresses):
        # The address is not told: who asks could map the network with it.
        raise BadInput(
            f"the host {host!r} is inside of a private or reserved network, from which this "
            "server does not fetch (server.fetch_private): upload the file"
        )
    return addresses


def may_reach(address: str, private: bool = False) -> bool:
    """Whether an IP address is one of the public internet; with `private`, also one of a private
    network or of this machine."""
    found = ipaddress.ip_address(address)
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    if any(found in network for network in _PRIVATE if network.version == found.version):
        return private
    return found.version == 4 or found in _GLOBAL_IPV6


@asynccontextmanager
async def _answer(url: httpx.URL, limits: FetchLimits) -> AsyncIterator[httpx.Response]:
    """The head of what a checked address answers, its body still to come."""
    import httpx

    failure: Exception | None = None
    verify = (
        _trusted() if url.scheme == "https" else False
    )  # loading them takes a tenth of a second
    for address in await _addresses(url, limits):
        # A client for each: nothing is kept from one to the next.
        client = httpx.AsyncClient(
            verify=verify, trust_env=False, timeout=limits.timeout_s, follow_redirects=False
        )
        async with client:
            request = client.build_request(
                "GET",
                url.copy_with(host=address, fragment=None),
                headers={
                    "Host": url.netloc.decode("ascii"),
                    "User-Agent": f"Braid/{version()}",
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
                continue
            except httpx.HTTPError as error:
                failure = error
                break
            try:
                yield response
            finally:
                await response.aclose()
            return
    raise Unavailable(
        f"the host {url.host!r} does not answer as it should ({type(failure).__name__}: "
        f"{failure}): try again, or upload the file"
    ) from failure


def _trusted() -> ssl.SSLContext:
    """Certificates of the machine, too: an intranet has its own authority."""
    import httpx

    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


async def _taken(
    url: httpx.URL, response: httpx.Response, target: Path, limits: FetchLimits
) -> Fetched:
    """Writes the body. Raises BadInput and Unavailable."""
    import httpx

    status = response.status_code
    if status == 429 or status >= 500:
        raise Unavailable(f"{_shown(str(url))} answers {status}: try again later")
    if status != 200:
        raise BadInput(f"{_shown(str(url))} answers {status}: look whether the URL is right")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadInput(
            f"{_shown(str(url))} is sent compressed, though that was not asked for: upload the file"
        )
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > limits.max_bytes:
        raise _too_large(url, limits)
    with target.open("wb") as file:
        taken = 0
        try:
            async for piece in response.aiter_raw(_PIECE_BYTES):
                taken += len(piece)
                if taken > limits.max_bytes:
                    raise _too_large(url, limits)
                file.write(piece)
        except httpx.HTTPError as error:
            raise Unavailable(f"{_shown(str(url))} broke off after {taken:,} bytes") from error
        except OSError as error:
            raise Unavailable(f"what is fetched cannot be stored: {error.strerror}") from error
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    disposition = response.headers.get("Content-Disposition", "")
    return Fetched(name_of(url, disposition, media_type), media_type, taken, str(url))


def _too_large(url: httpx.URL, limits: FetchLimits) -> BadInput:
    most = f"{limits.max_bytes / 2**20:g} MB (server.max_upload_mb)"
    return BadInput(f"{_shown(str(url))} is over {most}")


def name_of(url: httpx.URL, disposition: str, media_type: str) -> str:
    """A name for the file: what the server says, or else the last part of the path, or else the
    host, with a suffix by the type where it has none. Never a path, and no more than 200
    characters."""
    from email.message import Message

    message = Message()
    message["Content-Disposition"] = _NOT_IN_NAMES.sub("", disposition)
    given = message.get_filename("") if disposition else ""
    for candidate in (given, url.path):
        last = candidate.replace("\\", "/").rstrip("/").rpartition("/")[2]
        name = _NOT_IN_NAMES.sub("", last).strip(". ")
        if name:
            break
    else:
        name = url.host
    stem, dot, suffix = name.rpartition(".")
    if not dot or not 0 < len(suffix) <= 5 or name == url.host:
        stem, suffix = name, _SUFFIXES.get(media_type, "").removeprefix(".")
    return f"{stem[:190]}.{suffix}" if suffix else stem[:190]


def _shown(url: str) -> str:
    """A URL for a message: without what may be a secret in it, and not too long."""
    bare = re.sub(r"//[^/@]*@", "//…@", re.split(r"[?#]", url, maxsplit=1)[0])
    return repr(bare if len(bare) <= 120 else bare[:120] + "…")
