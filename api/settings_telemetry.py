"""The settings of traces."""

from __future__ import annotations

from pydantic import Field, SecretStr

from api.settings_section import Section


class TelemetrySettings(Section):
    """Traces by OpenTelemetry, which the extra `otel` installs."""

    otlp_endpoint: str = Field(
        "",
        description="collector that traces are sent to by OTLP over HTTP, as "
        "`http://localhost:4318`; empty: no traces",
    )
    otlp_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="headers for the collector, such as its key"
    )
    service_name: str = Field("braid", description="`service.name` of the traces")
    sample: float = Field(
        1.0, ge=0, le=1, description="share of traces kept, where a request brings no decision"
    )
