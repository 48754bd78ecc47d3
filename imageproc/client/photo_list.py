"""The list of photos that a bulk run is to process: JSON Lines, as a Distributed Map's ItemReader takes them.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import json
from tempfile import TemporaryFile
from typing import Self

from imageproc.client.stack import Stack


class PhotoList:
    """Originals by their keys, a line for each, in a file here until they are put into the stack's bucket."""

    def __init__(self) -> None:
        """Begin with none of them."""
        self._file = TemporaryFile()  # noqa: SIM115 - closed with the list
        self.count = 0

    def __enter__(self) -> Self:
        """Return the list, whose file is removed in the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._file.close()

    def add(self, key: str) -> None:
        """Add an original's key."""
        self._file.write(json.dumps({"Key": key}).encode() + b"\n")
        self.count += 1

    def put(self, stack: Stack, key: str) -> None:
        """Put the list into the bucket. Raises what boto3 raises."""
        self._file.seek(0)
        stack.client("s3").upload_fileobj(self._file, stack.bucket, key)
