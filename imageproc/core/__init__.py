"""The pure core: keys, limits, EXIF, thumbnails and the photo's record. It knows no AWS and does no I/O."""
