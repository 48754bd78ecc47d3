"""Photos get tags from real recognition; without it they say so, and a retry adds what is missing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks.labelled_photos import PHOTOS
from imageproc import samples
from imageproc.cli import imageproc
from imageproc.client.workbench import Workbench
from imageproc.core.parts import Part
from imageproc.core.record import Status
from imageproc.local import LocalAws, LocalStatus
from imageproc.local.recognition import SWITCH
from imageproc.local.recognition.models import MODEL_VERSION, missing_packages
from tests import pictures
from tests.flow.conftest import Backend, deploy, target_of
from tests.flow.test_processing import write
from tests.local.recognition.test_lifecycle import recognition_of, until

NEEDS_MODELS = pytest.mark.skipif(bool(missing_packages()), reason="the models are not installed")
BATCH = 24


@pytest.fixture(scope="module")
def samples_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    samples.write_samples(folder)
    return folder


@pytest.fixture
def blind(own_aws: LocalAws) -> tuple[LocalAws, Backend]:
    """A stack in a local AWS without recognition."""
    target = target_of(own_aws.start())
    deploy(target, "blind")
    return own_aws, Backend(Workbench(target, "blind"))


@NEEDS_MODELS
def test_the_sample_photos_get_their_tags(backend: Backend, fresh: str, samples_folder: Path) -> None:
    expected = {"cat.jpg": "Cat", "astronaut.png": "Person", "coffee.jpg": "Coffee", "rocket.jpg": "Rocket"}
    for name in expected:
        backend.put(f"{fresh}/{name}", (samples_folder / name).read_bytes())

    photos = backend.ended(*(f"{fresh}/{name}" for name in expected))

    for name, tag in expected.items():
        photo = photos[f"{fresh}/{name}"]
        assert photo.status is Status.SUCCEEDED
        assert tag in photo.tags
        assert photo.label_model_version == MODEL_VERSION
    people = [one for one in photos[f"{fresh}/astronaut.png"].labels if one.name == "Person"]
    assert len(people[0].boxes) == 1
    album = backend.workbench.albums.get_or_create(fresh)
    assert backend.workbench.albums.hide_label(album, "Pet").hidden_labels == {"Pet"}
    assert backend.workbench.albums.show_label(album, "Pet").hidden_labels == set()
    cat = photos[f"{fresh}/cat.jpg"].remove_label("Pet").rename_label("Cat", "Lynx")
    write(backend, cat.id, labelModelVersion="old")
    backend.photos.reprocess(cat, [Part.TAGS])
    again = backend.ended(cat.id)[cat.id]
    assert again.label_model_version == MODEL_VERSION, "what people said outlasts processing"
    assert {"Lynx", "Cat", "Pet"} & set(again.tags) == {"Lynx"}
    assert again.machine_labels == cat.machine_labels


@NEEDS_MODELS
def test_a_photo_that_rekognition_cannot_take_gets_its_tags_by_a_rendition(
    backend: Backend, fresh: str, samples_folder: Path
) -> None:
    with Image.open(samples_folder / "cat.jpg") as cat:
        file, original = io.BytesIO(), io.BytesIO()
        cat.resize((79, 53)).save(file, "JPEG", quality=95)
        cat.save(original, "JPEG", quality=95)
    cut = original.getvalue()
    photos = {
        f"{fresh}/small.jpg": file.getvalue(),
        f"{fresh}/large.jpg": original.getvalue() + bytes(16 * 1024 * 1024),
        f"{fresh}/cut.jpg": cut[: int(len(cut) * 0.9)],
        f"{fresh}/stump.jpg": cut[: int(len(cut) * 0.3)],
    }
    for name, data in photos.items():
        backend.put(name, data)
    ended = backend.ended(*photos)
    small, large, cut_off, stump = (ended[name] for name in photos)
    for photo in (small, large, cut_off):
        assert photo.status is Status.SUCCEEDED, photo.error
        assert "Cat" in photo.tags, photo.name
    assert cut_off.truncated
    assert (stump.status, set(stump.missing)) == (Status.INCOMPLETE, {"tags"})
    error = stump.missing["tags"]
    assert (error.step, error.name) == ("RekognitionOfRendition", "RecognitionRefusedError")
    assert "of the picture is there" in error.cause
    assert stump.id not in [photo.id for photo in backend.photos.retriable()]
    steps = backend.workbench.executions.steps(stump.execution_arn or "")
    assert "RekognitionOfRendition" in {step.name for step in steps}


@NEEDS_MODELS
def test_boxes_are_drawn_on_the_upright_photo(
    backend: Backend,
    local_aws: LocalStatus,
    fresh: str,
    samples_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.setenv("IMAGEPROC_STACK", backend.stack.name)
    object_id = f"{fresh}/coffee.jpg"  # it lies on its side: 400 pixels wide as it is stored
    backend.put(object_id, (samples_folder / "coffee.jpg").read_bytes())
    backend.ended(object_id)
    out = tmp_path / "out.png"

    def show(*arguments: str) -> tuple[int, str]:
        answer = CliRunner().invoke(imageproc, ["show", *arguments])
        return answer.exit_code, answer.output

    code, said = show("--boxes", object_id, str(out))
    assert code == 0, said
    with Image.open(out) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (600, 400))
        # The cup's box: a colour that no photo of coffee has.
        assert (230, 25, 75) in set(drawn.convert("RGB").get_flattened_data())
    assert show("--boxes", object_id)[0] == 2, "the file to write is missing"
    assert show(object_id, str(out))[0] == 2
    assert show("--boxes", object_id, str(tmp_path / "no" / "out.png"))[0] == 1


def test_without_recognition_photos_say_so_and_a_retry_adds_the_tags_alone(
    blind: tuple[LocalAws, Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, backend = blind
    cat = next(one.path() for one in PHOTOS if one.name == "chelsea.png")
    assert cat is not None
    backend.put("cat.png", cat.read_bytes())

    photo = backend.ended("cat.png")["cat.png"]

    assert photo.status is Status.INCOMPLETE
    assert set(photo.missing) == {"tags"}
    assert photo.missing["tags"].name == "RecognitionUnavailableError"
    assert SWITCH in photo.missing["tags"].cause
    assert photo.tags == ()
    thumbnail = backend.thumbnail("cat.png")["VersionId"]

    if missing_packages():
        return
    local.stop()
    monkeypatch.delenv(SWITCH)
    backend = Backend(Workbench(target_of(local.start()), "blind"))
    backend.photos.retry(backend.photos.get("cat.png"))
    photo = backend.ended("cat.png")["cat.png"]
    assert photo.status is Status.SUCCEEDED
    assert "Cat" in photo.tags
    assert backend.thumbnail("cat.png")["VersionId"] == thumbnail, "the thumbnail was not made again"


@NEEDS_MODELS
def test_recognition_is_killed_in_mid_batch_and_no_photo_is_lost(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    status = own_aws.start()
    deploy(target_of(status), "batch")
    backend = Backend(Workbench(target_of(status), "batch"))
    ids = [f"{number}.jpg" for number in range(BATCH)]
    first, second = ids[: BATCH // 2], ids[BATCH // 2 :]
    for object_id in first:
        backend.put(object_id, pictures.jpeg((200, 100)))
    assert {photo.status for photo in backend.ended(*first).values()} == {Status.SUCCEEDED}
    (process,) = recognition_of(status)
    # It stands still, so that photos wait for it, and then it dies.
    process.suspend()
    for object_id in second:
        backend.put(object_id, pictures.jpeg((200, 100)))
    until(lambda: all(photo.thumbnail for photo in backend.photos.many(second)))
    process.kill()

    photos = backend.ended(*ids)

    lacking = [photo for photo in photos.values() if photo.status is Status.INCOMPLETE]
    assert lacking, "those that were with it when it died"
    assert {photo.id for photo in lacking} <= set(second)
    assert {photo.status for photo in photos.values()} <= {Status.SUCCEEDED, Status.INCOMPLETE}
    for photo in lacking:
        assert set(photo.missing) == {"tags"}
        assert photo.missing["tags"].name == "RecognitionUnavailableError"
    before = {photo.id: backend.thumbnail(photo.id)["VersionId"] for photo in photos.values()}

    until(lambda: own_aws.status().recognition)
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(own_aws.state_dir))
    retried = CliRunner().invoke(imageproc, ["retry", "--all", "--stack-name", "batch", "--follow"])
    assert retried.exit_code == 0, retried.output

    again = backend.ended(*ids)
    assert {photo.status for photo in again.values()} == {Status.SUCCEEDED}
    assert {photo.id: backend.thumbnail(photo.id)["VersionId"] for photo in again.values()} == before
