"""Real labels in the local AWS: DetectLabels answered by models that run on this machine.

The local AWS is the endpoint (`AWS_ENDPOINT_URL_REKOGNITION`): it checks who calls and whether they may, as
for any other service, and hands the request on to a process of its own, which holds the models::

    caller → server.py: gateway → ministack_adapter: signature, rekognition:DetectLabels
           → throttle.py → supervisor.py ⇄ endpoint.py (its own process): service.py
                 request.py     what is asked for, by botocore's model
                 storage.py     the photo, read from S3 with the caller's credentials
                 recognizer.py  classifier.py, and detector.py by second_look.py
                                → labels.py with scene.py, by vocabulary.tsv

The server starts it before anything else runs, and stops it after the last function process has ended.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from imageproc.errors import ModelsMissingError, RecognitionStoppedError
from imageproc.local.recognition import throttle
from imageproc.local.recognition.errors import Throttled
from imageproc.local.recognition.models import SWITCH, require_packages
from imageproc.local.recognition.service import Answer, refusal
from imageproc.local.recognition.supervisor import Supervisor, child_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageproc.local.recognition.storage import Caller

__all__ = ["SWITCH", "UNAVAILABLE", "Recognition", "find"]

_log = logging.getLogger("imageproc.local.recognition")

UNAVAILABLE = "RecognitionUnavailable"
"""The error's code where there is nothing to ask. With status 501 no SDK retries it, so that a function
learns at once what is missing."""


class Recognition:
    """Recognition of one local AWS; `why_not` says why there is none, if there is none from the start."""

    def __init__(self, supervisor: Supervisor | None, why_not: str = "") -> None:
        """Hold the supervisor of the process, if there is to be one.

        Raises ValueError if the throttle's setting is wrong.
        """
        self._supervisor = supervisor
        self._throttle = throttle.from_environment()
        self.why_not = why_not

    @property
    def available(self) -> bool:
        """Whether there is a process to ask, or will be."""
        return self._supervisor is not None

    def start(self) -> None:
        """Start the process, which answers some seconds later. Requests wait until then."""
        if self._supervisor is not None:
            self._supervisor.start()
        else:
            _log.warning("Photos get no labels: %s", self.why_not)

    async def detect_labels(self, body: bytes, caller: Caller) -> Answer:
        """Answer the body of a DetectLabels request of this caller, who may make it."""
        try:
            if self._throttle is not None:
                self._throttle.take()
        except Throttled as error:
            return refusal(error)
        if self._supervisor is None:
            return _unavailable(self.why_not)
        try:
            return await self._supervisor.ask(body, caller)
        except RecognitionStoppedError as error:
            return _unavailable(str(error))

    def stop(self) -> None:
        """End what `start` started, and return when it has ended."""
        if self._supervisor is not None:
            self._supervisor.stop()


def find(local_aws: str, on_change: Callable[[bool], None]) -> Recognition:
    """Return recognition for the local AWS at this URL; nothing is started yet.

    Where it cannot run, the local AWS works without it. `on_change` is told when it comes or goes later.
    """
    if os.environ.get(SWITCH, "").lower() == "off":
        return Recognition(None, f"recognition is switched off by {SWITCH}")
    try:
        require_packages()
    except ModelsMissingError as error:
        return Recognition(None, str(error))
    return Recognition(Supervisor(local_aws, child_environment(), on_change))


def _unavailable(why: str) -> Answer:
    message = f"There is no recognition in this local AWS now: {why}"
    return Answer(501, json.dumps({"__type": UNAVAILABLE, "message": message}).encode())
