"""Calls of AWS in a function: what goes wrong gets the error names that the state machine knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imageproc.aws.translation import translated
from imageproc.errors import (
    AwsError,
    ImageprocError,
    PhotoGoneError,
    ServiceRefusedError,
    TransientServiceError,
)

_GONE_CODES = frozenset({"404", "412", "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed"})


@contextmanager
def aws_call(doing: str) -> Iterator[None]:
    """Raise TransientServiceError, PhotoGoneError or ServiceRefusedError for what AWS answers within.

    `doing` begins the message: `Reading Incoming/cat.jpg`.
    """
    try:
        with translated(doing):
            yield
    except AwsError as error:
        raise _named(error) from error


def _named(error: AwsError) -> ImageprocError:
    if error.transient:
        return TransientServiceError(error.cause)
    if error.code in _GONE_CODES:
        return PhotoGoneError(error.cause)
    return ServiceRefusedError(error.cause)
