"""Stored names: the attributes of a photo's record, the tables' indexes, and the metadata of an upload.

They are the data contract's (docs/reference/records.md): clients written for the original reference
architecture read them.
"""

IMAGE_ID = "imageID"
ALBUM_ID = "albumID"
USER_ID = "userID"
UPLOAD_TIME = "uploadTime"
EXECUTION_ARN = "executionArn"
EXECUTION_START_TIME = "executionStartTime"
S3_KEY = "s3key"
ORIGINAL = "original"
FILE_SIZE = "fileSize"
VERSION_ID = "versionId"
SEQUENCER = "sequencer"
STATUS = "status"
ERROR = "error"
MISSING = "missing"
CHANGE_SHARD = "changeShard"
CHANGE_TIME = "changeTime"
EXPIRY_TIME = "expiryTime"
TAGS = "tags"
LABELS = "labels"
LABEL_MODEL_VERSION = "labelModelVersion"
LABEL_CORRECTIONS = "labelCorrections"
THUMBNAIL = "thumbnail"
EMBEDDING = "embedding"
CONTENT_HASH = "contentHash"
PERCEPTUAL_HASH = "perceptualHash"
TRUNCATED = "truncated"

METADATA_ATTRIBUTES = (
    "imageFormat",
    "dimensions",
    "latitude",
    "longitude",
    "geo",
    "creationTime",
    "creationTimeSource",
    "exifArtist",
    "exifCopyright",
    "exifDigitalZoomRatio",
    "exifExposureBiasValue",
    "exifExposureMode",
    "exifExposureProgram",
    "exifExposureTime",
    "exifFNumber",
    "exifFlash",
    "exifFocalLength",
    "exifFocalLengthIn35mmFilm",
    "exifImageDescription",
    "exifLensMake",
    "exifLensModel",
    "exifMake",
    "exifMeteringMode",
    "exifModel",
    "exifOrientation",
    "exifPhotographicSensitivity",
    "exifSoftware",
    "exifWhiteBalance",
)
"""What a photo's header and EXIF give; absent where the photo lacks it."""

PIPELINE_ATTRIBUTES = (
    *METADATA_ATTRIBUTES,
    EXECUTION_ARN,
    EXECUTION_START_TIME,
    ORIGINAL,
    ERROR,
    MISSING,
    TAGS,
    LABELS,
    LABEL_MODEL_VERSION,
    THUMBNAIL,
    EMBEDDING,
    CONTENT_HASH,
    PERCEPTUAL_HASH,
    TRUNCATED,
)
"""What an upload or its execution makes, and what a new upload of the same key therefore starts without."""

ALBUM_INDEX = "albumID-uploadTime-index"
"""Index of the ImageMetadata table: partition key `albumID`, sort key `uploadTime`."""

CHANGE_INDEX = "changeShard-changeTime-index"
"""Sparse index of the ImageMetadata table, keys only: partition key `changeShard`, sort key `changeTime`."""

EXECUTION_INDEX = "executionArn-index"
"""Index of the ImageMetadata table where workflows are Express, keys only: partition key `executionArn`."""

USER_INDEX = "userID-creationTime-index"
"""Index of the AlbumMetadata table: partition key `userID`, sort key `creationTime`."""

NAME = "name"
CREATION_TIME = "creationTime"
DESCRIPTION = "description"
COVER_PHOTO_ID = "coverPhotoID"
SORT_ORDER = "sortOrder"
HIDDEN_LABELS = "hiddenLabels"
"""An album's attributes beside its ID and its user."""

FAILED_PHOTOS = "failedPhotos"
"""Of a bulk run with Express executions, in an item of its own: `imageproc.core.changes.run_item_id`."""

USER_METADATA = "userid"
ALBUM_METADATA = "albumid"
"""The S3 user metadata that an upload carries."""

ORIGINAL_BUCKET_METADATA = "originalbucket"
ORIGINAL_KEY_METADATA = "originalkey"
ORIGINAL_ETAG_METADATA = "originaletag"
ORIGINAL_SIZE_METADATA = "originalsize"
"""The S3 user metadata that a pointer carries besides; the key is percent-encoded (RFC 3986)."""

PROCESSED_BY_METADATA = "processedby"
BULK_RUN = "bulk-run"
"""The S3 user metadata of a pointer that a bulk run processes: its upload starts nothing."""
