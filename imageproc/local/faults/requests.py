"""A function's request: which one it is, and which photo it is about."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICES = {"DynamoDB_20120810": "dynamodb", "RekognitionService": "rekognition"}
_OBJECT = re.compile(r"/[^/]+/(?:Incoming|Thumbnails)/(.+)")
_MOST_SHOWN = 2000


@dataclass(frozen=True)
class FunctionRequest:
    """An HTTP request of a function to AWS."""

    function: str
    """The function's whole name."""
    method: str
    path: str
    headers: Mapping[str, str]
    """By their names in small letters."""
    query: str
    body: bytes

    @property
    def step(self) -> str:
        """The function's name without the stack's."""
        return self.function.rpartition("-")[2]

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.function.rpartition("-")[0]

    @property
    def operation(self) -> str:
        """Service and API name: `s3.GetObject`."""
        if target := self.headers.get("x-amz-target"):
            service, _, name = target.partition(".")
            return f"{_SERVICES.get(service, 'stepfunctions')}.{name}"
        kind = "BucketNotificationConfiguration" if self.query.startswith("notification") else "Object"
        return f"s3.{self.method.capitalize()}{kind}"

    @property
    def photo(self) -> str:
        """The ID of the photo that the request names; empty if it names none."""
        if found := _OBJECT.fullmatch(self.path):
            return found[1]
        said = self._json()
        key = said.get("Key", {}).get("imageID", {}).get("S")
        name = said.get("Image", {}).get("S3Object", {}).get("Name", "").removeprefix("Incoming/")
        started = json.loads(said["input"]).get("objectID") if "input" in said else ""
        return str(key or name or started or "")

    @property
    def shown(self) -> str:
        """What was asked, for a person: S3's path, or the JSON of the other services; no signature."""
        if self.operation.startswith("s3."):
            span = self.headers.get("range", "")
            return f"{self.method} {self.path}{f'?{self.query}' if self.query else ''} {span}".rstrip()
        return json.dumps(self._json())[:_MOST_SHOWN]

    def _json(self) -> dict[str, Any]:
        """Return the body as JSON; a photo's own bytes in it are left out."""
        if "x-amz-target" not in self.headers:
            return {}
        said: dict[str, Any] = json.loads(self.body or b"{}")
        if "Bytes" in said.get("Image", {}):
            said["Image"] = {"Bytes": "..."}
        return said


def function_of(headers: Mapping[str, str]) -> str:
    """Return the name of the function that made a request; empty if none did."""
    found = re.search(r" app/([\w-]+)", headers.get("user-agent", ""))
    return found[1] if found else ""
