"""Tickets for uploads from a browser: what they allow, and what a hostile browser gets."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.client.albums import Album
from imageproc.client.browser_uploads import TICKET_S, BrowserUploads, Ticket
from imageproc.client.errors import UploadError
from imageproc.client.stack import Stack
from imageproc.client.target import AWS, Target
from imageproc.client.uploads import Refusal, Refused, Upload, prepare
from imageproc.core.keys import MAX_KEY_BYTES
from imageproc.core.limits import MAX_BYTES

JPEG = b"\xff\xd8\xff\xe0" + bytes(28)
HEIC = b"\0\0\0\x18ftypheic" + bytes(20)


def uploads(region: str = "eu-west-1", user: str = "ann", album: str = "a1") -> BrowserUploads:
    """Return what signs for a bucket on AWS; it asks nobody while no digest is given."""
    session = boto3.Session("AKIDEXAMPLE", "secret", "token", region_name=region)
    stack = Stack(Target(AWS, session), "s", {"S3PhotoRepoBucket": "photos-1"})
    return BrowserUploads(stack, Album(album, user, "Cats", 0))


UPLOADS = uploads()


def ticket_for(name: str = "cat.jpg", size: int = 993) -> Ticket:
    found = UPLOADS.ticket(name, size, "image/jpeg")
    assert isinstance(found, Ticket)
    return found


def policy_of(ticket: Ticket) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(ticket.fields["policy"]))
    return policy


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "eu-south-2"])
def test_tickets_are_for_the_buckets_own_host_in_its_region(region: str) -> None:
    ticket = uploads(region).ticket("cat.jpg", 993, "image/jpeg")
    assert isinstance(ticket, Ticket)
    assert ticket.url == f"https://photos-1.s3.{region}.amazonaws.com/"
    assert ticket.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert f"/{region}/s3/aws4_request" in ticket.fields["x-amz-credential"]


def test_a_ticket_allows_this_file_and_no_other() -> None:
    ticket = ticket_for(size=993)
    conditions = policy_of(ticket)["conditions"]
    assert {"key": ticket.key} in conditions
    assert {"bucket": "photos-1"} in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert {"x-amz-meta-userid": "ann"} in conditions
    assert {"x-amz-meta-albumid": "a1"} in conditions
    assert ["content-length-range", 993, 993] in conditions
    assert {one for one in ticket.fields if one.startswith("x-amz-meta-")} == {
        "x-amz-meta-userid",
        "x-amz-meta-albumid",
    }
    assert TICKET_S == 300


def test_a_file_gets_the_same_object_id_from_the_browser_and_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "cät.jpg"
    path.write_bytes(JPEG)
    digest = hashlib.sha256(JPEG).hexdigest()
    prepared = prepare(path, "a1")
    assert isinstance(prepared, Upload)
    # Nobody can be asked here whether it is there already, so the digest is used without asking.
    assert UPLOADS._checked("cät.jpg", len(JPEG), "image/jpeg", digest, JPEG).object_id == prepared.object_id


@pytest.mark.parametrize(
    ("offer", "kind", "cause"),
    [
        (("", 9, "image/jpeg"), Refusal.INVALID, "needs a name"),
        (("x" * 5000, 9, "image/jpeg"), Refusal.INVALID, "needs a name"),
        ((None, 9, "image/jpeg"), Refusal.INVALID, "needs a name"),
        (("a.jpg", -1, "image/jpeg"), Refusal.INVALID, "no size"),
        (("a.jpg", True, "image/jpeg"), Refusal.INVALID, "no size"),
        (("a.jpg", 1.5, "image/jpeg"), Refusal.INVALID, "no size"),
        (("a.jpg", "9", "image/jpeg"), Refusal.INVALID, "no size"),
        (("a.jpg", 9, "image/jpeg", "../../x"), Refusal.INVALID, "SHA-256"),
        (("a.jpg", 9, "image/jpeg", "A" * 64), Refusal.INVALID, "SHA-256"),
        (("a.jpg", 0, "image/jpeg"), Refusal.NOT_A_PHOTO, "empty"),
        (("a.jpg", MAX_BYTES + 1, "image/jpeg"), Refusal.TOO_LARGE, "at most 104,857,600"),
        (("a.html", 9, "text/html"), Refusal.NOT_A_PHOTO, "no JPEG or PNG"),
        (("a.jpg", 9, ["image/jpeg"]), Refusal.NOT_A_PHOTO, "no JPEG or PNG"),
        (("a.heic", 30, "image/jpeg", None, HEIC), Refusal.NOT_A_PHOTO, "is HEIC"),
        (("a.png", 32, "image/png", None, JPEG), Refusal.NOT_A_PHOTO, "no JPEG or PNG"),
    ],
)
def test_what_no_photo_is_and_no_browser_sends_is_refused(
    offer: tuple[Any, ...], kind: Refusal, cause: str
) -> None:
    refused = UPLOADS.ticket(*offer)
    assert isinstance(refused, Refused)
    assert refused.kind is kind
    assert cause in refused.cause


@given(st.text(min_size=1, max_size=300))
def test_whatever_the_name_the_key_is_exact_and_in_its_album(name: str) -> None:
    ticket = ticket_for(name)
    assert ticket.key.startswith("Incoming/a1/")
    assert ticket.key.count("/") == 2
    assert len(ticket.key.encode()) <= MAX_KEY_BYTES
    assert ticket.key.isprintable() or not any(one < " " for one in ticket.key)
    assert {"key": ticket.key} in policy_of(ticket)["conditions"]
    assert not any(
        one[0] == "starts-with" for one in policy_of(ticket)["conditions"] if isinstance(one, list)
    )


@pytest.mark.parametrize("name", ["${filename}", "x${filename}.jpg", "x${filename}"])
def test_a_name_cannot_be_one_that_s3_replaces(name: str) -> None:
    ticket = ticket_for(name)
    assert "${filename}" not in ticket.key
    assert {"key": ticket.key} in policy_of(ticket)["conditions"]


def test_two_files_without_a_digest_get_two_photos() -> None:
    assert ticket_for().key != ticket_for().key


@pytest.mark.parametrize(("user", "album"), [("${filename}", "a1"), ("ann", "${filename}"), ("änn", "a1")])
def test_a_user_or_album_that_a_form_cannot_carry_is_refused(user: str, album: str) -> None:
    with pytest.raises(UploadError):
        uploads(user=user, album=album)
