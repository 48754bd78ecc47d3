from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from imageproc.core.gps import position_attributes

UNKNOWN = IFDRational(0, 0)
GREENWICH: dict[int, Any] = {
    1: "N",
    2: (IFDRational(51), IFDRational(28), IFDRational(4038, 100)),
    3: "W",
    4: (IFDRational(0), IFDRational(0), IFDRational(531, 100)),
}


def position(**changes: Any) -> dict[str, Any]:
    tags = {"ns": 1, "lat": 2, "ew": 3, "lon": 4, "below": 5, "altitude": 6, "datum": 0x12}
    return position_attributes(GREENWICH | {tags[name]: value for name, value in changes.items()})


def test_a_position_is_given_as_stored_and_in_decimal_degrees() -> None:
    assert position() == {
        "latitude": {"D": 51, "M": 28, "S": 40.38, "Direction": "N"},
        "longitude": {"D": 0, "M": 0, "S": 5.31, "Direction": "W"},
        "geo": {"latitude": 51.47788333, "longitude": -0.001475},
    }


def test_south_and_west_are_negative() -> None:
    geo = position(ns="S", ew="E")["geo"]
    assert (geo["latitude"], geo["longitude"]) == (-51.47788333, 0.001475)


@pytest.mark.parametrize(
    ("below", "metres"), [(b"\0", 46.5), (0, 46.5), (b"\1", -46.5), (1, -46.5), (None, 46.5)]
)
def test_altitude_is_in_metres_above_sea_level(below: Any, metres: float) -> None:
    assert position(altitude=IFDRational(465, 10), below=below)["geo"]["altitude"] == metres


@pytest.mark.parametrize("altitude", [UNKNOWN, IFDRational(4294967295), "high", None])
def test_an_impossible_altitude_loses_only_itself(altitude: Any) -> None:
    assert "altitude" not in position(altitude=altitude)["geo"]


def test_an_altitude_without_a_position_is_nothing() -> None:
    assert position_attributes({6: IFDRational(100)}) == {}


@pytest.mark.parametrize(
    "lat", [(51.5,), 51.5, (51.5, UNKNOWN, UNKNOWN), (IFDRational(51), IFDRational(30)), (51, 30, 0, 9)]
)
def test_degrees_with_fewer_parts_are_read(lat: Any) -> None:
    assert position(lat=lat)["geo"]["latitude"] == 51.5


@pytest.mark.parametrize(
    "broken",
    [
        {"ns": None},  # the hemisphere is unknown
        {"ns": "\0"},
        {"ns": "E"},
        {"ew": "N"},
        {"lat": None},
        {"lat": (UNKNOWN,) * 3},
        {"lat": (91, 0, 0)},
        {"lat": (90, 0, 1)},
        {"lon": (180, 0, 1)},
        {"lat": (-51, 0, 0)},
        {"lat": (51, 61, 0)},
        {"lat": ()},
        {"lat": "51 28 40"},
        {"lat": (0, 0, 0), "lon": (0, 0, 0)},  # what a camera without a fix writes
    ],
)
def test_a_position_that_cannot_be_trusted_is_no_position(broken: dict[str, Any]) -> None:
    assert position(**broken) == {}


def test_the_equator_and_the_meridian_are_places() -> None:
    assert position(lat=(0, 0, 0))["geo"]["latitude"] == 0
    assert position(lon=(0, 0, 0))["geo"]["longitude"] == 0


@pytest.mark.parametrize("datum", ["WGS-84", "WGS84   ", "", "\0", None, "GCJ-02?"])
def test_a_position_counts_as_wgs_84_unless_it_says_otherwise(datum: Any) -> None:
    assert "geo" in position(datum=datum)


def test_a_position_on_another_datum_stays_as_stored() -> None:
    assert position(datum="TOKYO").keys() == {"latitude", "longitude"}


@given(st.dictionaries(st.sampled_from([1, 2, 3, 4, 5, 6, 0x12]), st.one_of(
    st.sampled_from(["N", "S", "E", "W"]),
    st.floats(),
    st.binary(max_size=3),
    st.lists(st.builds(IFDRational, st.integers(0, 200), st.integers(0, 9)), max_size=4).map(tuple),
)))  # fmt: skip
def test_whatever_is_stored_is_a_place_on_earth(gps: dict[int, Any]) -> None:
    attributes = position_attributes(gps)
    json.dumps(attributes, allow_nan=False)
    if attributes:
        assert abs(attributes["geo"]["latitude"]) <= 90
        assert abs(attributes["geo"]["longitude"]) <= 180
