"""Listening: the socket, who may be let in, and an orderly end."""

from __future__ import annotations

import math
import shutil
import socket
from types import FrameType

import uvicorn

from api.keys import KeyRing
from api.rest.admin import BACKUPS
from api.rest.app import create_app
from api.rest.entry import is_loopback
from api.rest.limits import MAX_HEAD_BYTES
from api.rest.logs import log_to_stderr
from api.rest.metrics import share
from api.rest.processes import supervise
from api.rest.service import Neighbour, Service
from api.service_store import ServiceStore
from api.settings import Settings
from ingest.contract import BadInput, Conflict, Unavailable

_KEEP_ALIVE_S = 75
"""Longer than the proxies that usually stand before a server keep a connection."""


class _Server(uvicorn.Server):
    """Says where it listens once it does, and to its service when it is to end."""

    def __init__(self, config: uvicorn.Config, service: Service, announced: bool) -> None:
        super().__init__(config)
        self._service = service
        self._announced = announced

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Prints the address after the first connection could be made."""
        await super().startup(sockets)
        if sockets and self.started and self._announced:
            print(f"Braid listens on {_address(sockets[0])} (see /docs)", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Requests in hand go on for a while."""
        self._service.drain()
        super().handle_exit(sig, frame)


def serve(settings: Settings) -> None:
    """Runs the service until it is stopped (SIGINT or SIGTERM), then lets requests in hand end.

    Raises BadInput for an address that is none, and for one beyond this machine without a key;
    Conflict where the port is taken.
    """
    listener = listen(settings)
    server = settings.server
    try:
        log_to_stderr(server.log_format, server.log_level)
        shutil.rmtree(settings.data_dir / BACKUPS, ignore_errors=True)  # what a kill left
        if server.workers == 1 and server.jobs == "thread":
            answer(settings, listener)
        else:
            share(settings.data_dir)
            supervise(settings, listener)
    finally:
        listener.close()


def answer(
    settings: Settings,
    listener: socket.socket,
    neighbour: Neighbour | None = None,
    announced: bool = True,
) -> None:
    """Answers requests in this process until it is told to stop; see `api.rest.app.create_app`
    about its `neighbour`."""
    app = create_app(settings, neighbour=neighbour)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=math.ceil(settings.server.drain_s),
    )
    _Server(config, app.state.service, announced).run(sockets=[listener])


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
    _check_key(settings, str(address[0]))
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


def _check_key(settings: Settings, address: str) -> None:
    """Raises BadInput where others could reach the server and nobody could use it."""
    server = settings.server
    if is_loopback(address) or server.api_key.get_secret_value():
        return
    if not KeyRing(ServiceStore(settings.data_dir)).has_admin():
        raise BadInput(
            f"server.host {server.host!r} can be reached from other machines: make a key for an "
            "admin first (braid keys create --name admin --role admin), set one (server.api_key, "
            "or BRAID_SERVER__API_KEY), or listen on 127.0.0.1"
        )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
