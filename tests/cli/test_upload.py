"""`imageproc upload`: what is no photo, and an end while AWS does not answer."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.silent_aws import interrupted
from tests.client.conftest import Backend, written

SCRIPT = """
from imageproc.cli.problems import explained
from imageproc.cli.upload import send
from imageproc.client.albums import Album
from imageproc.client.uploads.files import prepare_file

files = [prepare_file(Path(one), "a1") for one in sys.argv[1:]]
with explained():
    send(workbench, Album("a1", "ann", "Cats", 0), files, again=True, outage_timeout_s=600)
"""


def test_what_is_no_photo_leaves_no_album(run: Run, backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk")
    answer = run("upload", tmp_path / "notes.txt")
    assert answer.exit_code == 1
    assert "Not sent: " in answer.stderr
    assert "Error: Nothing was uploaded: the file cannot be sent." in answer.stderr
    assert list(backend.workbench.albums) == []
    written(tmp_path / "cat.jpg")
    answer = run("upload", tmp_path)
    assert "1 uploaded" in answer.stdout
    assert "into the album Photos, 1 not sent." in answer.stdout
    assert [album.name for album in backend.workbench.albums] == ["Photos"]


def test_an_interrupt_ends_at_once_although_aws_does_not_answer(tmp_path: Path) -> None:
    files = [written(tmp_path / f"{number}.jpg", (50 + number, 40)).path for number in range(3)]
    ended = interrupted(SCRIPT, *files)
    assert ended.seconds < 5, "a second, on a machine that does nothing else"
    assert ended.exit_code == 130
    assert "0 of 3 files are known to be uploaded. Run it again for the others" in ended.stderr
    assert "Traceback" not in ended.stderr
