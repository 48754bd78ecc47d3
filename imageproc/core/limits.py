"""The limits that protect memory and time. They are checked before anything is decoded."""

from imageproc.errors import ImageTooLargeError

SUPPORTED_FORMATS = ("JPEG", "PNG")

MAX_BYTES = 100 * 1024 * 1024
"""Largest original, in bytes: what the thumbnail function holds in memory beside the decoded picture."""

MAX_PIXELS = 200_000_000
"""Largest picture, width x height: above today's largest cameras (150 megapixels), below a bomb."""

MAX_DECODER_BYTES = 600 * 1024 * 1024
"""Most memory a decoder may ask for, in bytes.

The thumbnail function's 1,769 MB hold the runtime (about 120 MB), the original and its copy without metadata
(2 x `MAX_BYTES`), and this. It is what a picture needs that makes the difference, not its pixels: a baseline
JPEG is decoded at an eighth of its size and never comes near, a progressive one needs all its coefficients
at once (100 megapixels at 4:4:4, 200 at 4:2:0), a colour PNG 4 bytes a pixel (157 megapixels).
"""

MAX_SCAN_PIXELS = 2_000_000_000
"""Most work a progressive JPEG may ask for, in pixels times scans.

Each scan costs a pass over the whole picture however few bytes it has, so a small file can ask for minutes of
work. Encoders write about ten scans; this allows those for 200 megapixels and 1,000 for two.
"""

THUMBNAIL_SIZE = (250, 250)
"""The box, width x height in pixels, that a thumbnail fits into."""

REKOGNITION_MAX_REQUEST_BYTES = 5 * 1024 * 1024
"""Of a picture that is sent in the request itself."""

REKOGNITION_MAX_BYTES = 15 * 1024 * 1024
"""Largest original that Rekognition takes from S3, in bytes; in a request, a third of it.

https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
"""

REKOGNITION_MIN_SIDE, REKOGNITION_MAX_SIDE = 80, 10_000
"""Least and largest width and height that Rekognition takes, in pixels."""

FIRST_RANGE = 12 * 1024
"""Bytes of the first ranged GET: holds the header and EXIF of two thirds of cameras' photos.

More would spare some of the others a second request and make all of them read more: `benchmarks/metadata.py`.
"""


def check_bytes(size: int) -> None:
    """Raise ImageTooLargeError if a file of `size` bytes is beyond `MAX_BYTES`."""
    if size > MAX_BYTES:
        raise ImageTooLargeError(f"the file has {size:,} bytes; at most {MAX_BYTES:,} can be processed")


def check_picture(width: int, height: int, decoder_bytes: int) -> None:
    """Raise ImageTooLargeError if a picture (in pixels, and bytes its decoder needs) is beyond the limits."""
    if width * height > MAX_PIXELS:
        raise ImageTooLargeError(
            f"the picture has {width:,} x {height:,} pixels; at most {MAX_PIXELS:,} can be processed"
        )
    if decoder_bytes > MAX_DECODER_BYTES:
        raise ImageTooLargeError(
            f"decoding {width:,} x {height:,} pixels of this kind takes {decoder_bytes:,} bytes of memory; "
            f"{MAX_DECODER_BYTES:,} are there. A baseline JPEG of the same size would do."
        )
