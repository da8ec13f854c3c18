"""Listening: the socket, who may be let in, and an orderly end."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys

import structlog
import uvicorn

from api.rest.app import create_app
from api.settings import Settings
from ingest.contract import BadInput, Conflict, Unavailable

_DRAIN_S = 10


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Prints the address after the first connection could be made."""
        await super().startup(sockets)
        if sockets and self.started:
            print(f"Braid listens on {_address(sockets[0])} (see /docs)", flush=True)


def serve(settings: Settings) -> None:
    """Runs the service until it is stopped (SIGINT or SIGTERM), then lets requests in hand end.

    Raises BadInput for an address that is none, and for one beyond this machine without a key;
    Conflict where the port is taken.
    """
    listener = listen(settings)
    try:
        _log_to_stderr()
        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_S,
        )
        _Server(config).run(sockets=[listener])
    finally:
        listener.close()


def listen(settings: Settings) -> socket.socket:
    """A socket bound to the address in the settings."""
    server = settings.server
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"server.host {server.host!r} is no address to listen on: {error}; for example "
            "127.0.0.1"
        ) from error
    family, kind, protocol, _, address = found[0]
    if not is_loopback(str(address[0])) and not server.api_key.get_secret_value():
        raise BadInput(
            f"server.host {server.host!r} can be reached from other machines: set a key for them "
            "first (server.api_key, or BRAID_SERVER__API_KEY), or listen on 127.0.0.1"
        )
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except PermissionError as error:
        listener.close()
        raise Unavailable(
            f"no right to listen on {server.host}:{server.port}; ports from 1024 on need none"
        ) from error
    except OSError as error:
        listener.close()
        raise Conflict(
            f"cannot listen on {server.host}:{server.port}: {error.strerror or error}; stop what "
            "does, or choose another port (server.port; 0 takes a free one)"
        ) from error
    return listener


def is_loopback(address: str) -> bool:
    """True where no other machine can reach the address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _log_to_stderr() -> None:
    """One line for an event: for people on a terminal, JSON elsewhere."""
    people = sys.stderr.isatty()
    # Plain tracebacks: the others print local variables, and with them what users send.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if people else [structlog.processors.format_exc_info]),
            console if people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
