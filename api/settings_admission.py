"""Settings of who is let in, and how much of the service one may use."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from api.settings_section import Section


class AdmissionSettings(Section):
    """Keys, limits and the audit log; see docs/security.md."""

    auth: Literal["auto", "required"] = Field(
        "auto",
        description="`auto`: a key is asked for where other machines reach the server, and "
        "wherever a key has been made; `required`: everywhere",
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        description="a key that may do everything, beside those that `braid keys create` makes",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="names, beside those of this machine, under which a server without keys may "
        "be asked (patterns); others are refused, as a web page could be behind them",
    )
    requests_per_minute: int | None = Field(
        None,
        ge=0,
        description="of one key (of one address, where no key is asked for); unset: 1200 where "
        "keys are asked for; 0: no limit",
    )
    request_burst: int = Field(200, ge=1, description="of them, how many may come at once")
    failures_per_minute: int = Field(
        20, ge=0, description="wrong keys that one address may try; 0: no limit"
    )
    body_timeout_s: float = Field(
        30.0, gt=0, description="how long a body may stall before the request is cut off"
    )
    concurrent_requests: int = Field(
        256, ge=1, description="requests in hand in one process; more are refused with 503"
    )
    audit: Literal["changes", "all"] = Field(
        "changes",
        description="`changes`: what changes something, is denied or needs an admin is kept in "
        "the audit log; `all`: searches and reads, too",
    )
    audit_days: int = Field(90, ge=1, description="how long the audit log keeps an entry")
    audit_rows: int = Field(100_000, ge=1, description="entries it keeps at the most")
