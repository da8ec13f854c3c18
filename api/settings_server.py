"""Settings of the service."""

from __future__ import annotations

from pydantic import Field, SecretStr

from api.settings_section import Section


class ServerSettings(Section):
    """The REST service."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port; 0 takes a free one")
    api_key: SecretStr = Field(
        SecretStr(""), description="bearer token; required when not listening on loopback"
    )
    max_upload_mb: int = Field(200, ge=1, description="size of one uploaded file")
