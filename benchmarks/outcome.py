"""What is simulated (a plan), and what comes of it (an outcome)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plan:
    """How the stack is deployed and used."""

    express: bool = False
    bulk: float | None = None
    """BulkConcurrency of a bulk run; None for uploads."""
    reserved: float | None = None
    """StartConcurrency: functions reserved to start executions; None for no reserve."""
    uploads: float | None = None
    """A second; None for as many as S3 takes."""
    albums: int | None = None
    """How many albums the photos are in; None for so many that none is hot."""


@dataclass
class Outcome:
    """What became of so many photos."""

    photos: float
    finished: float = 0.0
    """With labels and a thumbnail, or INCOMPLETE."""
    without_labels: float = 0.0
    without_thumbnail: float = 0.0
    failed: float = 0.0
    """FAILED: no metadata after all retries."""
    unfinished: float = 0.0
    """Whose end could not be written to their records: `imageproc reconcile` finds them."""
    not_started: float = 0.0
    """Uploads whose events are in the dead-letter queue; photos that a bulk run could not claim."""
    aged: float = 0.0
    """Of these: events that waited too long for their function."""
    waiting: float = 0.0
    """Under way at the end, counted where they are: less than half a photo."""
    joined: float = 0.0
    """Of which both branches ended."""
    transitions: float = 0.0
    retries: float = 0.0
    asked: float = 0.0
    """Of Rekognition."""
    started: float = 0.0
    seconds: float = 0.0
    """Until the last photo that ended without anybody's help."""
    peak: float = 0.0
    """Functions that ran at a time."""
    bound: dict[str, float] = field(default_factory=dict)
    """For how many seconds each quota was used up."""

    @property
    def complete(self) -> float:
        """Finished with labels and a thumbnail, if both are missing independently of each other."""
        joined = max(self.joined, 1e-9)
        return self.finished * (1 - self.without_labels / joined) * (1 - self.without_thumbnail / joined)

    @property
    def ended(self) -> float:
        """Whatever became of them."""
        return self.finished + self.failed + self.unfinished + self.not_started

    @property
    def accounted(self) -> float:
        """All that is known of; what is missing of the photos is lost."""
        return self.ended + self.waiting
