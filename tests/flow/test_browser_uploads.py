"""Presigned POSTs on the local AWS: S3 takes what they allow and no more; browsers may read the answer."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time

import pytest
import urllib3

from imageproc.client.albums import Album
from imageproc.client.uploads import browser
from imageproc.client.uploads.browser import BrowserUploads, PresignedPost
from imageproc.client.uploads.events import RefusedFile, Uploaded, UploadFailed
from tests.flow.conftest import DONE, Backend
from tests.pictures import jpeg

ORIGIN = "http://localhost:8888"
PHOTO = jpeg()


def uploads(backend: Backend, user: str = "ann") -> BrowserUploads:
    return backend.workbench.uploads.from_browser(Album("a1", user, "Cats", 0))


def post_for(backend: Backend, name: str, data: bytes = PHOTO) -> PresignedPost:
    found = uploads(backend).presigned_post(name, len(data), "image/jpeg", None, data[:32])
    assert isinstance(found, PresignedPost)
    return found


def sent(
    post: PresignedPost, changed: dict[str, str] | None = None, data: bytes = PHOTO
) -> urllib3.BaseHTTPResponse:
    """POST the form as a browser does, with other fields perhaps."""
    fields: dict[str, str | tuple[str, bytes]] = {**post.fields, **(changed or {})}
    fields = {name: value for name, value in fields.items() if value}
    form = {**fields, "file": ("photo.jpg", data)}
    return urllib3.request("POST", post.url, fields=form, headers={"Origin": ORIGIN})


def test_a_photo_that_a_browser_sends_is_processed_as_its_users(backend: Backend, fresh: str) -> None:
    post = post_for(backend, f"{fresh} ünï.jpg")
    answer = sent(post)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    uploaded = uploads(backend).finished(post)
    assert isinstance(uploaded, Uploaded)
    photo = backend.until_version(post.photo_id, str(uploaded.version.id))
    assert photo.status is DONE
    assert (photo.user, photo.album_id) == ("ann", "a1")


def test_the_same_file_gets_no_second_presigned_post(backend: Backend, fresh: str) -> None:
    digest = hashlib.sha256(fresh.encode()).hexdigest()
    offer = (f"{fresh}.jpg", len(PHOTO), "image/jpeg", digest, PHOTO[:32])
    post = uploads(backend).presigned_post(*offer)
    assert isinstance(post, PresignedPost)
    assert sent(post).status == 204
    again = uploads(backend).presigned_post(*offer)
    assert isinstance(again, Uploaded)
    assert again.already_there
    other_user = uploads(backend, "bob")
    assert isinstance(other_user.presigned_post(*offer), PresignedPost)


def test_a_photo_that_the_browser_did_not_send_is_not_called_sent(backend: Backend, fresh: str) -> None:
    failed = uploads(backend).finished(post_for(backend, fresh))
    assert isinstance(failed, UploadFailed)
    assert "does not have it" in failed.cause


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "Incoming/a1/other.jpg"},
        {"x-amz-meta-userid": "bob"},
        {"x-amz-meta-more": "x"},
        {"Content-Type": "text/html"},
        {"x-amz-signature": "0" * 64},
        {"x-amz-signature": ""},
        {"policy": ""},
    ],
    ids=lambda changed: " ".join(f"{name}={value[:12]}" for name, value in changed.items()),
)
def test_a_form_that_was_changed_is_refused(backend: Backend, fresh: str, changed: dict[str, str]) -> None:
    post = post_for(backend, fresh)
    assert sent(post, changed).status in (400, 403)
    assert isinstance(uploads(backend).finished(post), UploadFailed)


def test_a_policy_that_was_changed_is_refused(backend: Backend, fresh: str) -> None:
    post = post_for(backend, fresh)
    policy = json.loads(base64.b64decode(post.fields["policy"]))
    forged = base64.b64encode(json.dumps({**policy, "expiration": "2099-01-01T00:00:00Z"}).encode())
    assert sent(post, {"policy": forged.decode()}).status == 403


def test_a_form_without_a_signature_is_refused(backend: Backend, fresh: str) -> None:
    unsigned = dict.fromkeys((name for name in post_for(backend, fresh).fields if name != "key"), "")
    assert sent(post_for(backend, fresh), unsigned).status == 403


def test_more_or_fewer_bytes_are_refused(backend: Backend, fresh: str) -> None:
    post = post_for(backend, fresh)
    assert b"EntityTooLarge" in sent(post, data=PHOTO + b"x").data
    assert b"EntityTooSmall" in sent(post, data=PHOTO[:-1]).data


def test_a_presigned_post_expires(backend: Backend, fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "EXPIRY_S", 1)
    post = post_for(backend, fresh)
    time.sleep(1.5)
    answer = sent(post)
    assert answer.status == 403
    assert b"expired" in answer.data


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), ("http://evil.example", 403)])
def test_pages_of_this_machine_alone_may_post(backend: Backend, fresh: str, origin: str, status: int) -> None:
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = urllib3.request("OPTIONS", post_for(backend, fresh).url, headers=asking)
    assert answer.status == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


def test_bytes_that_came_another_way_become_the_same_photo(backend: Backend, fresh: str) -> None:
    post = post_for(backend, fresh)
    assert isinstance(uploads(backend).send_bytes(post, io.BytesIO(PHOTO)), Uploaded)
    head = backend.stack.client("s3").head_object(Bucket=backend.stack.bucket, Key=post.key)
    assert (head["ContentType"], head["Metadata"]) == ("image/jpeg", {"userid": "ann", "albumid": "a1"})


@pytest.mark.parametrize("body", [b"", b"no photo", PHOTO + b"x"])
def test_bytes_that_are_not_the_offered_file_are_not_sent(backend: Backend, fresh: str, body: bytes) -> None:
    post = post_for(backend, fresh)
    assert isinstance(uploads(backend).send_bytes(post, io.BytesIO(body)), RefusedFile)
    assert isinstance(uploads(backend).finished(post), UploadFailed)
