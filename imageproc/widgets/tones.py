"""How a text is meant, which decides its colour and its sign."""

from enum import StrEnum

from imageproc.core.record import Status


class Tone(StrEnum):
    """How a text is meant; `shared/theme.css` has the colours."""

    INFO = "info"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    WAITING = "waiting"


PHOTO_TONES = {
    Status.UPLOADED: Tone.WAITING,
    Status.PROCESSING: Tone.RUNNING,
    Status.SUCCEEDED: Tone.SUCCESS,
    Status.INCOMPLETE: Tone.WARNING,
    Status.REJECTED: Tone.ERROR,
    Status.FAILED: Tone.ERROR,
}
"""How a photo's status is shown, everywhere."""
