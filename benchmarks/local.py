"""A local AWS of a benchmark's own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

from imageproc.client.workbench import Workbench
from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH


@contextlib.contextmanager
def local_aws(recognition: str = "on", **parameters: str) -> Iterator[Workbench]:
    """Start a local AWS in a folder of its own, deploy with parameters, and remove both afterwards."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="imageproc-benchmark-") as folder:
        os.environ |= {SWITCH: recognition, "IMAGEPROC_STATE_DIR": f"{folder}/local-aws"}
        try:
            workbench = Workbench.open("local")
            workbench.deploy(parameters)
            yield workbench
        finally:
            LocalAws().reset()
            os.environ.clear()
            os.environ.update(before)
