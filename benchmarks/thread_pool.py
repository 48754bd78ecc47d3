"""The peer of the state machine: a script of threads that makes the same calls to the same local AWS.

It reads metadata, recognises, makes thumbnail and embedding, and writes a record of it, as the functions do,
but all in one process, with a bucket and a table of its own: no Step Functions, no Lambda, no event, no
retry, and nobody who knows where a photo stands. moto's Step Functions runs Lambda functions in Docker, or
answers in their place without running them; Step Functions Local is no longer supported by AWS.
"""

from __future__ import annotations

import io
import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from imageproc.client.workbench import Workbench
from imageproc.core.embedding import embedder
from imageproc.core.limits import FIRST_RANGE
from imageproc.core.metadata import read_metadata
from imageproc.core.thumbnail import make_thumbnail

_THREADS = 2 * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Pool:
    """A bucket and a table, and who puts photos and records into them."""

    s3: Any
    dynamodb: Any
    rekognition: Any
    place: str
    """The name of both."""

    def seconds(self, photos: Sequence[bytes]) -> float:
        """Upload and process photos, and return the seconds until the last one is finished."""
        began = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(self._process, photos))
        return time.perf_counter() - began

    def _process(self, photo: bytes) -> None:
        key = {"Bucket": self.place, "Key": f"{uuid.uuid4()}.jpg"}
        self.s3.put_object(**key, Body=photo)
        first = self.s3.get_object(**key, Range=f"bytes=0-{FIRST_RANGE - 1}")["Body"].read()
        size = read_metadata(io.BytesIO(first + photo[len(first) :]), len(photo))
        self._write(key["Key"], width={"N": str(size.width)}, height={"N": str(size.height)})
        whole = self.s3.get_object(**key)["Body"].read()
        thumbnail = make_thumbnail(whole)
        self.s3.put_object(Bucket=self.place, Key=f"Thumbnails/{key['Key']}", Body=thumbnail.data)
        self._write(key["Key"], embedding={"B": embedder().embed(whole)})
        image = {"S3Object": {"Bucket": self.place, "Name": key["Key"]}}
        found = self.rekognition.detect_labels(Image=image)["Labels"]
        self._write(key["Key"], tags={"L": [{"S": label["Name"]} for label in found]})

    def _write(self, photo: str, **values: Any) -> None:
        self.dynamodb.update_item(
            TableName=self.place,
            Key={"id": {"S": photo}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )


def pool(workbench: Workbench) -> Pool:
    """Make a bucket and a table beside the stack's."""
    s3, dynamodb = workbench.stack.client("s3"), workbench.stack.client("dynamodb")
    place = f"thread-pool-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=place)
    dynamodb.create_table(
        TableName=place,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return Pool(s3, dynamodb, workbench.stack.client("rekognition"), place)
