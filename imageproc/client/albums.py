"""Albums: made, found and listed."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from imageproc.aws.errors import translated
from imageproc.client import items
from imageproc.client.stack import Stack
from imageproc.core.record import ALBUM_ID, USER_ID, USER_INDEX

_ID_LENGTH = 16
"""Characters of an album ID, five bits each: short enough to read, long enough never to meet another."""


@dataclass(frozen=True)
class Album:
    """An album of one user."""

    id: str
    user: str
    name: str
    created: int
    """Epoch seconds."""


class Albums:
    """The albums of a stack."""

    def __init__(self, stack: Stack) -> None:
        """Read and make the albums of this stack."""
        self._table = stack.album_table
        self._dynamodb = stack.client("dynamodb")

    def of(self, user: str) -> Iterator[Album]:
        """Yield a user's albums, the newest first."""
        return map(_album, items.query(self._dynamodb, self._table, USER_INDEX, USER_ID, user))

    def all(self) -> Iterator[Album]:
        """Yield everybody's albums, in no fixed order."""
        return map(_album, items.scan(self._dynamodb, self._table))

    def named(self, user: str, name: str) -> Album:
        """Return the user's album of this name; it is made if there is none.

        An ID serves as a name, too: albums that other clients made may have no name.
        """
        for album in self.of(user):
            if name in (album.name, album.id):
                return album
        return self._create(user, name)

    def _create(self, user: str, name: str) -> Album:
        """Make an album. Its ID comes from user and name, so two at once make the same one."""
        album = Album(_identifier(user, name), user, name, int(time.time()))
        item = {ALBUM_ID: album.id, USER_ID: user, "name": name, "creationTime": album.created}
        with translated(f"Making the album {name}"):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=items.to_item(item),
                    ConditionExpression=f"attribute_not_exists({ALBUM_ID})",
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
        return album


def _identifier(user: str, name: str) -> str:
    digest = hashlib.sha256(f"{user}\0{name}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_ID_LENGTH]


def _album(item: dict[str, object]) -> Album:
    identifier = str(item[ALBUM_ID])
    return Album(
        id=identifier,
        user=str(item.get(USER_ID, "")),
        name=str(item.get("name") or identifier),
        created=int(str(item.get("creationTime", 0))),
    )
