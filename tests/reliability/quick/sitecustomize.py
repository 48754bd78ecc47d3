"""Read by Python where functions of the faulty local AWS run: the SDK tries as often, but waits less."""

from typing import Any

from botocore.httpsession import URLLib3Session
from botocore.retries import standard

_SHARE = 0.2
"""Of the time for which the SDK waits for an answer: a second, where it is five."""

changed: Any = standard.ExponentialBackoff
changed.delay_amount = lambda _self, context: 0.01

make: Any = URLLib3Session.__init__


def make_impatient(self: URLLib3Session, *arguments: Any, timeout: Any = None, **more: Any) -> None:
    """Make a session of HTTP as botocore does: with the times for connecting and for reading, in seconds."""
    impatient = (timeout[0], timeout[1] * _SHARE) if isinstance(timeout, tuple) else timeout
    make(self, *arguments, timeout=impatient, **more)


session: Any = URLLib3Session
session.__init__ = make_impatient
