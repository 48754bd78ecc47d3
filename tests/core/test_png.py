from __future__ import annotations

import io
import zlib

import pytest

from imageproc.core.png import MAX_CHUNKS_AFTER_DATA, SIGNATURE, picture_only, read_header
from imageproc.errors import ImageIdentifyError

from .pictures import CountingReader, chunk, corners, exif_block, icc_profile, opened, png, saved

EXIF = exif_block(image={0x010F: b"Apple"})[6:]


def header_of(data: bytes) -> CountingReader:
    reader = CountingReader(data, first=4096)
    reader.header = read_header(reader, len(data))  # type: ignore[arg-type, attr-defined]
    return reader


def test_size_and_kind_are_read() -> None:
    header = read_header(io.BytesIO(png((3, 2), 16, 0, bytes(12))), 100)
    assert (header.width, header.height, header.bit_depth, header.colour_type) == (3, 2, 16, 0)


def test_exif_before_the_data_is_read() -> None:
    data = png((2, 2), 8, 0, bytes(4), before=chunk(b"eXIf", EXIF))
    assert read_header(io.BytesIO(data), len(data)).exif == EXIF


def test_exif_behind_data_in_one_piece_is_found_with_two_ranges() -> None:
    rows = bytes(i * 7919 % 251 for i in range(1000 * 1000))
    data = png((1000, 1000), 8, 0, rows, before=chunk(b"tEXt", bytes(9999)), after=chunk(b"eXIf", EXIF))
    reader = header_of(data)
    assert reader.header.exif == EXIF  # type: ignore[attr-defined]
    assert reader.handed_out < 2000


def test_a_picture_in_thousands_of_pieces_costs_few_reads() -> None:
    data = png(
        (300, 300), 8, 0, bytes(i * 7919 % 251 for i in range(90_000)), piece=10, after=chunk(b"eXIf", EXIF)
    )
    reader = header_of(data)
    assert reader.header.exif == b""  # type: ignore[attr-defined]
    assert reader.handed_out < 33 + 8 * (MAX_CHUNKS_AFTER_DATA + 3)


def test_an_exif_chunk_that_claims_more_than_there_is_gives_what_there_is() -> None:
    data = png((2, 2), 8, 0, bytes(4), before=(1 << 30).to_bytes(4) + b"eXIf" + EXIF)
    assert read_header(io.BytesIO(data), len(data)).exif.startswith(EXIF)


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        SIGNATURE + chunk(b"IDAT", b""),
        SIGNATURE + chunk(b"IHDR", bytes(13)),
        SIGNATURE + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\x05\0\0\0"),  # there is no colour type 5
        png((2, 2), 8, 0, bytes(4)).replace(b"IHDR\0\0\0\2", b"IHDR\0\0\0\3"),  # the checksum does not fit
    ],
)
def test_a_broken_header_cannot_be_identified(data: bytes) -> None:
    with pytest.raises(ImageIdentifyError):
        read_header(io.BytesIO(data), len(data))
    with pytest.raises(ImageIdentifyError):
        picture_only(data)


def test_a_picture_without_data_cannot_be_identified() -> None:
    data = png((2, 2), 8, 0, bytes(4))
    with pytest.raises(ImageIdentifyError, match="no picture data"):
        picture_only(data[:33] + chunk(b"IEND", b""))


def test_the_picture_alone_is_the_same_picture() -> None:
    data = saved(corners((40, 30)), "PNG", exif=b"Exif\0\0" + EXIF, icc_profile=icc_profile(b"RGB "))
    header, picture = picture_only(data)
    assert (header.exif, header.icc_profile) == (EXIF, icc_profile(b"RGB "))
    assert {b"eXIf", b"iCCP"} <= {data[i : i + 4] for i in range(len(data))}
    assert not {b"eXIf", b"iCCP"} & {picture[i : i + 4] for i in range(len(picture))}
    assert opened(picture).tobytes() == opened(data).tobytes()


def test_a_bomb_in_a_profile_or_text_costs_only_itself() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    hostile = chunk(b"iCCP", b"x\0\0" + bomb) + chunk(b"zTXt", b"x\0\0" + bomb) * 3
    header, picture = picture_only(png((2, 2), 8, 0, bytes(4), before=hostile))
    assert header.icc_profile == b""
    assert opened(picture).size == (2, 2)


@pytest.mark.parametrize("content", [b"", b"x", b"x\0\0no zlib", b"x\0\0" + zlib.compress(bytes(99))[:-6]])
def test_a_broken_profile_is_no_profile(content: bytes) -> None:
    header, _ = picture_only(png((2, 2), 8, 0, bytes(4), before=chunk(b"iCCP", content)))
    assert header.icc_profile == b""
