"""Every error that this package raises for a person to read, in one tree.

::

    ImageprocError
    ├── PhotoError
    │   ├── ImageRejectedError
    │   │   ├── ImageIdentifyError
    │   │   ├── NotSupportedImageType
    │   │   └── ImageTooLargeError
    │   ├── PhotoGoneError
    │   └── SupersededError
    ├── ServiceError
    │   ├── TransientServiceError
    │   ├── ServiceRefusedError
    │   ├── LabelsQueuedError
    │   ├── RenditionNeededError
    │   ├── RecognitionRefusedError
    │   ├── RecognitionQueueFullError
    │   ├── RecognitionThrottledError
    │   └── RecognitionUnavailableError
    ├── AwsError
    │   ├── CredentialsMissingError
    │   ├── CredentialsExpiredError
    │   ├── CredentialsInvalidError
    │   ├── AccessDeniedError
    │   ├── WrongRegionError
    │   ├── StackMissingError
    │   ├── ThrottledError
    │   └── EndpointUnreachableError
    ├── WorkbenchError
    │   ├── InvalidArgumentError
    │   ├── TargetError
    │   ├── UploadError
    │   ├── PhotoNotFoundError
    │   ├── AlbumNotFoundError
    │   ├── AlbumNotEmptyError
    │   ├── CorrectionError
    │   ├── RetryError
    │   ├── DatasetError
    │   ├── DownloadError
    │   ├── ForgetError
    │   ├── FollowTimeoutError
    │   ├── CatalogError
    │   ├── QueryError
    │   ├── ResourcesMissingError
    │   ├── SamplesMissingError
    │   └── Cancelled
    ├── DeploymentError
    │   ├── TemplateError
    │   ├── PackagingError
    │   ├── ParameterError
    │   ├── BucketTakenError
    │   ├── ForeignStackError
    │   ├── StackBusyError
    │   ├── StackStuckError
    │   ├── PlanDeclinedError
    │   ├── PlanRejectedError
    │   ├── PlanStaleError
    │   ├── DeploymentFailed
    │   └── SweepFailedError
    └── LocalAwsError
        ├── StateDirectoryError
        ├── StartError
        ├── StopError
        ├── NotRunningError
        ├── IncompatibleMiniStackError
        ├── ModelsMissingError
        └── RecognitionStoppedError

The class names below PhotoError and ServiceError are the error names that the state machine retries and
catches (`cloudformation/state-machine.asl.json`). `imageproc.aws.translation` turns botocore's errors into
AwsErrors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class ImageprocError(Exception):
    """Base of all errors of this package. Its text is the cause, followed by the fix."""

    default_fix: ClassVar[str] = ""

    def __init__(self, cause: str, fix: str = "") -> None:
        """`cause` says what happened, `fix` what to do about it; both are whole sentences."""
        self.cause = cause
        self.fix = fix or self.default_fix
        super().__init__(f"{cause} {self.fix}".rstrip())


class PhotoError(ImageprocError):
    """Base of all errors about one photo."""


class ImageRejectedError(PhotoError):
    """The photo itself is at fault: trying again cannot help."""


class ImageIdentifyError(ImageRejectedError):
    """The file is not an image that can be read."""


class NotSupportedImageType(ImageRejectedError):  # noqa: N818 - the architecture's own name
    """The file is an image, but neither JPEG nor PNG."""


class ImageTooLargeError(ImageRejectedError):
    """The file has more bytes or pixels than `imageproc.core.limits` allow."""


class PhotoGoneError(PhotoError):
    """The object, or the version of it that was asked for, no longer exists."""


class SupersededError(PhotoError):
    """The photo's record belongs to another upload or execution."""


class ServiceError(ImageprocError):
    """Base of the errors between a Lambda function and AWS."""


class TransientServiceError(ServiceError):
    """AWS throttled, timed out or failed: another try may succeed."""


class ServiceRefusedError(ServiceError):
    """AWS refused the call, and would refuse it again."""


class LabelsQueuedError(ServiceError):
    """It is not yet this photo's turn to ask for labels: the state machine waits, and asks again."""


class RenditionNeededError(ServiceError):
    """Rekognition cannot take the original: the state machine has a rendition of it labelled."""


class RecognitionRefusedError(ServiceError):
    """There will be no labels of this photo: Rekognition refuses its rendition, or too little is there."""


class RecognitionQueueFullError(ServiceError):
    """More photos wait to ask Rekognition than an Express workflow has time for: another try may succeed."""


class RecognitionThrottledError(ServiceError):
    """Rekognition throttled this photo at each of its turns: another try may succeed."""


class RecognitionUnavailableError(ServiceError):
    """Rekognition cannot be reached."""


class AwsError(ImageprocError):
    """AWS refused a call, or could not be asked.

    `code` is AWS's own, `status` the HTTP status, if it answered; `transient`: another try may succeed.
    """

    default_fix = "These are AWS's own words; its API reference says more about the call."

    def __init__(
        self, doing: str, cause: str, code: str = "", status: int = 0, transient: bool = False, fix: str = ""
    ) -> None:
        """Name what was being done and the cause."""
        self.code, self.status, self.transient = code, status, transient
        super().__init__(f"{doing} failed: {cause}", fix)


class CredentialsMissingError(AwsError):
    """No AWS credentials were found."""

    default_fix = "Name a profile (AWS_PROFILE), run `aws configure` or `aws sso login`, or work locally."


class CredentialsExpiredError(AwsError):
    """The credentials are no longer valid."""

    default_fix = "Sign in again (`aws sso login`, or new session credentials) and repeat the command."


class CredentialsInvalidError(AwsError):
    """AWS does not know the credentials, or the signature does not match them."""

    default_fix = "Check key pair, profile and this machine's clock with `aws sts get-caller-identity`."


class AccessDeniedError(AwsError):
    """The credentials are valid, but lack a permission."""

    default_fix = "Ask for that permission, or use a profile that has it."


class WrongRegionError(AwsError):
    """No region is set, or the resource is in another one."""

    default_fix = "Name the region that the stack and its buckets are in (AWS_REGION, or the region option)."


class StackMissingError(AwsError):
    """There is no stack of that name in this account and region."""

    default_fix = "Deploy it first (imageproc deploy), or check its name, the profile and the region."


class ThrottledError(AwsError):
    """AWS asks for fewer calls, even after botocore's retries."""

    default_fix = "Wait a minute and repeat the command: it continues where it stopped."


class EndpointUnreachableError(AwsError):
    """The endpoint does not answer."""

    default_fix = "Start the local AWS (imageproc local start); for AWS, check network and region."


class WorkbenchError(ImageprocError):
    """Base of the errors about what the workbench was asked to do."""


class InvalidArgumentError(WorkbenchError):
    """A value of the wrong type or kind."""


class TargetError(WorkbenchError):
    """There is no such target, or it cannot be used."""


class UploadError(WorkbenchError):
    """A file that cannot be uploaded."""


class PhotoNotFoundError(WorkbenchError):
    """There is no such photo."""

    default_fix = "`imageproc photos` lists them."


class AlbumNotFoundError(WorkbenchError):
    """There is no such album."""

    default_fix = "`imageproc albums` lists them."


class AlbumNotEmptyError(WorkbenchError):
    """An album that is not deleted, because it has photos."""


class CorrectionError(WorkbenchError):
    """A correction of labels that cannot be kept."""


class RetryError(WorkbenchError):
    """A photo that a retry cannot help."""


class DatasetError(WorkbenchError):
    """A data set of labelled photos that cannot be read."""


class DownloadError(WorkbenchError):
    """A file that cannot be written."""


class ForgetError(WorkbenchError):
    """A photo that cannot be erased now."""


class FollowTimeoutError(WorkbenchError, TimeoutError):
    """Photos that did not finish in time. They continue nevertheless."""


class CatalogError(WorkbenchError):
    """The catalog cannot be made or kept in step with the table."""


class QueryError(WorkbenchError):
    """A question to the catalog that cannot be answered: an unknown field or label, or wrong SQL."""


class ResourcesMissingError(WorkbenchError):
    """Files that belong to the package are missing."""

    default_fix = "Install imageproc again."


class SamplesMissingError(WorkbenchError):
    """The package whose pictures are the sample photos is not installed."""

    default_fix = "Install it with: pip install 'imageproc[demo]'"


class Cancelled(WorkbenchError):  # noqa: N818 - somebody asked for it
    """A wait was cancelled. What AWS has begun continues."""

    def __init__(self) -> None:
        """The message is always the same."""
        super().__init__("Stopped. What AWS has begun continues.")


class DeploymentError(ImageprocError):
    """Base of all errors of the deployment side."""


class TemplateError(DeploymentError):
    """The template's sources are missing or cannot be assembled."""


class PackagingError(DeploymentError):
    """A zip for Lambda cannot be built."""


class ParameterError(DeploymentError):
    """A stack parameter, a stack's name or a bucket's name that cannot be."""


class BucketTakenError(DeploymentError):
    """The artifacts bucket's name belongs to another account."""


class ForeignStackError(DeploymentError):
    """The stack was not made by this project."""


class StackBusyError(DeploymentError):
    """Another operation on the stack is running."""


class StackStuckError(DeploymentError):
    """The stack's state needs a decision that only its owner can take."""


class PlanDeclinedError(DeploymentError):
    """A step that planning needs was asked for, and declined: nothing was changed."""


class PlanRejectedError(DeploymentError):
    """CloudFormation refused the change set."""


class PlanStaleError(DeploymentError):
    """The plan was applied, discarded or overtaken by another one."""


class DeploymentFailed(DeploymentError):  # noqa: N818 - says what happened, beside its event `Deployed`
    """A resource failed, and the stack was rolled back.

    `logical_id` and `reason` name the first resource that failed, `status` is the stack's after the rollback.
    """

    def __init__(self, stack: str, status: str, logical_id: str, reason: str) -> None:
        """Say what failed first, and where that left the stack."""
        self.stack, self.status, self.logical_id, self.reason = stack, status, logical_id, reason
        super().__init__(f"{logical_id} failed: {reason} The stack {stack} is now {status}.")


class SweepFailedError(DeploymentError):
    """Something could not be removed. `left` names what is still there."""

    def __init__(self, message: str, left: Sequence[str] = ()) -> None:
        """Keep what is left beside the message."""
        self.left = tuple(left)
        super().__init__(message)


class LocalAwsError(ImageprocError):
    """Base of all errors of the local AWS."""


class StateDirectoryError(LocalAwsError):
    """The state directory holds something else, or cannot be written."""


class StartError(LocalAwsError):
    """The server process did not come up."""


class StopError(LocalAwsError):
    """The server process did not go away."""


class NotRunningError(LocalAwsError):
    """The local AWS does not run."""


class IncompatibleMiniStackError(LocalAwsError):
    """The installed MiniStack lacks what the adapter relies on."""


class ModelsMissingError(LocalAwsError):
    """The models of the recognition, or what runs them, are not installed."""


class RecognitionStoppedError(LocalAwsError):
    """The process that recognises does not answer."""
