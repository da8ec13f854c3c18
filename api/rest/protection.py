"""What keeps out who does not belong, as one part of the application: keys, rates, the audit log,
and the middleware that asks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from api.audit import AuditLog
from api.keys import KeyRing
from api.rates import Rates
from api.rest.audit_trail import AuditTrail
from api.rest.entry import Admission, KeyCheck
from api.rest.limits import RequestLimits
from api.service_store import ServiceStore
from api.settings import Settings
from api.settings_server import ServerSettings


@dataclass(frozen=True)
class Protection:
    """Made with the application; `start` and `stop` with its life."""

    server: ServerSettings
    ring: KeyRing
    rates: Rates
    audit: AuditLog

    @classmethod
    def of(cls, settings: Settings, store: ServiceStore) -> Protection:
        """As the settings have it."""
        server, ring = settings.server, KeyRing(store)
        audit = AuditLog(store, server.audit_days, server.audit_rows, [ring.write_uses])
        return cls(server, ring, Rates(settings.data_dir), audit)

    def install(self, app: FastAPI) -> None:
        """Adds the middleware. What is added afterwards is outside of it, and has to give each
        request an id."""
        server = self.server
        app.state.protection = self
        app.add_middleware(KeyCheck, admission=Admission(server, self.ring, self.rates))
        app.add_middleware(AuditTrail, log=self.audit, everything=server.audit == "all")
        app.add_middleware(
            RequestLimits,
            body_timeout_s=server.body_timeout_s,
            concurrent=server.concurrent_requests,
        )

    def start(self) -> None:
        """Begins to write the audit log."""
        self.audit.start()

    def stop(self) -> None:
        """Ends when everything is written."""
        self.audit.stop()
        self.rates.close()


def protection_of(request: Request) -> Protection:
    """That of the application which a request came to."""
    found = request.app.state.protection
    assert isinstance(found, Protection)
    return found


ProtectionDep = Annotated[Protection, Depends(protection_of)]
