"""The recognition process: `python -m imageproc.local.recognition.endpoint <descriptor> <local AWS's URL>`.

It loads the models, says so, and answers DetectLabels requests that the local AWS hands on after it has
checked signature and permission. Two are worked on at a time; when some more wait here it reads no further,
so that its memory does not depend on how many photos are under way. It ends with the local AWS.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from imageproc.local.recognition import frames
from imageproc.local.recognition.remembering import Remembering
from imageproc.local.recognition.service import answer
from imageproc.local.recognition.storage import Caller, read_object

if TYPE_CHECKING:
    from imageproc.local.recognition.recognizer import Recognise

WORKERS = 2
_WAITING = 2


class Endpoint:
    """Answers what comes through a socket."""

    def __init__(self, connection: socket.socket, local_aws: str, recognise: Recognise) -> None:
        """Answer on `connection`; objects are read from the S3 of `local_aws`, a URL."""
        self._connection = connection
        self._local_aws = local_aws
        self._recognise = recognise
        self._sending = threading.Lock()
        self._places = threading.BoundedSemaphore(WORKERS + _WAITING)

    def serve(self) -> None:
        """Answer until the other side is gone."""
        with ThreadPoolExecutor(WORKERS) as pool, self._connection.makefile("rb") as requests:
            frames.send(self._connection, {"ready": True})
            while (frame := frames.receive(requests)) is not None:
                self._places.acquire()
                pool.submit(self._answer, *frame)
            # Nobody waits for what is still being worked on.
            os._exit(0)

    def _answer(self, header: dict[str, Any], body: bytes) -> None:
        try:
            read = partial(read_object, self._local_aws, Caller(**header["caller"]))
            found = answer(body, read, self._recognise)
            with self._sending:
                frames.send(self._connection, {"id": header["id"], "status": found.status}, found.body)
        except OSError:
            os._exit(0)
        finally:
            self._places.release()


def main(descriptor: int, local_aws: str) -> None:
    """Serve on an inherited socket."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    # Here: the models' runtimes are what this process is for, and nothing else imports them.
    from imageproc.local.recognition.recognizer import Recognizer

    with socket.socket(fileno=descriptor) as connection:
        Endpoint(connection, local_aws, Remembering(Recognizer(remember=True).labels)).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
