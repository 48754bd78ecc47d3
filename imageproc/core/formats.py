"""Which image format a file is in, told by its first bytes.

Only JPEG and PNG are processed. The others are told apart so that the rejection can say what the file is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageproc.errors import ImageIdentifyError, NotSupportedImageType

if TYPE_CHECKING:
    from typing import BinaryIO

SNIFF_BYTES = 32
"""How many of a file's first bytes `sniff` looks at."""

CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"

SIGNATURES = {"image/jpeg": _JPEG, "image/png": _PNG}
"""The beginnings of the supported formats, by content type."""

# Name → the bytes it may start with. Longer signatures come before shorter ones with the same beginning.
_OTHERS: dict[str, tuple[bytes, ...]] = {
    "GIF": (b"GIF87a", b"GIF89a"),
    "JPEG 2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    "JPEG XL": (b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\xff\x0a"),
    "JPEG-LS or lossless JPEG without a start": (b"\xff\xf7",),
    "MNG": (b"\x8aMNG\r\n\x1a\n",),
    "JNG": (b"\x8bJNG\r\n\x1a\n",),
    "Canon CR2 raw": (b"II*\x00\x10\x00\x00\x00CR",),
    "Panasonic RW2 raw": (b"IIU\x00",),
    "Olympus ORF raw": (b"IIRO", b"IIRS", b"MMOR"),
    "Fujifilm RAF raw": (b"FUJIFILMCCD-RAW",),
    "Canon CRW raw": (b"II\x1a\x00\x00\x00HEAPCCDR",),
    "Sigma X3F raw": (b"FOVb",),
    "JPEG XR": (b"II\xbc\x01",),
    "TIFF or a camera's raw": (b"II*\x00", b"MM\x00*"),
    "BigTIFF": (b"II+\x00", b"MM\x00+"),
    "PSD (Photoshop)": (b"8BPS",),
    "ICO": (b"\x00\x00\x01\x00",),
    "CUR": (b"\x00\x00\x02\x00",),
    "OpenEXR": (b"\x76\x2f\x31\x01",),
    "Radiance HDR": (b"#?RADIANCE",),
    "QOI": (b"qoif",),
    "FLIF": (b"FLIF",),
    "BPG": (b"BPG\xfb",),
    "DDS": (b"DDS ",),
    "ICNS": (b"icns",),
    "DjVu": (b"AT&TFORM",),
    "XCF (GIMP)": (b"gimp xcf",),
    "PDF": (b"%PDF-",),
    "PostScript": (b"%!PS", b"\xc5\xd0\xd3\xc6"),
}

# What files look like that are sent by mistake → the bytes they may start with.
_NO_IMAGES: dict[str, tuple[bytes, ...]] = {
    "an archive or an office document": (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!"),
    "a program": (b"\x7fELF", b"MZ"),
    "a video or a sound": (b"\x1aE\xdf\xa3", b"RIFF", b"ID3", b"OggS"),
    "a web page": (b"<!DOCTYPE", b"<html"),
}
_TEXT = bytes([*range(0x20, 0x7F), *range(0x80, 0x100), *b"\t\n\r\f"])

# ISO base media files name their brand after `ftyp`: https://mp4ra.org/registered-types/brands
_BRANDS: dict[bytes, str] = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIF",
    b"mif2": "HEIF",
    b"msf1": "HEIF",
    b"crx ": "Canon CR3 raw",
}


def sniff(head: bytes) -> str:
    """Return "JPEG" or "PNG": the format of a file whose first bytes are `head` (`SNIFF_BYTES` are enough).

    Raises NotSupportedImageType for another format that is known, ImageIdentifyError for anything else.
    """
    if head.startswith(_JPEG):
        return "JPEG"
    if head.startswith(_PNG):
        # Xcode rewrites PNGs of iOS apps into a form that only Apple's own decoder reads.
        if head[12:16] == b"CgBI":
            raise _not_supported("PNG in Apple's CgBI variant")
        return "PNG"
    other = _other_format(head)
    if other is not None:
        raise _not_supported(other)
    raise ImageIdentifyError(_why_unknown(head))


def read_up_to(file: BinaryIO, count: int) -> bytes:
    """Return the next `count` bytes, fewer only at the end: a raw file may hand out less at a time."""
    data = file.read(count)
    while data and len(data) < count:
        more = file.read(count - len(data))
        if not more:
            break
        data += more
    return data


def _other_format(head: bytes) -> str | None:
    for name, signatures in _OTHERS.items():
        if head.startswith(signatures):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "an ISO media file (a video, perhaps)")
    # "BM" alone is too little to tell: the two reserved fields of the BMP header are zero.
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "BMP"
    return "SVG" if head.lstrip().startswith(b"<svg") else None


def _not_supported(name: str) -> NotSupportedImageType:
    return NotSupportedImageType(
        f"the file is {name}; JPEG and PNG are supported: convert it and upload it again"
    )


def _why_unknown(head: bytes) -> str:
    """Return why a file is refused, in words alone: what it holds may be nobody's business."""
    if not head:
        return "the file is empty"
    for looks, beginnings in _NO_IMAGES.items():
        if head.startswith(beginnings):
            return f"the file is not an image: it looks like {looks}"
    if not any(head):
        return "the file is not an image: it starts with zeros, as files do whose copying was interrupted"
    if not head.translate(None, _TEXT):
        return "the file is not an image: it looks like text"
    return "the file is not an image of a known format"
