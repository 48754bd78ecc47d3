"""Reads an object of the local S3 with the caller's own credentials, so that the caller's rights decide."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from imageproc.local.recognition.errors import ImageTooLarge, InternalServerError, InvalidS3Object
from imageproc.local.recognition.request import MAX_OBJECT_BYTES

if TYPE_CHECKING:
    from imageproc.local.recognition.request import S3Object

_SECONDS = 10.0
# Amazon Rekognition's own words; it does not say either whether an object is missing or forbidden.
_REFUSED = "Unable to get object metadata from S3. Check object key, region and/or access permissions."


@dataclass(frozen=True)
class Caller:
    """Whom a request comes from: the credentials that it was signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    region: str


def read_object(endpoint: str, caller: Caller, where: S3Object) -> bytes:
    """Return the object's bytes.

    Raises InvalidS3Object, ImageTooLarge or InternalServerError.
    """
    path = f"/{quote(where.bucket, safe='')}/{quote(where.name, safe='/~')}"
    query = f"?{urlencode({'versionId': where.version})}" if where.version else ""
    request = AWSRequest("GET", f"{endpoint}{path}{query}", headers={"Host": urlsplit(endpoint).netloc})
    credentials = Credentials(caller.access_key_id, caller.secret_access_key, caller.session_token)
    S3SigV4Auth(credentials, "s3", caller.region).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=_SECONDS)
    try:
        connection.request("GET", path + query, headers=dict(request.headers.items()))
        return _body(connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        raise InternalServerError(f"S3 does not answer: {error}") from error
    finally:
        connection.close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise InternalServerError(f"S3 answered {answer.status}.")
    if answer.status != http.HTTPStatus.OK:
        raise InvalidS3Object(_REFUSED)
    data = answer.read(MAX_OBJECT_BYTES + 1)
    if len(data) > MAX_OBJECT_BYTES:
        raise ImageTooLarge(f"The image has more than {MAX_OBJECT_BYTES:,} bytes.")
    return data
