"""`imageproc import` shows what it would do, asks, and says what became of each file."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imageproc.aws.objects import object_attributes
from imageproc.client.bulk import BulkProgress, BulkRuns
from imageproc.client.imports import Imports
from imageproc.errors import UploadError
from tests.cli.conftest import Run, objects
from tests.cli.silent_aws import interrupted
from tests.client.conftest import REGION, Backend
from tests.client.imports.conftest import photo, versions, write


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two albums, and what is no photo; the command is run beside it."""
    monkeypatch.setattr("imageproc.client.costs.describe", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    files = {"Sea/a.jpg": photo(1), "Sea/b.jpg": photo(2), "Town/c.jpg": photo(3), "Town/note.txt": b"x"}
    return write(tmp_path / "pictures", files)


def test_what_would_be_done_and_its_cost_are_shown_first(backend: Backend, run: Run, pictures: Path) -> None:
    shown = run("import", "pictures", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "pictures: 3 photos, 2.0 kB, for 2 albums of ann, 2 of them new." in shown.stderr
    assert "  Sea: 2 photos" in shown.stderr
    assert "Skipped: 1 × By its name it is not a photo (text/plain)." in shown.stderr
    assert "On AWS 3 photos of" in shown.stderr
    assert "Amazon Rekognition" in shown.stderr
    declined = run("import", "pictures", input="n\n")
    assert declined.exit_code == 1
    assert "The answer was no: nothing was imported." in declined.stderr
    assert not versions(backend)
    assert list(Path().glob("*.csv")) == []


def test_what_is_no_photo_by_its_first_bytes_is_not_counted(
    backend: Backend, run: Run, pictures: Path, tmp_path: Path
) -> None:
    write(pictures, {"Sea/no.jpg": b"GIF89a and more", "Town/no": b"a text"})
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", pictures)
    for source in ("pictures", zipped):
        shown = run("import", source, "--dry-run").stderr
        assert ": 3 photos, 2.0 kB, for 2 albums of ann" in shown
        assert "Skipped: 1 × the file is GIF" in shown
        assert "Skipped: 1 × the file is not an image: it looks like text" in shown


def test_it_is_imported_and_again_nothing_is_sent(backend: Backend, run: Run, pictures: Path) -> None:
    done = run("import", "pictures", input="y\n")
    (manifest,) = Path().glob("imageproc-import-*.csv")
    said = f"3 imported, 0 there already, 1 skipped. What became of each file is in {manifest}."
    assert done.stdout.strip() == said
    assert sum(versions(backend).values()) == 3
    again = run("import", "pictures", "--yes", "--manifest", "again.csv", "--json")
    assert "3 seem to be there already" in again.stderr
    assert ("USD" in done.stderr, "USD" in again.stderr) == (True, False), "what costs nothing has no price"
    found = {one["path"]: one for one in objects(again)}
    assert {path: one["outcome"] for path, one in found.items()} == {
        **dict.fromkeys(("Sea/a.jpg", "Sea/b.jpg", "Town/c.jpg"), "there"),
        "Town/note.txt": "skipped",
    }
    rows = list(csv.DictReader(Path("again.csv").read_text().splitlines()))
    assert {one["path"]: one["photo_id"] for one in rows} == {
        path: one["photo_id"] for path, one in found.items()
    }
    assert sum(versions(backend).values()) == 3


def test_all_can_go_into_one_album(backend: Backend, run: Run, pictures: Path) -> None:
    run("import", "pictures", "--yes", "--album", "Trip", "--user", "bob")
    assert [(one.name, one.user) for one in backend.workbench.albums] == [("Trip", "bob")]


def test_what_fails_is_named_and_the_exit_code_says_so(backend: Backend, run: Run, pictures: Path) -> None:
    backend.refuse("s3", "PutObject")
    answer = run("import", "pictures", "--yes")
    assert answer.exit_code == 1
    assert "Not imported: " in answer.stderr
    assert "2 imported, 0 there already, 1 skipped, 1 failed: run the same command again." in answer.stdout


def test_an_interrupt_says_how_far_it_came(
    backend: Backend, run: Run, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*arguments: Any, **options: Any) -> Any:
        with closing(begun(*arguments, **options)) as entries:
            yield next(entries)
            raise KeyboardInterrupt

    begun = Imports.run
    monkeypatch.setattr(Imports, "run", cut_off)
    answer = run("import", "pictures", "--yes", "--manifest", "m.csv")
    assert answer.exit_code != 0
    done = len(list(csv.DictReader(Path("m.csv").read_text().splitlines())))
    assert sum(versions(backend).values()) <= done, "what ended after the interrupt counts, too"
    assert f"{done} of 4 files are known to be done (m.csv). Run it again for the others." in answer.stderr


SCRIPT = """
import imageproc.client.imports as imports
from imageproc.cli.imports import _imported
from imageproc.cli.problems import explained
from imageproc.client.albums import Album, Albums
from imageproc.client.imports import album_intake

Albums.of = lambda *_: iter([Album("a1", "ann", "Trip", 0)])
imports.contents = album_intake.contents = lambda *_: {}
imports.parameters_of = lambda *_: {}
plan = workbench.imports.plan(sys.argv[1], album="Trip", user="ann")
with explained():
    _imported(workbench, plan, Path("m.csv"), False)
"""


def test_an_interrupt_ends_it_within_seconds_although_aws_does_not_answer(pictures: Path) -> None:
    ended = interrupted(SCRIPT, pictures, after_s=0.5)  # until all are asked
    assert ended.seconds < 8, "two seconds, on a machine that does nothing else"
    assert ended.exit_code == 130
    assert "1 of 4 files are known to be done (m.csv). Run it again for the others." in ended.stderr
    assert "Traceback" not in ended.stderr
    (row,) = csv.DictReader(Path("m.csv").read_text().splitlines())
    assert (row["path"], row["outcome"]) == ("Town/note.txt", "skipped")


def test_what_cannot_be_imported_is_an_error(run: Run, pictures: Path) -> None:
    write(pictures, {"texts/a.txt": b"x"})
    answer = run("import", "pictures/texts", "--yes")
    assert "None of the files can be a photo: nothing was imported." in answer.stderr
    assert answer.exit_code == 1
    assert isinstance(run("import", "nowhere").exception, UploadError)


@pytest.fixture
def archive(backend: Backend, pictures: Path) -> str:
    """A bucket that the stack may read, with two photos."""
    s3, bucket = backend.stack.client("s3"), "my-archive"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for number in range(2):
        s3.put_object(Bucket=bucket, Key=f"2019/{number}.jpg", Body=photo(number))
    backend.stack.__dict__["outputs"] = {**backend.stack.outputs, "SourceBucket": f"{bucket}/2019"}
    return f"s3://{bucket}/2019"


def test_a_bulk_run_is_named_and_followed(
    backend: Backend, run: Run, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([("SUCCEEDED", 2, 0, ""), ("FAILED", 0, 2, "too many failed")])

    def follow(_: BulkRuns, arn: str) -> Iterator[BulkProgress]:
        status, done, failed, cause = next(ends)
        yield BulkProgress(arn, "RUNNING", 0, 0, 0, 0)
        yield BulkProgress(arn, status, 2, done, failed, 0, cause)

    monkeypatch.setattr(BulkRuns, "follow", follow)
    command = ("import", archive, "--in-place", "--yes", "--follow")
    first = run(*command, "--album", "One")
    (arn,) = [one.arn for one in backend.workbench.bulk.runs()]
    assert (first.exit_code, first.stdout.splitlines()[0][:29]) == (0, "2 imported, 0 there already. ")
    assert f"A bulk run processes them: {arn}\n" in first.stderr
    assert "2 of 2 photos processed, 0 failed." in first.stderr
    assert (
        "2 seem to be there already, 2 of them not processed yet"
        in run(*command[:-2], "--album", "One").stderr
    )
    second = run(*command, "--album", "Two")
    assert second.exit_code == 1
    assert "0 of 2 photos processed, 2 failed." in second.stderr
    assert "The bulk run ended as FAILED: too many failed" in second.stderr


def test_without_anything_to_process_no_bulk_run_is_named(backend: Backend, run: Run, archive: str) -> None:
    command = ("import", archive, "--in-place", "--yes", "--album", "Trip", "--json")
    for entry in objects(run(*command)):
        found = backend.stack.client("s3").head_object(
            Bucket=backend.stack.bucket, Key=f"Incoming/{entry['photo_id']}"
        )
        backend.write(entry["photo_id"], **object_attributes(found))
    again = run(*command, "--follow")
    assert again.exit_code == 0
    assert "All of them have been processed already." in again.stderr


def test_only_what_stays_in_its_bucket_is_followed(run: Run, pictures: Path) -> None:
    answer = run("import", "pictures", "--follow")
    assert answer.exit_code == 2
    assert "--follow goes with --in-place." in answer.stderr


def test_without_photos_nothing_is_reprocessed(backend: Backend, run: Run) -> None:
    assert run("reprocess", "--all").stdout == "There is nothing to reprocess.\n"
    backend.put("a.jpg")
    assert run("reprocess", "--all").stdout.startswith("Started: arn:aws:states:")


def test_a_bucket_stays_where_it_is_and_what_that_takes_is_printed(
    backend: Backend, run: Run, pictures: Path
) -> None:
    s3, bucket = backend.stack.client("s3"), "my-archive"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="2019/a.jpg", Body=photo(1))
    command = ("import", f"s3://{bucket}/2019", "--in-place", "--album", "Trip")
    refused = run(*command)
    assert refused.exit_code == 1
    assert f"  imageproc deploy -p SourceBucket={bucket}/2019 -p TestClientAccess=Disabled\n" in str(
        refused.exception
    )
    backend.stack.__dict__["outputs"] = {**backend.stack.outputs, "SourceBucket": f"{bucket}/2019"}
    shown = run(*command, "--dry-run")
    stays = "The originals stay where they are; the stack keeps a pointer to each. A bulk run processes them."
    assert stays in shown.stderr
    assert not versions(backend)
    (entry,) = objects(run(*command, "--yes", "--json"))
    backend.write(entry["photo_id"], original={"s3Bucket": bucket, "s3Key": "2019/a.jpg", "eTag": '"1"'})
    said = f"1 original is not the stack's, and stays where it is: s3://{bucket}/2019/a.jpg"
    assert said in run("forget", entry["photo_id"], input="forget\n").stdout
    assert not versions(backend)
    assert s3.get_object(Bucket=bucket, Key="2019/a.jpg")["Body"].read() == photo(1)
