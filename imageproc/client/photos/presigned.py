"""Addresses of pictures, which a browser fetches from S3 itself.

An address is presigned: anyone who has it may read that one object until it expires. Never store it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.utils import percent_encode

from imageproc.aws.translation import translated
from imageproc.client.photos.originals import located
from imageproc.client.photos.photo import Photo, PhotoLike
from imageproc.client.stack import Stack
from imageproc.core.file_names import saved_name
from imageproc.core.formats import CONTENT_TYPES
from imageproc.errors import InvalidArgumentError

EXPIRY_S = 900
"""Seconds for which an address is good. On AWS it ends earlier if the credentials do."""

MOST_S = 7 * 24 * 3600
"""The longest time that Signature Version 4 takes, in seconds."""


class PresignedUrls:
    """Presigned URLs of a stack's pictures."""

    def __init__(self, stack: Stack, find: Callable[[PhotoLike], Photo], expiry_s: int = EXPIRY_S) -> None:
        """Make addresses that are good for so many seconds; `find` finds photos by their names.

        Raises InvalidArgumentError for more than seven days, which S3 refuses.
        """
        if not isinstance(expiry_s, int) or not 0 < expiry_s <= MOST_S:
            raise InvalidArgumentError(
                f"expiry_s cannot be {expiry_s!r}.", f"Give seconds, {MOST_S:,} (seven days) at most."
            )
        self._stack, self._find = stack, find
        self._signer = stack.target.signer()
        self._session = stack.target.session
        self._expiry_s = expiry_s

    def thumbnail(self, photo: PhotoLike) -> str | None:
        """Return the address of a photo's thumbnail, None if it has none. Of a Photo nothing is asked of AWS.

        Raises as `Photos.find` does.
        """
        photo = photo if isinstance(photo, Photo) else self._find(photo)
        return self._sign_key(photo.thumbnail_key) if photo.thumbnail_key else None

    def original(self, photo: PhotoLike) -> str | None:
        """Return the address from which the browser saves the photo's file; None if it has no key.

        The file is served as an attachment: it can hold anything, a page with scripts, say. Raises
        PhotoNotFoundError for one that is processed in place where the stack may not read, and as
        `Photos.find` does.
        """
        photo = self._find(photo)
        if not photo.key:
            return None
        type_ = CONTENT_TYPES.get(photo.format or "", "application/octet-stream")
        saved = {
            "ResponseContentDisposition": attachment(saved_name(photo.name)),
            "ResponseContentType": type_,
        }
        return self._sign(**located(self._stack, photo), **saved)

    def _sign_key(self, key: str) -> str:
        """Return what `_sign` does for a key alone, in half the time: a gallery needs many at once."""
        with translated(f"Signing the address of {key}"):
            request = AWSRequest("GET", self._folder + percent_encode(key, safe="/~"))
            held: Any = self._session.get_credentials()
            credentials = held and held.get_frozen_credentials()  # without any, botocore says so
            region = self._signer.meta.region_name
            S3SigV4QueryAuth(credentials, "s3", region, self._expiry_s).add_auth(request)
            return str(request.url)

    @cached_property
    def _folder(self) -> str:
        """The address of the bucket, which is the longest part of the work."""
        return self._sign(Bucket=self._stack.bucket, Key="-").partition("?")[0].removesuffix("-")

    def _sign(self, **params: str) -> str:
        with translated(f"Signing the address of {params['Key']}"):
            return str(
                self._signer.generate_presigned_url("get_object", Params=params, ExpiresIn=self._expiry_s)
            )


def attachment(name: str) -> str:
    """Return the header that has a browser save a file under this name (RFC 6266 and 5987)."""
    return f"attachment; filename*=UTF-8''{quote(name)}"
