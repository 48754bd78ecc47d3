"""The local AWS: the services that the stack uses, on this machine, with no account and no Docker.

>>> from imageproc.local import LocalAws
>>> status = LocalAws().start()  # doctest: +SKIP
>>> status.session().client("s3").list_buckets()["Buckets"]  # doctest: +SKIP
[]

It is MiniStack (https://github.com/ministackorg/ministack) in a background process, bound to 127.0.0.1, with
permissions enforced. Linux and macOS.
"""

from imageproc.errors import (
    IncompatibleMiniStackError,
    LocalAwsError,
    NotRunningError,
    StartError,
    StateDirectoryError,
    StopError,
)
from imageproc.local.lifecycle import LocalAws
from imageproc.local.recognition.models import makes_labels
from imageproc.local.runtime import runtime_bootstrap
from imageproc.local.state import ACCOUNT_ID, REGION, Credentials, default_state_dir
from imageproc.local.status import LocalStatus

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "Credentials",
    "IncompatibleMiniStackError",
    "LocalAws",
    "LocalAwsError",
    "LocalStatus",
    "NotRunningError",
    "StartError",
    "StateDirectoryError",
    "StopError",
    "default_state_dir",
    "makes_labels",
    "runtime_bootstrap",
]
