"""What documents of a job are to be fetched from elsewhere: done before the collection is written
to, so that a slow host holds nobody up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog

from api.events import State, Stopping, Watch
from api.fetching import FetchLimits, fetch
from index.contract import Origin
from index.pipeline import Collection, JobDocument
from ingest.contract import BraidError

_log = structlog.get_logger("braid.jobs")


@dataclass(frozen=True)
class Fetching:
    """Fetches the documents of one job of a collection. A file takes its place in the job's folder
    when it is whole, so that what a kill has cut off is fetched again."""

    collection: Collection
    job_id: str
    limits: FetchLimits
    stopping: Stopping
    watch: Watch

    def fetched(self, items: Iterable[JobDocument]) -> list[JobDocument]:
        """The documents whose bytes are at hand, in order. What could not be fetched is recorded as
        failed; what was not, because of `stopping`, is left out."""
        found = []
        for item in items:
            if item.url and not self.collection.jobs.path(self.job_id, item.number).exists():
                if self.stopping.is_set():
                    break
                taken = self._fetch(item)
                if taken is None:
                    continue
                item = taken
            found.append(item)
        return found

    def _fetch(self, item: JobDocument) -> JobDocument | None:
        jobs = self.collection.jobs
        path = jobs.path(self.job_id, item.number)
        draft = path.with_name(f"{path.name}.draft")
        self.watch(item.document_id, "fetch")
        try:
            found = fetch(item.url, draft, self.limits)
        except BraidError as error:
            _log.info("not fetched", document=item.document_id, reason=str(error))
            origin = Origin(given=item.metadata)
            self.collection.ledger.states.fail(item.document_id, "load", str(error), origin)
            failed = replace(item, state=State.FAILED.value, stage="load", reason=str(error))
            jobs.record(self.job_id, failed)
            return None
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        jobs.named(self.job_id, item.number, found.name)
        return replace(item, file_name=found.name)
