"""What `Photos` does with the files of photos: they are read, and get addresses."""

from __future__ import annotations

from abc import abstractmethod

from imageproc.client.photos.originals import located
from imageproc.client.photos.photo import Photo, PhotoLike
from imageproc.client.photos.presigned import EXPIRY_S, PresignedUrls
from imageproc.client.photos.stored_file import StoredFile
from imageproc.client.resource import StackResource
from imageproc.core.parts import Part, is_final
from imageproc.errors import PhotoNotFoundError


class PhotoFiles(StackResource):
    """Reads the files of a stack's photos."""

    def read(self, photo: PhotoLike) -> bytes:
        """Return the photo's file as it was uploaded, in the version that the record is about.

        Of a photo that is processed in place it is read where it lies. Raises AwsError, also if it is gone;
        PhotoNotFoundError if it has changed there since it was imported, or may not be read.
        """
        return self.open(photo).read()

    def open(self, photo: PhotoLike) -> StoredFile:
        """Return the photo's file as `read` does, to be read in ranges; nothing is read yet.

        Raises PhotoNotFoundError for one that is processed in place where the stack may not read.
        """
        found = self.find(photo)
        return StoredFile(self._stack, found.original, **located(self._stack, found))

    def read_thumbnail(self, photo: PhotoLike) -> bytes:
        """Return the thumbnail's file. Raises PhotoNotFoundError if the photo has none, AwsError."""
        found = self.find(photo)
        if found.thumbnail_key is None:
            lost = found.missing.get(Part.THUMBNAIL)
            final = lost is not None and is_final(lost.name)
            fix = "No other try can make it: see its error." if final else "`imageproc retry` may make it."
            raise PhotoNotFoundError(f"{found.name} has no thumbnail.", fix)
        return StoredFile(self._stack, Bucket=self._stack.bucket, Key=found.thumbnail_key).read()

    def urls(self, expiry_s: int = EXPIRY_S) -> PresignedUrls:
        """Return what makes addresses of pictures that a browser can fetch from S3 for so many seconds.

        Raises InvalidArgumentError for more than seven days, which S3 refuses.
        """
        return PresignedUrls(self._stack, self.find, expiry_s)

    @abstractmethod
    def find(self, photo: PhotoLike) -> Photo:
        """Return a photo. See `Photos.find`."""
