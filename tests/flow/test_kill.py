"""The local AWS is killed in the middle of an upload: no original is lost, and every photo is finished."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from imageproc.client.operations import Operations
from imageproc.client.stack import Stack
from imageproc.client.uploads import Failed, Sent, Upload, Uploads, prepare
from imageproc.core.record import Status
from imageproc.local import LocalAws
from tests import pictures
from tests.flow.conftest import Backend, deploy, target_of

COUNT = 50
SAVED_S = 3.0
"""After so many seconds the local AWS has saved what it was told: the stack was there before the photos."""


def test_a_killed_local_aws_loses_no_photo(own_aws: LocalAws, tmp_path: Path) -> None:
    status = own_aws.start()
    deploy(target_of(status), "killed")
    time.sleep(SAVED_S)
    uploads = [_written(tmp_path / f"{number}.jpg", number) for number in range(COUNT)]
    stack = Stack.connect(target_of(status), "killed")

    sent = []
    for event in Uploads(stack, "ann", "a1").send(uploads):
        if isinstance(event, Sent):
            sent.append(event.upload.object_id)
            if len(sent) == COUNT // 2:
                assert status.pid is not None
                os.kill(status.pid, signal.SIGKILL)

    backend = Backend(Stack.connect(target_of(own_aws.start()), "killed"))
    outcomes = list(Uploads(backend.stack, "ann", "a1").send(uploads))
    assert not [event for event in outcomes if isinstance(event, Failed)]
    again = [event.upload.object_id for event in outcomes if isinstance(event, Sent) and event.already_there]
    assert set(sent) <= set(again), "what was uploaded before is there"

    list(Operations(backend.stack).reconcile())

    photos = backend.followed([upload.object_id for upload in uploads])
    assert {photo.status for photo in photos.values()} == {Status.INCOMPLETE}
    widths = [photos[upload.object_id].record["dimensions"]["width"] for upload in uploads]
    assert widths == [100 + number for number in range(COUNT)]
    assert all("thumbnail" in photo.record for photo in photos.values())


def _written(path: Path, number: int) -> Upload:
    path.write_bytes(pictures.jpeg((100 + number, 80)))
    upload = prepare(path, "a1")
    assert isinstance(upload, Upload)
    return upload


def test_a_stack_that_was_being_made_when_the_local_aws_was_killed_is_made_anew(own_aws: LocalAws) -> None:
    deploy(target_of(own_aws.start()), "cut")
    own_aws.stop()
    # What a kill during the deployment leaves: too short a moment to be hit on purpose.
    saved = own_aws.state_dir / "services" / "cloudformation.json"
    text = saved.read_text()
    assert '"StackStatus": "CREATE_COMPLETE"' in text
    saved.write_text(text.replace('"StackStatus": "CREATE_COMPLETE"', '"StackStatus": "CREATE_IN_PROGRESS"'))

    target = target_of(own_aws.start())

    assert deploy(target, "cut").changed
    backend = Backend(Stack.connect(target, "cut"))
    backend.put("x.jpg", pictures.jpeg())
    assert "thumbnail" in backend.ended("x.jpg")["x.jpg"].record
