"""Addresses of pictures, which a browser fetches from S3 itself.

An address is presigned: anyone who has it may read that one object until it expires. Never store it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
"""

from __future__ import annotations

from imageproc.aws.translation import translated
from imageproc.client.photos.originals import located
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.core.formats import CONTENT_TYPES

EXPIRY_S = 900
"""Seconds for which an address is good. On AWS it ends earlier if the credentials do."""


class PresignedUrls:
    """Presigned URLs of a stack's pictures."""

    def __init__(self, stack: Stack, expiry_s: int = EXPIRY_S) -> None:
        """Make addresses that are good for so many seconds."""
        self._stack = stack
        self._signer = stack.target.signer()
        self._expiry_s = expiry_s

    def thumbnail(self, photo: Photo) -> str | None:
        """Return the address of a photo's thumbnail, None if it has none. Nothing is asked of AWS."""
        key = photo.thumbnail_key
        return self._sign(Bucket=self._stack.bucket, Key=key) if key else None

    def original(self, photo: Photo) -> str | None:
        """Return the address from which the browser saves the photo's file; None if it has no key.

        The file is served as an attachment: it can hold anything, a page with scripts, say. Raises
        PhotoNotFoundError for one that is processed in place where the stack may not read.
        """
        if not photo.key:
            return None
        type_ = CONTENT_TYPES.get(photo.format or "", "application/octet-stream")
        saved = {"ResponseContentDisposition": "attachment", "ResponseContentType": type_}
        return self._sign(**located(self._stack, photo), **saved)

    def _sign(self, **params: str) -> str:
        with translated(f"Signing the address of {params['Key']}"):
            return str(
                self._signer.generate_presigned_url("get_object", Params=params, ExpiresIn=self._expiry_s)
            )
