"""Writes down which role asked for which action on which resource, and whether it was allowed."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from imageproc.local.state import ACCOUNT_ID

if TYPE_CHECKING:
    from pathlib import Path

SWITCH = "IMAGEPROC_RECORD_ACCESS"


def record_access(path: Path) -> None:
    """Append each request that policies decide about to a file: JSON, one object a line.

    `principal`, `action` and `resource` are IAM's; `allowed` says how it was decided. The administrator, whom
    no policy limits, is not recorded. Off unless `IMAGEPROC_RECORD_ACCESS=on`, because resources name photos.
    """
    if os.environ.get(SWITCH) != "on":
        return
    from ministack.core import iam_evaluator

    original = iam_evaluator.enforce
    global _record
    _record = _Record(path)

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        refusal = original(access_key_id, iam_action, service, region, resource_arn, service_context)
        principal = iam_evaluator.resolve_principal(access_key_id or "", ACCOUNT_ID)
        if getattr(principal, "policies", None) is not None:
            note(principal.arn, iam_action, resource_arn, allowed=refusal is None)
        return refusal

    iam_evaluator.enforce = enforce


def note(principal: str, action: str, resource: str, *, allowed: bool) -> None:
    """Write down a decision, if decisions are recorded."""
    if _record is not None:
        _record.add(principal=principal, action=action, resource=resource, allowed=allowed)


class _Record:
    """The file, which several threads write to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, **entry: Any) -> None:
        with self._lock, self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


_record: _Record | None = None
