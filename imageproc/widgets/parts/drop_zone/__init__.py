"""A place to drop photos on, and the list of how each fares."""

from imageproc.widgets.parts.drop_zone.drop_zone import DropZone
from imageproc.widgets.parts.drop_zone.file_rows import FileRow, FileRows
from imageproc.widgets.parts.drop_zone.upload_handler import (
    DroppedFile,
    PresignedPost,
    UploadHandler,
    UploadResult,
    UploadState,
)

__all__ = [
    "DropZone",
    "DroppedFile",
    "FileRow",
    "FileRows",
    "PresignedPost",
    "UploadHandler",
    "UploadResult",
    "UploadState",
]
