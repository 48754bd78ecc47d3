"""The packaged template and the code as files, for the console and for `aws cloudformation deploy`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.deployment import artifacts, packaging, template
from imageproc.deployment.events import ignore
from imageproc.deployment.plan import package_template

if TYPE_CHECKING:
    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.events import Event

_STACK = "packaged"
"""Stands for the stack's name, which nobody knows yet, in the keys of the code."""


def write_package(
    folder: Path,
    target: packaging.BuildTarget = packaging.AWS,
    *,
    data_retention: str = "Delete",
    similarity: bool = False,
    bucket: str | None = None,
    clients: ClientFactory | None = None,
    notify: Callable[[Event], None] = ignore,
) -> Iterator[tuple[Path, int]]:
    """Write the template and the zips into a folder, and yield each file and its size in bytes.

    With `similarity` the stack's parameter Similarity may be Enabled. With a bucket,
    which `clients` reach, the zips are uploaded as well, and the template names them there.
    Raises PackagingError, TemplateError, BucketTakenError, AwsError.
    """
    built = packaging.build(target, artifacts.key_prefix(_STACK), similarity=similarity)
    if bucket and clients:
        aws = Aws(clients)
        with translated(f"Uploading to {bucket}"):
            artifacts.ensure_bucket(aws, _STACK, bucket, notify)
            for one in built.zips:
                artifacts.put_once(aws, bucket, one.key, one.data, notify)
    text = package_template(template.read_sources(), built, bucket, data_retention)
    files = {"image-processing.yaml": text.encode(), **{one.key: one.data for one in built.zips}}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield path, len(data)
