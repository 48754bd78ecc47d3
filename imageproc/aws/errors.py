"""What AWS can refuse, as the client and the deployment tell it.

::

    AwsError                    AWS refused a call or could not be asked
    ├── CredentialsMissingError
    ├── CredentialsExpiredError
    ├── CredentialsInvalidError
    ├── AccessDeniedError
    ├── WrongRegionError
    ├── StackMissingError
    ├── ThrottledError
    └── EndpointUnreachableError

Each message holds what was being done, the cause, and what to do about it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore import exceptions as botocore_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError


class AwsError(Exception):
    """AWS refused a call or could not be asked. `code` is AWS's own, or empty."""

    fix = "The words are AWS's own; its API reference says more about the call."

    def __init__(self, doing: str, cause: str, code: str = "") -> None:
        """Name what was being done, the cause and the fix."""
        self.code = code
        super().__init__(f"{doing} failed: {cause} {self.fix}")


class CredentialsMissingError(AwsError):
    """No AWS credentials were found."""

    fix = "Name a profile (AWS_PROFILE), run `aws configure` or `aws sso login`, or use the local AWS."


class CredentialsExpiredError(AwsError):
    """The credentials were right once."""

    fix = "Sign in again (`aws sso login`, or new session credentials) and repeat the command."


class CredentialsInvalidError(AwsError):
    """AWS does not know the credentials, or the signature does not fit them."""

    fix = "Check the key pair, the profile and this machine's clock with `aws sts get-caller-identity`."


class AccessDeniedError(AwsError):
    """The credentials are good, but lack a permission."""

    fix = "Ask for that permission, or use a profile that has it."


class WrongRegionError(AwsError):
    """No region is set, or the thing is in another one."""

    fix = "Name the region that the stack and its buckets are in (AWS_REGION, or the region option)."


class StackMissingError(AwsError):
    """There is no stack of that name in this account and region."""

    fix = "Check its name, the profile and the region, or deploy it first."


class ThrottledError(AwsError):
    """AWS asks for fewer calls, even after botocore's retries."""

    fix = "Wait a minute and repeat the command: it goes on where it stopped."


class EndpointUnreachableError(AwsError):
    """The endpoint does not answer."""

    fix = "Check the network, the region's name and, with the local AWS, that it runs."


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

_BY_CODE: dict[str, type[AwsError]] = {
    "ExpiredToken": CredentialsExpiredError,
    "ExpiredTokenException": CredentialsExpiredError,
    "RequestExpired": CredentialsExpiredError,
    "TokenRefreshRequired": CredentialsExpiredError,
    "AuthFailure": CredentialsInvalidError,
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
    "UnauthorizedOperation": AccessDeniedError,
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


def from_client_error(error: ClientError, doing: str) -> AwsError:
    """Return the domain's error for a refused call."""
    code, message = error_code(error), error_message(error)
    cause = f"{error.operation_name}: {message.rstrip('.')} ({code})."
    if code == "ValidationError" and is_missing(error) and "tack" in message:
        return StackMissingError(doing, cause, code)
    return _BY_CODE.get(code, AwsError)(doing, cause, code)


def from_botocore(error: Exception, doing: str) -> AwsError:
    """Return the domain's error for a call that never got an answer."""
    if isinstance(error, botocore_errors.ClientError):
        return from_client_error(error, doing)
    kind = next((ours for theirs, ours in _BY_CLASS if isinstance(error, theirs)), AwsError)
    return kind(doing, f"{str(error).rstrip('.')}.")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what botocore raises within into the domain's errors. `doing` begins the message: `Planning
    demo`.
    """
    try:
        yield
    except (botocore_errors.BotoCoreError, botocore_errors.ClientError) as error:
        raise from_botocore(error, doing) from error
