"""A place to drop photos on, and the list of files with their states."""

from imageproc.widgets.parts.drop_zone.drop_zone import DropZone
from imageproc.widgets.parts.drop_zone.upload_handler import (
    DroppedFile,
    UploadForm,
    UploadHandler,
    UploadResult,
    UploadState,
)

__all__ = [
    "DropZone",
    "DroppedFile",
    "UploadForm",
    "UploadHandler",
    "UploadResult",
    "UploadState",
]
