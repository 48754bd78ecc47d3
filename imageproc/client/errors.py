"""What can go wrong on the client side, beside what AWS refuses (`imageproc.aws.errors`).

::

    ClientError
    ├── TargetError        no such target, or it cannot be used: the local AWS does not run, say
    ├── UploadError        a file that cannot be sent: missing, no photo, too large
    ├── PhotoMissingError  no record of that name
    ├── RetryError         a photo that a retry cannot help
    ├── DownloadError      a file that cannot be written
    ├── ForgetError        a photo that cannot be erased now
    └── Cancelled          what was waited for is wanted no more
"""


class ClientError(Exception):
    """Base of the client side's own errors."""


class TargetError(ClientError):
    """There is no such target, or it cannot be used."""


class UploadError(ClientError):
    """A file that cannot be sent."""


class PhotoMissingError(ClientError):
    """There is no record of that name."""


class RetryError(ClientError):
    """A photo that a retry cannot help."""


class Cancelled(ClientError):  # noqa: N818 - it is no error: somebody wished it
    """What was waited for is wanted no more. What AWS has begun goes on."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Stopped. What AWS has begun goes on.")


class DownloadError(ClientError):
    """A file that cannot be written."""


class ForgetError(ClientError):
    """A photo that cannot be erased now."""
