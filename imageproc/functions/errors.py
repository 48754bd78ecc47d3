"""What can go wrong between a function and AWS.

::

    ServiceError
    ├── TransientServiceError        throttled, timed out, 5xx: the state machine tries again
    ├── ServiceRefusedError          AWS said no, and would say it again
    ├── RecognitionRefusedError      Rekognition cannot take this photo
    └── RecognitionUnavailableError  there is no Rekognition to ask

What is wrong with a photo is in `imageproc.core.errors`. The class names of both are the error names that the
state machine retries and catches.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    IncompleteReadError,
)

from imageproc.core.errors import PhotoGoneError

TRANSIENT_CODES = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
# Time-outs, resets, TLS and name look-ups: nobody answered, which another try may change.
_NO_ANSWER = (HTTPClientError, ConnectionError, IncompleteReadError)
GONE_CODES = frozenset({"404", "412", "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed"})


class ServiceError(Exception):
    """Base of the errors between a function and AWS."""


class TransientServiceError(ServiceError):
    """AWS throttled, timed out or failed: another try may succeed."""


class ServiceRefusedError(ServiceError):
    """AWS refused the call, and would refuse it again."""


class RecognitionRefusedError(ServiceError):
    """Rekognition cannot take this photo: its size or its content is beyond the service's limits."""


class RecognitionUnavailableError(ServiceError):
    """There is no Rekognition to ask: it cannot be reached."""


def code_of(error: ClientError) -> str:
    """Return AWS's code of the error, `NoSuchKey` for example."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def is_transient(error: ClientError) -> bool:
    """Whether another try may succeed."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in TRANSIENT_CODES or status in TRANSIENT_STATUSES


@contextmanager
def aws_call(what: str) -> Iterator[None]:
    """Turn botocore's exceptions into the errors above, or `PhotoGoneError`; `what` is for the message."""
    try:
        yield
    except ClientError as error:
        raise _translated(what, error) from error
    except _NO_ANSWER as error:
        raise TransientServiceError(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise ServiceRefusedError(f"{what}: {error}") from error


def _translated(what: str, error: ClientError) -> Exception:
    message = f"{what}: {error}"
    if is_transient(error):
        return TransientServiceError(message)
    if code_of(error) in GONE_CODES:
        return PhotoGoneError(message)
    return ServiceRefusedError(message)
