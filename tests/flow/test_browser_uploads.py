"""Tickets on the local AWS: S3 takes what they allow and refuses the rest; browsers may read the answer."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time

import pytest
import urllib3

from imageproc.client import browser_uploads
from imageproc.client.albums import Album
from imageproc.client.browser_uploads import BrowserUploads, Ticket
from imageproc.client.uploads import Failed, Refused, Sent
from tests.flow.conftest import DONE, Backend
from tests.pictures import jpeg

ORIGIN = "http://localhost:8888"
PHOTO = jpeg()


def tickets(backend: Backend) -> BrowserUploads:
    return BrowserUploads(backend.stack, Album("a1", "ann", "Cats", 0))


def ticket_for(backend: Backend, name: str, data: bytes = PHOTO) -> Ticket:
    found = tickets(backend).ticket(name, len(data), "image/jpeg", None, data[:32])
    assert isinstance(found, Ticket)
    return found


def post(
    ticket: Ticket, changed: dict[str, str] | None = None, data: bytes = PHOTO
) -> urllib3.BaseHTTPResponse:
    """POST the form as a browser does, with other fields perhaps."""
    fields: dict[str, str | tuple[str, bytes]] = {**ticket.fields, **(changed or {})}
    fields = {name: value for name, value in fields.items() if value}
    form = {**fields, "file": ("photo.jpg", data)}
    return urllib3.request("POST", ticket.url, fields=form, headers={"Origin": ORIGIN})


def test_a_photo_that_a_browser_sends_is_processed_as_its_users(backend: Backend, fresh: str) -> None:
    ticket = ticket_for(backend, f"{fresh} ünï.jpg")
    answer = post(ticket)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    sent = tickets(backend).finished(ticket)
    assert isinstance(sent, Sent)
    photo = backend.until_version(ticket.object_id, str(sent.version.id))
    assert photo.status is DONE
    assert (photo.record["userID"], photo.record["albumID"]) == ("ann", "a1")


def test_the_same_file_gets_no_second_ticket(backend: Backend, fresh: str) -> None:
    digest = hashlib.sha256(fresh.encode()).hexdigest()
    offer = (f"{fresh}.jpg", len(PHOTO), "image/jpeg", digest, PHOTO[:32])
    ticket = tickets(backend).ticket(*offer)
    assert isinstance(ticket, Ticket)
    assert post(ticket).status == 204
    again = tickets(backend).ticket(*offer)
    assert isinstance(again, Sent)
    assert again.already_there
    other_user = BrowserUploads(backend.stack, Album("a1", "bob", "Cats", 0))
    assert isinstance(other_user.ticket(*offer), Ticket)


def test_a_photo_that_the_browser_did_not_send_is_not_called_sent(backend: Backend, fresh: str) -> None:
    failed = tickets(backend).finished(ticket_for(backend, fresh))
    assert isinstance(failed, Failed)
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
    ticket = ticket_for(backend, fresh)
    assert post(ticket, changed).status in (400, 403)
    assert isinstance(tickets(backend).finished(ticket), Failed)


def test_a_policy_that_was_changed_is_refused(backend: Backend, fresh: str) -> None:
    ticket = ticket_for(backend, fresh)
    policy = json.loads(base64.b64decode(ticket.fields["policy"]))
    forged = base64.b64encode(json.dumps({**policy, "expiration": "2099-01-01T00:00:00Z"}).encode())
    assert post(ticket, {"policy": forged.decode()}).status == 403


def test_a_form_without_a_signature_is_refused(backend: Backend, fresh: str) -> None:
    unsigned = dict.fromkeys((name for name in ticket_for(backend, fresh).fields if name != "key"), "")
    assert post(ticket_for(backend, fresh), unsigned).status == 403


def test_more_or_fewer_bytes_are_refused(backend: Backend, fresh: str) -> None:
    ticket = ticket_for(backend, fresh)
    assert b"EntityTooLarge" in post(ticket, data=PHOTO + b"x").data
    assert b"EntityTooSmall" in post(ticket, data=PHOTO[:-1]).data


def test_a_ticket_expires(backend: Backend, fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_uploads, "TICKET_S", 1)
    ticket = ticket_for(backend, fresh)
    time.sleep(1.5)
    answer = post(ticket)
    assert answer.status == 403
    assert b"expired" in answer.data


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), ("http://evil.example", 403)])
def test_pages_of_this_machine_alone_may_post(backend: Backend, fresh: str, origin: str, status: int) -> None:
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = urllib3.request("OPTIONS", ticket_for(backend, fresh).url, headers=asking)
    assert answer.status == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


def test_bytes_that_came_another_way_become_the_same_photo(backend: Backend, fresh: str) -> None:
    ticket = ticket_for(backend, fresh)
    assert isinstance(tickets(backend).send_bytes(ticket, io.BytesIO(PHOTO)), Sent)
    head = backend.stack.client("s3").head_object(Bucket=backend.stack.bucket, Key=ticket.key)
    assert (head["ContentType"], head["Metadata"]) == ("image/jpeg", {"userid": "ann", "albumid": "a1"})


@pytest.mark.parametrize("body", [b"", b"no photo", PHOTO + b"x"])
def test_bytes_that_are_not_the_offered_file_are_not_sent(backend: Backend, fresh: str, body: bytes) -> None:
    ticket = ticket_for(backend, fresh)
    assert isinstance(tickets(backend).send_bytes(ticket, io.BytesIO(body)), Refused)
    assert isinstance(tickets(backend).finished(ticket), Failed)
