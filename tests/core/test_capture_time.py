from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from imageproc.core.capture_time import CaptureTime, capture_time
from imageproc.core.exif import ExifTags

ORIGINAL, DIGITIZED, CHANGED = 0x9003, 0x9004, 0x0132


def photo(**tags: Any) -> CaptureTime | None:
    names = {"original": 0x9003, "sub": 0x9291, "offset": 0x9011, "digitized": 0x9004}
    return capture_time(ExifTags(photo={names[name]: value for name, value in tags.items()}))


def iso(**tags: Any) -> str | None:
    found = photo(**tags)
    return found.iso if found else None


def test_a_time_without_offset_stays_local() -> None:
    assert photo(original="2014:09:16 14:05:12") == CaptureTime("2014-09-16T14:05:12", "DateTimeOriginal")


def test_offset_and_sub_seconds_are_kept_as_written() -> None:
    assert iso(original="2024:02:29 23:59:59", sub="067", offset="+05:30") == "2024-02-29T23:59:59.067+05:30"


@pytest.mark.parametrize(
    ("offset", "shown"), [("Z", "+00:00"), ("-0800", "-08:00"), ("+25:00", ""), ("   :  ", ""), ("CET", "")]
)
def test_an_offset_that_is_none_is_left_out(offset: str, shown: str) -> None:
    assert iso(original="2020:01:01 00:00:00", offset=offset) == "2020-01-01T00:00:00" + shown


@pytest.mark.parametrize("sub", ["", "   ", "abc", None, 5])
def test_sub_seconds_that_are_no_digits_are_left_out(sub: Any) -> None:
    assert iso(original="2020:01:01 00:00:00", sub=sub) == "2020-01-01T00:00:00"


@pytest.mark.parametrize(
    "written", ["2020-01-02 03:04:05", "2020/01/02 03:04:05", "2020:01:02T03:04:05+02:00"]
)
def test_dates_as_some_phones_write_them_are_read(written: str) -> None:
    assert iso(original=written) == "2020-01-02T03:04:05"


@pytest.mark.parametrize(
    "nothing",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        ":  :     :  :",
        "2021:02:30 10:00:00",
        "",
        "yesterday",
        7,
        None,
    ],
)
def test_a_time_that_is_none_gives_way_to_the_next_tag(nothing: Any) -> None:
    assert photo(original=nothing, digitized="2020:01:01 00:00:00") == CaptureTime(
        "2020-01-01T00:00:00", "DateTimeDigitized"
    )


def test_the_time_of_the_last_change_comes_before_the_satellites() -> None:
    gps = {0x1D: "2019:05:06", 0x07: (IFDRational(7), IFDRational(8), IFDRational(9))}
    tags = ExifTags(image={CHANGED: "2020:01:01 00:00:00"}, gps=gps)
    assert capture_time(tags) == CaptureTime("2020-01-01T00:00:00", "DateTime")


def test_the_satellites_time_is_in_utc() -> None:
    gps = {0x1D: "2019:05:06", 0x07: (IFDRational(7), IFDRational(8), IFDRational(95, 10))}
    assert capture_time(ExifTags(gps=gps)) == CaptureTime("2019-05-06T07:08:09+00:00", "GPSDateStamp")


@pytest.mark.parametrize("stamp", [None, (), (1, 2), (IFDRational(0, 0),) * 3, (99, 0, 0), "07:08:09"])
def test_satellites_without_a_time_give_none(stamp: Any) -> None:
    assert capture_time(ExifTags(gps={0x1D: "2019:05:06", 0x07: stamp})) is None


@given(st.one_of(st.text(), st.binary(), st.integers(), st.tuples(st.floats(), st.floats(), st.floats())))
def test_no_value_makes_it_raise(value: Any) -> None:
    tags = dict.fromkeys((ORIGINAL, DIGITIZED, CHANGED, 0x9291, 0x9011, 0x1D, 0x07), value)
    found = capture_time(ExifTags(image=tags, photo=tags, gps=tags))
    assert found is None or datetime.fromisoformat(found.iso)


@given(st.datetimes(min_value=datetime(1900, 1, 1)))
def test_every_time_that_exif_can_write_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert iso(original=moment.strftime("%Y:%m:%d %H:%M:%S")) == moment.isoformat()
