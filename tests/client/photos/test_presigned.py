"""Addresses for a browser."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from imageproc.client.photos import Photos
from imageproc.client.photos.photo import Photo
from imageproc.client.target import AWS, LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.core.record_codec import decode
from imageproc.errors import InvalidArgumentError, PhotoNotFoundError


def photos(name: str = AWS, endpoint: str | None = None) -> Photos:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    workbench = Workbench(Target(name, session, endpoint))
    workbench.stack.outputs = {"S3PhotoRepoBucket": "photos"}
    return workbench.photos


def photo(**stored: Any) -> Photo:
    place = {"s3Bucket": "photos", "s3Key": "Thumbnails/a b+ü.jpg"}
    known = {"imageID": "a b+ü.jpg", "s3key": "Incoming/a b+ü.jpg", "thumbnail": place, **stored}
    return decode(known, Photo)


def test_a_thumbnails_address_is_short_lived_and_regional() -> None:
    address = urlsplit(str(photos().urls().thumbnail(photo())))
    query = parse_qs(address.query)
    assert address.netloc == "photos.s3.us-east-1.amazonaws.com"
    assert address.path == "/Thumbnails/a%20b%2B%C3%BC.jpg"
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(query["X-Amz-Expires"][0]) <= 900


def test_the_local_aws_is_asked_at_its_own_address() -> None:
    address = str(photos(LOCAL, "http://127.0.0.1:4566").urls().thumbnail(photo()))
    assert address.startswith("http://127.0.0.1:4566/photos/Thumbnails/")


@pytest.mark.parametrize(("name", "endpoint"), [(AWS, None), (LOCAL, "http://127.0.0.1:4566")])
@pytest.mark.parametrize(
    "key", ["Thumbnails/a b+ü.jpg", "Thumbnails/~(1)/'&?#%20=*!.jpg", "Thumbnails/x//y.jpg"]
)
def test_a_thumbnails_address_is_what_botocore_makes(
    name: str, endpoint: str | None, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2026, 11, 26, 12, 30, 45))
    urls = photos(name, endpoint).urls()
    signed = urls._sign(Bucket=urls._stack.bucket, Key=key)
    assert urls.thumbnail(photo(thumbnail={"s3Bucket": "photos", "s3Key": key})) == signed


def test_an_original_is_saved_not_shown_and_in_the_records_version() -> None:
    query = parse_qs(urlsplit(str(photos().urls().original(photo(versionId="v1")))).query)
    assert query["response-content-disposition"] == ["attachment; filename*=UTF-8''a%20b%2B%C3%BC.jpg"]
    assert query["response-content-type"] == ["application/octet-stream"]
    assert query["versionId"] == ["v1"]


@pytest.mark.parametrize("place", [None, {}, "Thumbnails/x", {"s3Key": 7}, {"s3Key": "Incoming/secret.jpg"}])
def test_nothing_but_a_thumbnail_has_a_thumbnails_address(place: Any) -> None:
    odd = photo(thumbnail=place)
    assert odd.thumbnail_key is None
    assert photos().urls().thumbnail(odd) is None
    with pytest.raises(PhotoNotFoundError):
        photos().read_thumbnail(odd)


@pytest.mark.parametrize("seconds", [0, 8 * 24 * 3600, "x"])
def test_addresses_are_good_for_seven_days_at_most(seconds: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"604,800 \(seven days\) at most"):
        photos().urls(seconds)


def test_addresses_are_made_by_names_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = photos()
    monkeypatch.setattr(type(known), "get", lambda *_: photo())
    monkeypatch.setattr(type(known), "find", lambda _, one: photo() if isinstance(one, str) else one)
    urls = known.urls()
    assert str(urls.original("a b+ü.jpg")).startswith("https://photos.s3.us-east-1.amazonaws.com/Incoming/")
    assert "Thumbnails" in str(urls.thumbnail("a b+ü.jpg"))
