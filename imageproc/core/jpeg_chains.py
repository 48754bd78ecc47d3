"""Chains of JPEG segments: what is too long for one segment of 64 KB, cut into numbered ones.

Extended XMP (a phone's depth map), ICC profiles and FLIR's thermal pictures put half a megabyte and more
before the picture. All segments of a chain but the last have one length, so the last one's place is known
from the first; it is believed only if the last one is found there.

Sources: XMP specification part 3 section 1.1.3.1, ICC.1 annex B.4; FLIR's form as ExifTool describes it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imageproc.core.formats import read_up_to

if TYPE_CHECKING:
    from typing import BinaryIO

_APP1, _APP2 = 0xE1, 0xE2
_LONG = 32 * 1024
_HEAD_BYTES = 75
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_ICC_PROFILE = b"ICC_PROFILE\0"
_FLIR = b"FLIR\0"


def pass_over(file: BinaryIO, marker: int, length: int) -> None:
    """Move from the beginning of a segment's payload of `length` bytes to its end, or to its chain's end."""
    start = file.tell()
    end = start + length
    if length > _LONG and (follow := _following(file, marker, length)):
        end = _end_of_chain(file, marker, start, length, follow) or end
    file.seek(end)


def _end_of_chain(file: BinaryIO, marker: int, start: int, length: int, follow: int) -> int | None:
    """Return where a chain ends whose segment at `start` has `follow` more; None if its last is not there."""
    file.seek(start - 4 + follow * (length + 4))
    header = read_up_to(file, 4)
    last = int.from_bytes(header[2:]) - 2
    if header[:2] != bytes([0xFF, marker]) or _following(file, marker, last) != 0:
        return None
    return start + follow * (length + 4) + last


def _following(file: BinaryIO, marker: int, length: int) -> int | None:
    """Return how many segments of its chain follow the one whose payload begins here; None without a chain.

    The file's position does not change.
    """
    head = read_up_to(file, max(0, min(length, _HEAD_BYTES)))
    file.seek(-len(head), os.SEEK_CUR)
    if marker == _APP2 and head.startswith(_ICC_PROFILE) and len(head) > 13:
        return max(head[13] - head[12], 0)
    if marker == _APP1 and head.startswith(_FLIR) and len(head) > 7:
        return max(head[7] - head[6], 0)
    if marker == _APP1 and head.startswith(_EXTENDED_XMP) and length > _HEAD_BYTES == len(head):
        left = int.from_bytes(head[67:71]) - int.from_bytes(head[71:75])
        return max(-(-left // (length - _HEAD_BYTES)) - 1, 0)
    return None
