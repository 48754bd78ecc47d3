"""Photos as files, and photos erased: on the local AWS, by client and command."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.client.executions import Executions
from imageproc.client.photos.downloads import Downloaded, NotDownloaded
from imageproc.core.metadata import read_metadata
from imageproc.errors import DownloadError, ForgetError
from imageproc.local import LocalStatus
from tests import pictures
from tests.core.pictures import jpeg_with_exif
from tests.flow.conftest import Backend

Run = Callable[..., Result]
LONDON: Any = {1: b"N", 2: ((51, 1), (28, 1), (0, 1)), 3: b"W", 4: ((0, 1), (7, 1), (0, 1))}
PHOTO = jpeg_with_exif(image={0x010F: b"Leica"}, gps=LONDON)


@pytest.fixture
def run(backend: Backend, local_aws: LocalStatus, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.setenv("IMAGEPROC_STACK", backend.stack.name)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments, **options: CliRunner().invoke(imageproc, [*map(str, arguments)], **options)


def finished(backend: Backend, *object_ids: str) -> None:
    """Wait for the records, and for the executions, which end a moment later."""
    for photo in backend.ended(*object_ids).values():
        backend.execution(photo)


def versions(backend: Backend, prefix: str) -> list[str]:
    """Return the keys of all versions and delete markers of a test's photos."""
    s3, found = backend.stack.client("s3"), []
    for folder in ("Incoming", "Thumbnails"):
        page = s3.list_object_versions(Bucket=backend.stack.bucket, Prefix=f"{folder}/{prefix}")
        found += [one["Key"] for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))]
    return found


def attributes(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return read_metadata(io.BytesIO(data), len(data)).attributes()


def test_what_is_downloaded_tells_no_place_unless_asked(
    run: Run, backend: Backend, fresh: str, tmp_path: Path
) -> None:
    album = backend.workbench.albums.get_or_create(f"Trip {fresh}", fresh)
    object_id = f"{fresh}/../../{fresh}.jpg"
    backend.put(object_id, PHOTO, user=fresh, album=album.id)
    finished(backend, object_id)

    for name, options in {"plain": [], "kept": ["--keep-location"], "small": ["--thumbnails"]}.items():
        answer = run("download", album.name, "--to", tmp_path / "out" / name, *options)
        assert answer.exit_code == 0, answer.output

    (plain,), (kept,), (small,) = (
        list((tmp_path / "out" / name).iterdir()) for name in ("plain", "kept", "small")
    )
    assert "geo" not in attributes(plain)
    assert attributes(plain)["exifMake"] == "Leica"
    assert kept.read_bytes() == PHOTO
    assert "geo" not in attributes(small)
    assert not pictures.opened(small.read_bytes()).getexif()
    assert plain.name == kept.name == small.name
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_whose_place_cannot_be_removed_stops_no_other_and_comes_when_asked(
    backend: Backend, fresh: str, tmp_path: Path
) -> None:
    text, photo, gone = f"{fresh}/notes.txt", f"{fresh}/photo.jpg", f"{fresh}/gone.jpg"
    for object_id, data in ((text, b"no photo"), (photo, PHOTO), (gone, PHOTO)):
        backend.put(object_id, data)
    finished(backend, text, photo, gone)
    photos = list(backend.ended(text, gone, photo).values())
    privacy = backend.workbench.privacy
    list(privacy.erase(privacy.of_photos([gone])))

    done = {one.photo_id: one for one in backend.photos.download(photos, tmp_path)}

    assert isinstance(done[photo], Downloaded)
    assert isinstance(refused := done[text], NotDownloaded)
    assert "with its location it can be had as it is" in refused.cause
    assert isinstance(done[gone], NotDownloaded)
    (kept,) = backend.photos.download([one for one in photos if one.id == text], tmp_path, keep_location=True)
    assert isinstance(kept, Downloaded)
    assert kept.path.read_bytes() == b"no photo"


def test_a_link_that_waits_at_the_files_place_is_not_followed(
    backend: Backend, fresh: str, tmp_path: Path
) -> None:
    backend.put(f"{fresh}.jpg", PHOTO)
    finished(backend, f"{fresh}.jpg")
    photo = backend.photos.get(f"{fresh}.jpg")
    victim, folder = tmp_path / "victim", tmp_path / "photos"
    victim.write_text("mine")
    (first,) = backend.photos.download([photo], folder)
    assert isinstance(first, Downloaded)
    first.path.unlink()
    first.path.symlink_to(victim)
    list(backend.photos.download([photo], folder))
    assert victim.read_text() == "mine"
    with pytest.raises(DownloadError, match="cannot be written"):
        list(backend.photos.download([photo], victim))


def test_nothing_is_left_of_a_photo_that_is_forgotten_and_others_stay(
    run: Run, backend: Backend, fresh: str
) -> None:
    object_id, longer = f"{fresh}.jpg", f"{fresh}.jpg.jpg"
    for data in (PHOTO, pictures.png()):
        backend.execution(backend.until_version(object_id, backend.put(object_id, data)))
    backend.put(longer, PHOTO)
    finished(backend, longer)
    backend.stack.client("s3").delete_object(Bucket=backend.stack.bucket, Key=f"Incoming/{object_id}")
    assert len(versions(backend, object_id)) >= 5 + 2

    refused = run("forget", object_id, input="yes\n")
    assert refused.exit_code == 1
    assert len(versions(backend, object_id)) >= 5 + 2
    erased = run("forget", object_id, input="forget\n")

    assert erased.exit_code == 0, erased.output
    assert "90 days" in " ".join(erased.stdout.split())
    assert sorted(versions(backend, object_id)) == [f"Incoming/{longer}", f"Thumbnails/{longer}"]
    assert [photo.id for photo in backend.photos.many([object_id, longer])] == [longer]
    assert run("forget", object_id, longer, "--yes").exit_code == 0, "what is erased already is left out"
    assert versions(backend, fresh) == []


def test_nothing_is_left_of_a_user_who_is_forgotten_and_others_stay(
    run: Run, backend: Backend, fresh: str
) -> None:
    ann, bob = f"ann-{fresh}", f"bob-{fresh}"
    albums = {user: backend.workbench.albums.get_or_create("Trip", user) for user in (ann, bob)}
    ids = {name: f"{fresh}/{name}.jpg" for name in ("anns", "bobs", "lost", "shared")}
    for name, user in (("anns", ann), ("bobs", bob), ("lost", ann), ("shared", ann)):
        backend.put(ids[name], PHOTO, user=user, album=albums[user].id)
    finished(backend, *ids.values())
    # Bob's upload replaces Ann's of the same key; one of Ann's photos has lost its record.
    last = backend.put(ids["shared"], pictures.png(), user=bob, album=albums[bob].id)
    backend.execution(backend.until_version(ids["shared"], last))
    table = backend.stack.client("dynamodb")
    table.delete_item(TableName=backend.stack.image_table, Key={"imageID": {"S": ids["lost"]}})

    answer = run("forget", "--user", ann, input=f"{ann}\n")

    assert answer.exit_code == 0, answer.output
    assert list(backend.workbench.albums.of(ann)) == []
    assert [album.id for album in backend.workbench.albums.of(bob)] == [albums[bob].id]
    assert {photo.id for photo in backend.photos.many(ids.values())} == {ids["bobs"], ids["shared"]}
    kept = [f"{folder}/{ids[name]}" for folder in ("Incoming", "Thumbnails") for name in ("bobs", "shared")]
    assert sorted(versions(backend, fresh)) == sorted(kept)
    assert "nothing to erase" in run("forget", "--user", ann).stdout


def test_an_interrupted_erasure_is_finished_by_running_it_again(backend: Backend, fresh: str) -> None:
    ids = [f"{fresh}/{number}.jpg" for number in range(3)]
    for object_id in ids:
        backend.put(object_id, PHOTO, user=fresh, album=fresh)
    finished(backend, *ids)
    privacy = backend.workbench.privacy
    next(privacy.erase(privacy.of_user(fresh)))
    left = privacy.of_user(fresh)
    assert len(left.photos) == 2
    assert len(list(privacy.erase(left))) == 2
    assert privacy.of_user(fresh).empty
    assert versions(backend, fresh) == []


def test_a_photo_that_is_being_processed_is_not_erased_because_it_would_come_back(
    backend: Backend, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.put(f"{fresh}.jpg", PHOTO)
    finished(backend, f"{fresh}.jpg")
    privacy = backend.workbench.privacy
    found = privacy.of_photos([f"{fresh}.jpg"])
    monkeypatch.setattr(Executions, "status", lambda self, arn: "RUNNING")
    with pytest.raises(ForgetError, match="being processed"):
        list(privacy.erase(found))
    assert privacy.of_photos([f"{fresh}.jpg"]) == found


def test_what_to_erase_must_be_named(run: Run) -> None:
    assert run("forget").exit_code == 2
    assert run("forget", "x", "--user", "ann").exit_code == 2


def test_what_s3_does_not_erase_is_told_and_its_record_stays(
    backend: Backend, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = f"{fresh}.jpg"
    backend.put(photo, PHOTO)
    finished(backend, photo)
    privacy = backend.workbench.privacy
    refused = {"Errors": [{"Key": f"Incoming/{photo}", "Code": "AccessDenied", "Message": "Access Denied"}]}
    with monkeypatch.context() as patch:
        patch.setattr(privacy._s3, "delete_objects", lambda **_: refused)
        with pytest.raises(ForgetError, match=rf"did not erase Incoming/{photo}: Access Denied"):
            list(privacy.erase(privacy.of_photos([photo])))
    assert backend.photos.get(photo).id == photo
    assert [one.photo_id for one in privacy.erase(privacy.of_photos([photo]))] == [photo]
