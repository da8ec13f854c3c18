"""A server that the tests of a session share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import httpx
import pytest
import structlog
from rest_server import running

from api.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def log_aside() -> None:
    """What a server in a thread logs is no output of the command that is tried meanwhile."""
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=sys.__stderr__))


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """No test may reach a model hub."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[httpx.Client]:
    with running(settings) as client:
        yield client
