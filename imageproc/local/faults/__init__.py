"""Faults on purpose: requests of functions fail, function processes die, events come twice or late.

Off unless the local AWS was started with `IMAGEPROC_FAULTS=on` (`imageproc local start --faults`), and for
the local AWS only: what is injected is written to its state directory, which AWS does not have.

- `kinds.py`: what can be injected; `requests.py`: what a function asks for, and for which photo.
- `gateway.py`: fails requests; `plan.py`: which ones, as `faults.json` says. What happens to events is in
  `imageproc/local/ministack_adapter/faults.py`.
"""

from imageproc.local.faults.kinds import (
    EVENT,
    EVENT_KINDS,
    QUICKLY,
    REQUEST_KINDS,
    SWITCH,
    TIMES,
    Fault,
    is_on,
    read,
    write,
)

__all__ = [
    "EVENT",
    "EVENT_KINDS",
    "QUICKLY",
    "REQUEST_KINDS",
    "SWITCH",
    "TIMES",
    "Fault",
    "is_on",
    "read",
    "write",
]
