"""A page in a real browser and the local AWS: another origin's gets nothing, the workbench's may upload."""

from __future__ import annotations

import http.server
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from imageproc.local import LocalStatus
from tests.browser.pages import Visit

_FETCH = """async ([url, options, fields]) => {
  if (fields) {
    options.body = new FormData();
    for (const [name, value] of Object.entries(fields)) options.body.append(name, value);
    options.body.append("file", new Blob(["photo"], { type: "image/jpeg" }), "photo.jpg");
  }
  try {
    const answer = await fetch(url, options);
    return [answer.status, answer.type, await answer.text()];
  } catch (error) { return [0, error.name, ""]; }
}"""


class _Blank(http.server.BaseHTTPRequestHandler):
    """Serves an empty page, whatever name it is asked by."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a web server that serves an empty page."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def bucket(local_aws: LocalStatus) -> str:
    name = f"browser-{uuid.uuid4().hex[:8]}"
    s3 = local_aws.session().client("s3")
    s3.create_bucket(Bucket=name)
    rule: Any = {
        "AllowedOrigins": ["http://localhost:*"],
        "AllowedMethods": ["GET", "POST"],
        "AllowedHeaders": ["*"],
    }
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    return name


def form_of(local_aws: LocalStatus, bucket: str, key: str) -> Any:
    s3 = local_aws.session().client("s3", config=Config(s3={"addressing_style": "path"}))
    return s3.generate_presigned_post(bucket, key)


def test_a_page_of_another_origin_gets_nothing(
    visit: Visit, local_aws: LocalStatus, bucket: str, port: int
) -> None:
    page = visit().page
    page.goto(f"http://evil.localhost:{port}/")
    endpoint = local_aws.endpoint
    listing = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    for url, options in (
        (f"{endpoint}/2015-03-31/functions/", {"headers": {"Authorization": "x"}}),
        (f"{endpoint}/", {"method": "POST", "headers": {"Authorization": "x", **listing}, "body": "{}"}),
        (f"{endpoint}/", {"method": "POST", "body": "Action=ListRoles&Version=2010-05-08"}),
        (f"{endpoint}/_ministack/health", {}),
        (f"{endpoint}/{bucket}", {}),
    ):
        assert page.evaluate(_FETCH, [url, options, None]) == [0, "TypeError", ""], url
    # What a page may send without asking is sent, and it learns nothing of the answer.
    simple = {
        "method": "POST",
        "mode": "no-cors",
        "body": "Action=CreateRole&RoleName=evil&Version=2010-05-08",
    }
    assert page.evaluate(_FETCH, [f"{endpoint}/", simple, None]) == [0, "opaque", ""]
    roles = local_aws.session().client("iam").list_roles()["Roles"]
    assert "evil" not in [role["RoleName"] for role in roles]


def test_the_workbenchs_page_uploads_and_reads_the_answer(
    visit: Visit, local_aws: LocalStatus, bucket: str, port: int
) -> None:
    page, form = visit().page, form_of(local_aws, bucket, "ünï/photo.jpg")
    page.goto(f"http://localhost:{port}/")
    sent = page.evaluate(_FETCH, [form["url"], {"method": "POST"}, form["fields"]])
    assert sent == [204, "cors", ""]
    body = local_aws.session().client("s3").get_object(Bucket=bucket, Key="ünï/photo.jpg")["Body"].read()
    assert body == b"photo"
    forged = {**form["fields"], "key": "other"}
    status, kind, text = page.evaluate(_FETCH, [form["url"], {"method": "POST"}, forged])
    assert (status, kind) == (403, "cors")
    assert "AccessDenied" in text, "the page may say why"
    url = (
        local_aws.session()
        .client("s3")
        .generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "ünï/photo.jpg"})
    )
    assert page.evaluate(_FETCH, [url, {}, None]) == [200, "cors", "photo"]
