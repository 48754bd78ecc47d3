from __future__ import annotations

import struct
from typing import Any

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imageproc.core.exif import ExifTags, KnownTags, read_exif, repair

from .pictures import exif_block, tiff

MAKE, MODEL, ORIENTATION, SOFTWARE, EXIF, GPS = 0x010F, 0x0110, 0x0112, 0x0131, 0x8769, 0x8825
BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
KNOWN = KnownTags(
    image=frozenset({MAKE, MODEL, ORIENTATION, SOFTWARE}),
    photo=frozenset({0x829A, 0x9003, 0x8827, 0xA434}),
    gps=frozenset({1, 2, 3, 4}),
)
GOOD = (ORIENTATION, SHORT, 1, b"\x06\0\0\0")


def broken_by(*entry: Any) -> dict[int, Any]:
    """What is read of a directory with a broken entry before a good one."""
    return read_exif(tiff(entry, GOOD), KNOWN).image


def test_a_cameras_block_is_read_with_its_three_directories() -> None:
    block = exif_block(
        image={MAKE: b"Canon", ORIENTATION: 6},
        photo={0x829A: (1, 250), 0x8827: 400, 0x9003: b"2020:01:02 03:04:05"},
        gps={1: b"N", 2: ((51, 1), (28, 1), (4038, 100))},
    )
    tags = read_exif(block, KNOWN)
    assert tags.image[MAKE] == "Canon"
    assert tags.image[ORIENTATION] == 6
    assert tags.photo == {0x829A: 0.004, 0x8827: 400, 0x9003: "2020:01:02 03:04:05"}
    assert tags.gps == {1: "N", 2: (51, 28, 40.38)}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0", b"Exif\0\xff"])
def test_both_byte_orders_and_all_real_prefixes_are_read(order: str, prefix: bytes) -> None:
    entry = (ORIENTATION, SHORT, 1, struct.pack(order + "HH", 8, 0))
    assert read_exif(prefix + tiff(entry, order=order), KNOWN).image == {ORIENTATION: 8}


def test_tags_that_the_record_does_not_know_are_left_out() -> None:
    assert read_exif(tiff((0x9C9B, BYTE, 4, b"evil"), GOOD), KNOWN).image == {ORIENTATION: 6}


@pytest.mark.parametrize(
    "entry",
    [
        (MAKE, ASCII, 100, b"\xff\xff\xff\xff"),  # an offset beyond the block
        (MAKE, BYTE, 4_000_000_000, b"\0\0\0\0"),  # 4 GB of it: piexif would take them
        (MAKE, RATIONAL, 0x20000001, b"\0\0\0\0"),  # 4 GB and 8 bytes: a 32-bit reader sees 8
        (MAKE, 99, 1, b"\0\0\0\0"),  # a type that does not exist
        (MAKE, ASCII, 0, b"\0\0\0\0"),
        (EXIF, LONG, 1, b"\xff\xff\xff\x7f"),  # a directory beyond the block
        (EXIF, ASCII, 1, b"\x08\0\0\0"),  # a pointer that is text
        (GPS, LONG, 1, b"\0\0\0\0"),
    ],
)
def test_one_bad_tag_loses_no_other(entry: Any) -> None:
    assert broken_by(*entry) == {ORIENTATION: 6}


def test_a_tag_of_the_wrong_type_is_handed_on_for_the_readers_of_values_to_judge() -> None:
    assert broken_by(MAKE, SHORT, 1, b"\x07\0\0\0") == {MAKE: 7, ORIENTATION: 6}


def test_of_a_tag_that_is_there_twice_the_first_counts() -> None:
    assert read_exif(tiff(GOOD, (ORIENTATION, SHORT, 1, b"\x03\0\0\0")), KNOWN).image == {ORIENTATION: 6}


def test_directories_that_point_to_each_other_end() -> None:
    # The EXIF and GPS directories are the first directory itself.
    loop = tiff((EXIF, LONG, 1, b"\x08\0\0\0"), (GPS, LONG, 1, b"\x08\0\0\0"), GOOD)
    assert read_exif(loop, KNOWN) == ExifTags(image={ORIENTATION: 6})


def test_a_directory_that_claims_more_entries_than_there_are_gives_those() -> None:
    assert read_exif(tiff(GOOD, count=65535)[:-4], KNOWN).image == {ORIENTATION: 6}


def test_a_block_cut_inside_a_value_loses_that_value() -> None:
    block = tiff(GOOD, (MAKE, ASCII, 12, struct.pack("<L", 38)), tail=b"Nikon Corp.\0")
    assert read_exif(block, KNOWN).image == {ORIENTATION: 6, MAKE: "Nikon Corp."}
    assert read_exif(block[:-3], KNOWN).image == {ORIENTATION: 6}


def test_utf_8_text_of_exif_3_is_read() -> None:
    block = tiff((MAKE, 129, 7, struct.pack("<L", 26)), tail="Zoë µ".encode())
    assert read_exif(block, KNOWN).image[MAKE].encode("latin-1").decode() == "Zoë µ"


@pytest.mark.parametrize("block", [b"", b"Exif\0\0", b"II*\0", b"XX*\0\x08\0\0\0\0\0", b"MM\0*\0\0\0\x08"])
def test_what_is_no_exif_gives_no_tags(block: bytes) -> None:
    assert read_exif(block, KNOWN) == ExifTags()


def test_piexif_reads_what_pillow_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Image.Exif, _data: bytes) -> None:
        raise SyntaxError("not today")

    monkeypatch.setattr(Image.Exif, "load", fail)
    block = exif_block(
        image={MAKE: b"Canon", ORIENTATION: 6},
        photo={0x829A: (1, 250), 0x8827: 400},
        gps={1: b"N", 2: ((51, 1), (28, 1), (4038, 100))},
    )
    tags = read_exif(block, KNOWN)
    assert (tags.image[MAKE], tags.image[ORIENTATION]) == (b"Canon", 6)
    assert tags.photo == {0x829A: 0.004, 0x8827: 400}
    assert tags.gps == {1: b"N", 2: (51, 28, 40.38)}


def test_where_both_libraries_fail_there_are_no_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(Image.Exif, "load", fail)
    monkeypatch.setattr(piexif, "load", fail)
    assert read_exif(tiff(GOOD), KNOWN) == ExifTags()


@given(st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary(max_size=200))
def test_any_bytes_after_a_header_are_read_without_an_error(header: bytes, rest: bytes) -> None:
    read_exif(header + rest, KNOWN)


@pytest.mark.filterwarnings("ignore:Metadata Warning")  # Pillow is called here without the core around it
@given(st.lists(st.tuples(
    st.sampled_from([MAKE, ORIENTATION, EXIF, GPS, 1, 2, 0x829A, 0x9003]),
    st.integers(0, 14),
    st.one_of(st.integers(0, 5), st.integers(0, 2**32 - 1)),
    st.one_of(st.integers(0, 120).map(lambda n: struct.pack("<L", n)), st.binary(min_size=4, max_size=4)),
), max_size=8))  # fmt: skip
def test_any_directory_is_read_by_both_libraries_after_repair(entries: list[Any]) -> None:
    repaired = repair(tiff(*entries, tail=bytes(range(64))), KNOWN)
    exif = Image.Exif()
    exif.load(repaired)
    piexif.load(b"Exif\0\0" + repaired)
    assert set(dict(exif)) <= KNOWN.image | {EXIF, GPS}
    assert len(repaired) < 1000


@pytest.mark.parametrize("kind", [13, 129])
def test_types_that_piexif_does_not_know_keep_it_from_nothing(kind: int) -> None:
    repaired = repair(tiff((MAKE, kind, 1, b"\0\0\0\0")), KNOWN)
    assert piexif.load(b"Exif\0\0" + repaired)["0th"]
