"""How a text is meant, which decides its colour and its sign."""

from enum import StrEnum


class Tone(StrEnum):
    """How a text is meant; `shared/theme.css` has the colours."""

    INFO = "info"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    WAITING = "waiting"
