"""Addresses for a browser, and pictures made for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from imageproc.client.errors import PhotoMissingError
from imageproc.client.links import Links, make_rendition
from imageproc.client.photos import Photo, Photos
from imageproc.client.stack import Stack
from imageproc.client.target import AWS, LOCAL, Target
from tests import pictures


def stack(name: str = AWS, endpoint: str | None = None) -> Stack:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    return Stack(Target(name, session, endpoint), "s", {"S3PhotoRepoBucket": "photos"})


def photo(**record: Any) -> Photo:
    place = {"s3Bucket": "photos", "s3Key": "Thumbnails/a b+ü.jpg"}
    return Photo({"imageID": "a b+ü.jpg", "s3key": "Incoming/a b+ü.jpg", "thumbnail": place, **record})


def test_a_thumbnails_address_is_short_lived_and_regional() -> None:
    address = urlsplit(str(Links(stack()).thumbnail(photo())))
    query = parse_qs(address.query)
    assert address.netloc == "photos.s3.us-east-1.amazonaws.com"
    assert address.path == "/Thumbnails/a%20b%2B%C3%BC.jpg"
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(query["X-Amz-Expires"][0]) <= 900


def test_the_local_aws_is_asked_at_its_own_address() -> None:
    address = str(Links(stack(LOCAL, "http://127.0.0.1:4566")).thumbnail(photo()))
    assert address.startswith("http://127.0.0.1:4566/photos/Thumbnails/")


def test_an_original_is_saved_not_shown_and_in_the_records_version() -> None:
    query = parse_qs(urlsplit(str(Links(stack()).original(photo(versionId="v1")))).query)
    assert query["response-content-disposition"] == ["attachment"]
    assert query["response-content-type"] == ["application/octet-stream"]
    assert query["versionId"] == ["v1"]


@pytest.mark.parametrize("place", [None, {}, "Thumbnails/x", {"s3Key": 7}, {"s3Key": "Incoming/secret.jpg"}])
def test_nothing_but_a_thumbnail_has_a_thumbnails_address(place: Any) -> None:
    odd = photo(thumbnail=place)
    assert odd.thumbnail_key is None
    assert Links(stack()).thumbnail(odd) is None
    with pytest.raises(PhotoMissingError):
        Photos(stack()).thumbnail(odd)


def test_a_rendition_is_upright_small_and_transparent_where_the_photo_is() -> None:
    made = make_rendition(pictures.jpeg((3200, 1600), orientation=6))
    assert (made.width, made.height, made.content_type) == (800, 1600, "image/jpeg")
    assert pictures.opened(made.data).size == (800, 1600)
    clear = make_rendition(pictures.png())
    assert clear.content_type == "image/webp"
    assert pictures.opened(clear.data).mode == "RGBA"
