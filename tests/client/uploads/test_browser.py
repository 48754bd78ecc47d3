"""Presigned POSTs for uploads from a browser: what they allow, and what a hostile browser gets."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.client.albums import Album
from imageproc.client.target import AWS, Target
from imageproc.client.uploads.browser import EXPIRY_S, BrowserUploads, PresignedPost
from imageproc.client.uploads.events import PreparedFile, Refusal, RefusedFile, Uploaded, UploadFailed
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.core.keys import MAX_KEY_BYTES
from imageproc.core.limits import MAX_BYTES
from imageproc.errors import UploadError
from tests import pictures
from tests.client.conftest import Backend

JPEG = b"\xff\xd8\xff\xe0" + bytes(28)
PHOTO, PNG = pictures.jpeg((50, 40)), pictures.png((50, 40))
ALBUM = Album("a1", "ann", "Cats", 0)
HEIC = b"\0\0\0\x18ftypheic" + bytes(20)


def uploads(region: str = "eu-west-1", user: str = "ann", album: str = "a1") -> BrowserUploads:
    """Return what signs for a bucket on AWS; it asks nobody while no digest is given."""
    session = boto3.Session("AKIDEXAMPLE", "secret", "token", region_name=region)
    workbench = Workbench(Target(AWS, session))
    workbench.stack.outputs = {"S3PhotoRepoBucket": "photos-1"}
    return workbench.uploads.from_browser(Album(album, user, "Cats", 0))


UPLOADS = uploads()


def post_for(name: str = "cat.jpg", size: int = 993) -> PresignedPost:
    found = UPLOADS.presigned_post(name, size, "image/jpeg")
    assert isinstance(found, PresignedPost)
    return found


def policy_of(post: PresignedPost) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(post.fields["policy"]))
    return policy


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "eu-south-2"])
def test_presigned_posts_are_for_the_buckets_own_host_in_its_region(region: str) -> None:
    post = uploads(region).presigned_post("cat.jpg", 993, "image/jpeg")
    assert isinstance(post, PresignedPost)
    assert post.url == f"https://photos-1.s3.{region}.amazonaws.com/"
    assert post.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert f"/{region}/s3/aws4_request" in post.fields["x-amz-credential"]


def test_a_presigned_post_allows_this_file_and_no_other() -> None:
    post = post_for(size=993)
    conditions = policy_of(post)["conditions"]
    assert {"key": post.key} in conditions
    assert {"bucket": "photos-1"} in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert {"x-amz-meta-userid": "ann"} in conditions
    assert {"x-amz-meta-albumid": "a1"} in conditions
    assert ["content-length-range", 993, 993] in conditions
    assert {one for one in post.fields if one.startswith("x-amz-meta-")} == {
        "x-amz-meta-userid",
        "x-amz-meta-albumid",
    }
    assert EXPIRY_S == 300


def test_a_file_gets_the_same_photo_id_from_the_browser_and_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "cät.jpg"
    path.write_bytes(JPEG)
    digest = hashlib.sha256(JPEG).hexdigest()
    prepared = prepare_file(path, "a1")
    assert isinstance(prepared, PreparedFile)
    # Nobody can be asked here whether it is there already, so the digest is used without asking.
    assert UPLOADS._checked("cät.jpg", len(JPEG), "image/jpeg", digest, JPEG).photo_id == prepared.photo_id


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
        (("a.html", 9, "text/html"), Refusal.NOT_A_PHOTO, "neither JPEG nor PNG"),
        (("a.jpg", 9, ["image/jpeg"]), Refusal.NOT_A_PHOTO, "neither JPEG nor PNG"),
        (("a.heic", 30, "image/jpeg", None, HEIC), Refusal.NOT_A_PHOTO, "is HEIC"),
        (("a.png", 32, "image/png", None, JPEG), Refusal.NOT_A_PHOTO, "neither JPEG nor PNG"),
    ],
)
def test_what_is_not_a_photo_or_what_no_browser_sends_is_refused(
    offer: tuple[Any, ...], kind: Refusal, cause: str
) -> None:
    refused = UPLOADS.presigned_post(*offer)
    assert isinstance(refused, RefusedFile)
    assert refused.kind is kind
    assert cause in refused.cause


@given(st.text(min_size=1, max_size=300))
def test_whatever_the_name_the_key_is_exact_and_in_its_album(name: str) -> None:
    post = post_for(name)
    assert post.key.startswith("Incoming/a1/")
    assert post.key.count("/") == 2
    assert len(post.key.encode()) <= MAX_KEY_BYTES
    assert post.key.isprintable() or not any(one < " " for one in post.key)
    assert {"key": post.key} in policy_of(post)["conditions"]
    assert not any(one[0] == "starts-with" for one in policy_of(post)["conditions"] if isinstance(one, list))


@pytest.mark.parametrize("name", ["${filename}", "x${filename}.jpg", "x${filename}"])
def test_a_name_cannot_be_one_that_s3_replaces(name: str) -> None:
    post = post_for(name)
    assert "${filename}" not in post.key
    assert {"key": post.key} in policy_of(post)["conditions"]


def test_two_files_without_a_digest_get_two_photos() -> None:
    assert post_for().key != post_for().key


@pytest.mark.parametrize(("user", "album"), [("${filename}", "a1"), ("ann", "${filename}"), ("änn", "a1")])
def test_a_user_or_album_that_a_form_cannot_carry_is_refused(user: str, album: str) -> None:
    with pytest.raises(UploadError):
        uploads(user=user, album=album)


@pytest.fixture
def browser_uploads(backend: Backend) -> BrowserUploads:
    return backend.workbench.uploads.from_browser(ALBUM)


def offered(uploads: BrowserUploads, data: bytes = PHOTO) -> Any:
    """Offer a file as a browser does that can hash."""
    return uploads.presigned_post(
        "cat.jpg", len(data), "image/jpeg", hashlib.sha256(data).hexdigest(), data[:32]
    )


def test_a_file_that_is_there_already_needs_no_form(
    backend: Backend, browser_uploads: BrowserUploads
) -> None:
    post = offered(browser_uploads)
    assert isinstance(post, PresignedPost)
    version = backend.put(post.photo_id, PHOTO)
    there = offered(browser_uploads)
    assert isinstance(there, Uploaded)
    assert (there.already_there, there.version.id) == (True, version)
    others = backend.workbench.uploads.from_browser(Album("a1", "bob", "Cats", 0))
    assert isinstance(offered(others), PresignedPost), "another user's is another photo's"


def test_what_the_album_has_under_another_name_needs_no_form_either(
    backend: Backend, browser_uploads: BrowserUploads
) -> None:
    first = offered(browser_uploads)
    backend.put(first.photo_id, PHOTO)
    digest = hashlib.sha256(PHOTO).hexdigest()
    found = browser_uploads.presigned_post("other.jpg", len(PHOTO), "image/jpeg", digest, PHOTO[:32])
    assert isinstance(found, Uploaded)
    assert (found.already_there, found.there_as) == (True, first.photo_id)
    allowed = backend.workbench.uploads.from_browser(ALBUM, allow_duplicates=True)
    post = allowed.presigned_post("other.jpg", len(PHOTO), "image/jpeg", digest, PHOTO[:32])
    assert isinstance(post, PresignedPost)


def test_a_file_counts_as_uploaded_only_if_the_bucket_has_it(
    backend: Backend, browser_uploads: BrowserUploads
) -> None:
    post = offered(browser_uploads)
    missing = browser_uploads.finished(post)
    assert isinstance(missing, UploadFailed)
    assert missing.cause.endswith("Upload it again.")
    version = backend.put(post.photo_id, PHOTO)
    done = browser_uploads.finished(post)
    assert isinstance(done, Uploaded)
    assert (done.version.id, done.file) == (version, post.file)
    backend.put(post.photo_id, PHOTO + b"more")
    assert isinstance(browser_uploads.finished(post), UploadFailed), "it has another size"


@pytest.mark.parametrize("ask", ["presigned_post", "finished"])
def test_a_bucket_that_may_not_be_asked_is_told_as_a_failure_of_the_file(
    backend: Backend, browser_uploads: BrowserUploads, ask: str
) -> None:
    post = offered(browser_uploads)
    backend.refuse("s3", "HeadObject")
    failed = offered(browser_uploads) if ask == "presigned_post" else browser_uploads.finished(post)
    assert isinstance(failed, UploadFailed)
    assert failed.cause.startswith("Uploading cat.jpg failed: ")


def test_bytes_that_came_through_the_kernel_are_sent_as_the_form_allows(
    backend: Backend, browser_uploads: BrowserUploads
) -> None:
    post = offered(browser_uploads)
    sent = browser_uploads.send_bytes(post, io.BytesIO(PHOTO))
    assert isinstance(sent, Uploaded)
    found = backend.stack.client("s3").get_object(Bucket="photos", Key=post.key)
    assert found["Body"].read() == PHOTO
    assert (found["VersionId"], found["ContentType"]) == (sent.version.id, "image/jpeg")
    assert found["Metadata"] == {"userid": "ann", "albumid": "a1"}


@pytest.mark.parametrize(
    ("body", "cause"),
    [(b"", "empty"), (b"no photo", "image"), (PHOTO + b"x", "changed meanwhile"), (PNG, "changed meanwhile")],
    ids=["empty", "text", "longer", "png"],
)
def test_bytes_that_are_not_the_offered_file_are_not_sent(
    backend: Backend, browser_uploads: BrowserUploads, body: bytes, cause: str
) -> None:
    post = offered(browser_uploads)
    refused = browser_uploads.send_bytes(post, io.BytesIO(body))
    assert isinstance(refused, RefusedFile)
    assert cause in refused.cause
    assert isinstance(browser_uploads.finished(post), UploadFailed)


def test_bytes_that_aws_does_not_take_are_told_as_a_failure(
    backend: Backend, browser_uploads: BrowserUploads
) -> None:
    post = offered(browser_uploads)
    backend.refuse("s3", "PutObject")
    failed = browser_uploads.send_bytes(post, io.BytesIO(PHOTO))
    assert isinstance(failed, UploadFailed)
    assert "the test says so" in failed.cause
