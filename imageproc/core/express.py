"""Express executions, which Step Functions cannot describe: what a photo's record says of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imageproc.core.record import Status

if TYPE_CHECKING:
    from imageproc.core.record import PhotoRecord

LIMIT_MS: Final = 5 * 60 * 1000
"""How long an Express execution may run; Step Functions ends it then."""

_SLACK_MS: Final = 30_000
"""How much later it may have begun than StartExecution answered, or another machine's clock may be."""

LONGEST_WAIT_MS: Final = 3 * 60 * 1000
"""How long an Express execution waits for its turn to ask Rekognition: all its other steps need the rest."""

_STATUSES: Final = {
    Status.SUCCEEDED: "SUCCEEDED",
    Status.INCOMPLETE: "SUCCEEDED",
    Status.REJECTED: "FAILED",
    Status.FAILED: "FAILED",
}

FAILURES: Final = {Status.REJECTED: "NotSupportedImageType", Status.FAILED: "ProcessingFailed"}
"""The error with which the state machine ends, by the status that it wrote before."""


def status_of(record: PhotoRecord, now_ms: int) -> str:
    """Return the status of the record's Express execution: RUNNING, SUCCEEDED, FAILED or TIMED_OUT.

    An execution that was cut off leaves a record that is not finished; it counts as TIMED_OUT when it can run
    no longer.
    """
    if record.status.finished:
        return _STATUSES[record.status]
    began = record.execution_started or 0
    return "RUNNING" if now_ms - began <= LIMIT_MS + _SLACK_MS else "TIMED_OUT"
