"""The one place where botocore's errors become this project's (`imageproc.errors`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore import exceptions as botocore_errors

from imageproc.errors import (
    AccessDeniedError,
    AwsError,
    CredentialsExpiredError,
    CredentialsInvalidError,
    CredentialsMissingError,
    EndpointUnreachableError,
    StackMissingError,
    ThrottledError,
    WrongRegionError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "OperationAborted",  # S3's answer to two changes of one bucket at once
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

GONE_CODES = frozenset({"NoSuchBucket", "ResourceNotFoundException", "StateMachineDoesNotExist"})
"""What AWS says where a bucket, a table or a state machine is not there, or no longer."""

_GONE_FIX = (
    "Reload the page, or run the cell again: since this was opened, the stack may have been deployed again, "
    "or removed (imageproc deploy makes it anew)."
)

_BY_CODE: dict[str, type[AwsError]] = {
    "ExpiredToken": CredentialsExpiredError,
    "ExpiredTokenException": CredentialsExpiredError,
    "RequestExpired": CredentialsExpiredError,
    "TokenRefreshRequired": CredentialsExpiredError,
    "IncompleteSignature": CredentialsInvalidError,
    "InvalidAccessKeyId": CredentialsInvalidError,
    "InvalidClientTokenId": CredentialsInvalidError,
    "InvalidToken": CredentialsInvalidError,
    "RequestTimeTooSkewed": CredentialsInvalidError,
    "SignatureDoesNotMatch": CredentialsInvalidError,
    "UnrecognizedClientException": CredentialsInvalidError,
    "MissingAuthenticationToken": CredentialsMissingError,
    "403": AccessDeniedError,  # what a HEAD request says instead of AccessDenied
    "AccessDenied": AccessDeniedError,
    "AccessDeniedException": AccessDeniedError,
    "AllAccessDisabled": AccessDeniedError,
    "OptInRequired": AccessDeniedError,
    "301": WrongRegionError,
    "400": WrongRegionError,
    "AuthorizationHeaderMalformed": WrongRegionError,
    "IllegalLocationConstraintException": WrongRegionError,
    "PermanentRedirect": WrongRegionError,
    **dict.fromkeys(THROTTLING_CODES, ThrottledError),
}

_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], type[AwsError]], ...] = (
    (
        (
            botocore_errors.UnauthorizedSSOTokenError,
            botocore_errors.SSOTokenLoadError,
            botocore_errors.TokenRetrievalError,
            botocore_errors.CredentialRetrievalError,
        ),
        CredentialsExpiredError,
    ),
    (
        (
            botocore_errors.NoCredentialsError,
            botocore_errors.PartialCredentialsError,
            botocore_errors.NoAuthTokenError,
            botocore_errors.ProfileNotFound,
        ),
        CredentialsMissingError,
    ),
    ((botocore_errors.NoRegionError, botocore_errors.InvalidRegionError), WrongRegionError),
    ((botocore_errors.HTTPClientError, botocore_errors.ConnectionError), EndpointUnreachableError),
)


# What another try may change, beside throttling: failures on AWS's side, and no answer at all.
_TRANSIENT_CODES = THROTTLING_CODES | {
    "InternalError",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "TransactionInProgressException",
}
_TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
_NO_ANSWER = (
    botocore_errors.HTTPClientError,
    botocore_errors.ConnectionError,
    botocore_errors.IncompleteReadError,
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, such as `AccessDenied`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: ClientError) -> str:
    """Return AWS's words about an error."""
    return str(error.response.get("Error", {}).get("Message", "")) or str(error)


def is_missing(error: ClientError) -> bool:
    """Whether the error says that the thing asked for does not exist."""
    code = error_code(error)
    if code == "ValidationError":  # CloudFormation has no code of its own for a missing stack
        return "does not exist" in error_message(error)
    return code in {"404", "ChangeSetNotFound"} or code.startswith(("NoSuch", "ResourceNotFound"))


def from_botocore(error: Exception, doing: str) -> AwsError:
    """Return this project's error for a call that AWS refused or never answered."""
    if isinstance(error, botocore_errors.ClientError):
        return _from_client_error(error, doing)
    kind = next((ours for theirs, ours in _BY_CLASS if isinstance(error, theirs)), AwsError)
    local = _local_address(error)
    cause = f"the local AWS at {local} does not answer." if local else f"{str(error).rstrip('.')}."
    return kind(doing, cause, transient=isinstance(error, _NO_ANSWER))


def _local_address(error: Exception) -> str:
    """Return the local AWS's address if it is that which did not answer."""
    kwargs = getattr(error, "kwargs", {}) if isinstance(error, _NO_ANSWER) else {}
    parts = urlsplit(str(kwargs.get("endpoint_url", "")))
    return f"{parts.scheme}://{parts.netloc}" if parts.hostname in _LOOPBACK else ""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what botocore raises within into this project's errors.

    `doing` begins the message: `Planning demo`.
    """
    try:
        yield
    except (botocore_errors.BotoCoreError, botocore_errors.ClientError) as error:
        raise from_botocore(error, doing) from error


def _from_client_error(error: ClientError, doing: str) -> AwsError:
    code, message = error_code(error), error_message(error)
    cause = f"{error.operation_name}: {message.rstrip('.')} ({code})."
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = _BY_CODE.get(code, AwsError)
    if code == "ValidationError" and is_missing(error) and "tack" in message:
        kind, cause = StackMissingError, "there is no such stack."
    transient = code in _TRANSIENT_CODES or status in _TRANSIENT_STATUSES
    fix = _GONE_FIX if code in GONE_CODES else ""
    return kind(doing, cause, code, status, transient=transient, fix=fix)
