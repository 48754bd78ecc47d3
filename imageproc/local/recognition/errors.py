"""What DetectLabels answers when it cannot: the errors of Amazon Rekognition's API, by their own names.

https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html#API_DetectLabels_Errors

::

    DetectLabelsError
    ├── ImageTooLarge         ImageTooLargeException
    ├── InternalServerError   InternalServerError, the only one with status 500
    ├── InvalidImageFormat    InvalidImageFormatException
    ├── InvalidParameter      InvalidParameterException
    ├── InvalidS3Object       InvalidS3ObjectException
    └── Throttled             ThrottlingException: the SDK tries again
"""

from __future__ import annotations


class DetectLabelsError(Exception):
    """Base of the errors that a caller gets; the message is for the caller."""

    code = "InternalServerError"
    status = 400


class ImageTooLarge(DetectLabelsError):  # noqa: N818 - the service's own name
    """The image's bytes or pixels are beyond the limits."""

    code = "ImageTooLargeException"


class InternalServerError(DetectLabelsError):
    """Something failed here: another try may succeed."""

    status = 500


class InvalidImageFormat(DetectLabelsError):  # noqa: N818
    """It is neither a JPEG nor a PNG, or cannot be read as one."""

    code = "InvalidImageFormatException"


class InvalidParameter(DetectLabelsError):  # noqa: N818
    """The request does not fit the service's model, or asks for what is not offered here."""

    code = "InvalidParameterException"


class InvalidS3Object(DetectLabelsError):  # noqa: N818
    """The object does not exist, or the caller may not read it."""

    code = "InvalidS3ObjectException"


class Throttled(DetectLabelsError):  # noqa: N818
    """More requests a second came than are answered: another try may succeed."""

    code = "ThrottlingException"
