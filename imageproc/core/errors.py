"""What can be wrong with a photo.

::

    PhotoError
    ├── ImageRejectedError          the photo itself is at fault: never retried
    │   ├── ImageIdentifyError      no readable image
    │   ├── NotSupportedImageType   an image, but neither JPEG nor PNG
    │   └── ImageTooLargeError      beyond the limits of `imageproc.core.limits`
    ├── PhotoGoneError              the object, or this version of it, is no longer there
    └── SupersededError             a newer upload of the same key has taken over the record

The class names are the error names that the state machine catches (`cloudformation/state-machine.asl.json`).
"""


class PhotoError(Exception):
    """Base of all errors about one photo."""


class ImageRejectedError(PhotoError):
    """The photo itself is at fault: trying again cannot help."""


class ImageIdentifyError(ImageRejectedError):
    """The file is no image that can be read."""


class NotSupportedImageType(ImageRejectedError):  # noqa: N818 - the architecture's own name
    """The file is an image, but neither JPEG nor PNG."""


class ImageTooLargeError(ImageRejectedError):
    """The file has more bytes or pixels than `imageproc.core.limits` allow."""


class PhotoGoneError(PhotoError):
    """The object, or the version of it that was asked for, is no longer there."""


class SupersededError(PhotoError):
    """A newer upload of the same key has taken over the photo's record."""
