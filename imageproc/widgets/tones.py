"""How a text is meant, which decides its colour and its sign."""

from enum import StrEnum


class Tone(StrEnum):
    """How a text is meant; `static/theme.css` has the colours, `static/dom.js` the signs."""

    INFO = "info"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    WAITING = "waiting"
