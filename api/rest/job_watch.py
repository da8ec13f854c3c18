"""A job looked at while it is carried out: whether it is still wanted, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from api.events import Stopping
from index.pipeline import Jobs

_LOOK_S = 0.25
_TELL_S = 1.0


@dataclass
class Wanted:
    """Set once the server stops, or somebody, in whatever process, has cancelled the job."""

    jobs: Jobs
    job_id: str
    stopping: Stopping
    _looked: float = 0.0
    _over: bool = False

    def is_set(self) -> bool:
        """Looks into the catalog a few times a second at the most."""
        now = time.monotonic()
        if not self._over and now - self._looked >= _LOOK_S:
            self._looked = now
            self._over = self.jobs.is_over(self.job_id)
        return self._over or self.stopping.is_set()


@dataclass
class Progress:
    """Records which document of a job is at hand, and at which stage; once a second, as each time
    is a write to the disk."""

    jobs: Jobs
    job_id: str
    _told: float = 0.0

    def __call__(self, document_id: str, stage: str) -> None:
        """The document has come to the stage."""
        now = time.monotonic()
        if now - self._told >= _TELL_S:
            self._told = now
            self.jobs.at(self.job_id, document_id, stage)
