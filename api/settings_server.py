"""Settings of the service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.settings_admission import AdmissionSettings


class ServerSettings(AdmissionSettings):
    """The REST service."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port; 0 takes a free one")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto`: for people on a terminal, JSON elsewhere"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what is less than that is not logged"
    )
    log_questions: bool = Field(
        False, description="write the text of questions into the log, with the request"
    )
    slow_request_s: float = Field(
        5.0, gt=0, description="requests that take longer are logged as warnings"
    )
    max_upload_mb: int = Field(200, ge=1, description="size of one uploaded file")
    max_request_mb: int = Field(2_000, ge=1, description="size of all files of one upload")
    max_upload_files: int = Field(1_000, ge=1, le=10_000, description="files of one upload")
    upload_timeout_s: float = Field(3_600.0, gt=0, description="for one upload to arrive whole")
    keep_originals: bool = Field(
        True, description="keep the files handed in: to give them back, and to show their pages"
    )
    keep_failed_days: float = Field(
        7.0, ge=0, description="how long files that could not be read are kept, to be tried again"
    )
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="processes that answer requests; each holds the models for itself",
    )
    jobs: Literal["process", "thread"] = Field(
        "process",
        description="where documents are read and embedded: `process`, one of its own, which "
        "searches have precedence over; `thread` of the server, which takes a gigabyte less, and "
        "searches wait for it (with one worker)",
    )
    jobs_nice: int = Field(
        10, ge=0, le=19, description="by how much that process stands back (0: not at all)"
    )
    concurrent_searches: int = Field(
        0, ge=0, description="searches at once in a worker; 0: two, or as many as it has cores"
    )
    waiting_searches: int = Field(
        200, ge=0, description="searches that wait for their turn; more are refused with 503"
    )
    concurrent_answers: int = Field(
        32, ge=1, description="answers that are written at once in a worker"
    )
    waiting_answers: int = Field(
        200, ge=0, description="answers that wait for their turn; more are refused with 503"
    )
    request_timeout_s: float = Field(
        60.0,
        gt=0,
        description="for a search or an answer, waiting included, then 504; for a stream, from "
        "one event to the next",
    )
    drain_s: float = Field(
        10.0, ge=1, description="what requests in hand have to end when the server is stopped"
    )
    fetch_hosts: tuple[str, ...] = Field(
        (),
        description="hosts that documents may be fetched from by URL, as patterns "
        "(`*.example.com`, `wiki:8080`; `*`: every public host); empty: none",
    )
    fetch_private: tuple[str, ...] = Field(
        (),
        description="those of them that may have an address in a private network or on this "
        "machine",
    )
    fetch_timeout_s: float = Field(60.0, gt=0, description="for fetching one document by URL")
    heartbeat_s: float = Field(
        10.0, gt=0, description="a stream that has nothing to say sends a comment so often"
    )
