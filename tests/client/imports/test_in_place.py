"""A bucket that stays where it is: the stack gets pointers, and whoever reads follows them, no further."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

from imageproc import ImportEntry
from imageproc.aws.objects import object_attributes
from imageproc.client.photos.photo import Photo
from imageproc.core.original import Original, from_metadata
from imageproc.costs import processing_in_place
from imageproc.errors import AwsError, InvalidArgumentError, PhotoNotFoundError, TargetError, UploadError
from imageproc.presentation.facts import facts
from tests.client.conftest import Backend
from tests.client.imports.conftest import BUCKET, fill, outcomes, photo, versions
from tests.client.imports.conftest import imported as imported_from
from tests.client.imports.test_bucket_source import policies

SOURCE = f"s3://{BUCKET}"


@pytest.fixture(autouse=True)
def _the_stack_may_read(backend: Backend) -> None:
    name_source(backend, BUCKET)


def name_source(backend: Backend, folder: str | None) -> None:
    """Let the stack be one that was deployed with this SourceBucket."""
    outputs = {name: value for name, value in backend.stack.outputs.items() if name != "SourceBucket"}
    backend.stack.__dict__["outputs"] = outputs | ({"SourceBucket": folder} if folder else {})


def imported(backend: Backend, source: str = SOURCE, **options: Any) -> dict[str, ImportEntry]:
    return imported_from(backend, source, in_place=True, **options)


def recorded(backend: Backend, entry: ImportEntry) -> Photo:
    """Write the record that processing begins with, and return the photo."""
    found = backend.stack.client("s3").head_object(
        Bucket=backend.stack.bucket, Key=f"Incoming/{entry.photo_id}"
    )
    backend.write(entry.photo_id, **object_attributes(found))
    return backend.workbench.photos.get(entry.photo_id)


def metadata_of_pointers(backend: Backend) -> list[dict[str, str]]:
    client, bucket = backend.stack.client("s3"), backend.stack.bucket
    ids = list(versions(backend))
    return [client.head_object(Bucket=bucket, Key=f"Incoming/{one}")["Metadata"] for one in ids]


def objects(s3: Any) -> dict[str, str]:
    """Return the source's objects, each with its ETag."""
    return {one["Key"]: one["ETag"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}


def test_each_object_gets_a_pointer_and_stays_where_it_is(backend: Backend, s3: Any) -> None:
    keys = ("2019/a.jpg", "2019/may/ü + %20?.jpg", "x.jpg")
    fill(s3, {key: photo(number) for number, key in enumerate(keys)})
    before = objects(s3)

    found = imported(backend)

    assert outcomes(found.values()) == {"imported": 3}
    assert {one.name for one in backend.workbench.albums.of("ann")} == {"2019", "2019/may", BUCKET}
    for key, entry in found.items():
        answer = s3.get_object(Bucket=backend.stack.bucket, Key=f"Incoming/{entry.photo_id}")
        assert from_metadata(answer["Metadata"]) == (Original(BUCKET, key, before[key]), entry.size)
        assert answer["Metadata"]["userid"] == "ann"
        assert answer["Body"].read().startswith(f"s3://{BUCKET}/{key}\n".encode())
    assert objects(s3) == before


def test_again_only_what_is_missing_or_changed_is_pointed_to(backend: Backend, s3: Any) -> None:
    fill(s3, {f"{number}.jpg": photo(number) for number in range(4)})
    first = imported(backend, album="Trip")
    fill(s3, {"0.jpg": photo(10), "4.jpg": photo(4)})
    plan = backend.workbench.imports.plan(SOURCE, album="Trip", in_place=True)
    assert (plan.photos, plan.there, plan.in_place) == (5, 3, True)

    again = imported(backend, album="Trip")

    assert {path: str(one.outcome) for path, one in again.items()} == {
        "0.jpg": "imported",
        "1.jpg": "there",
        "2.jpg": "there",
        "3.jpg": "there",
        "4.jpg": "imported",
    }
    assert again["0.jpg"].photo_id == first["0.jpg"].photo_id, "a changed object is the same photo"
    assert sorted(versions(backend).values()) == [1, 1, 1, 1, 2]


def test_where_kms_encrypts_the_pointers_their_metadata_tell(
    backend: Backend, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.client.imports.source.Pointer.etag", '"an ETag that is no MD5"')
    fill(s3, {"a.jpg": photo(1)})
    imported(backend)
    assert outcomes(imported(backend).values()) == {"there": 1}
    assert all("processedby" in one for one in metadata_of_pointers(backend))
    fill(s3, {"a.jpg": photo(2)})
    assert outcomes(imported(backend).values()) == {"imported": 1}


def test_keeping_them_costs_no_second_storage(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    copied = backend.workbench.imports.plan(SOURCE)
    in_place = backend.workbench.imports.plan(SOURCE, in_place=True)
    stored = {line.price.name: line.quantity for line in copied.estimate.storing.lines}
    pointed = {line.price.name: line.quantity for line in in_place.estimate.storing.lines}
    assert stored["object-storage"] - pointed["object-storage"] == pytest.approx(copied.size / 1e9)
    assert in_place.estimate.processing == processing_in_place(1, len(photo(1)) / 1e6)
    assert in_place.reading == copied.reading


def test_a_stack_that_may_not_read_there_is_told_what_it_takes(backend: Backend, s3: Any) -> None:
    fill(s3, {"2019/a.jpg": photo(1), "2020/a.jpg": photo(1)})
    for named, refused in ((None, "2019"), (f"{BUCKET}/2020", "2019"), (f"{BUCKET}/2019", "")):
        name_source(backend, named)
        with pytest.raises(UploadError) as caught:
            imported(backend, f"{SOURCE}/{refused}")
        said = str(caught.value)
        command = f"imageproc deploy -p SourceBucket={BUCKET}/{refused}".rstrip("/")
        assert f"{command} -p TestClientAccess=Disabled\n" in said
        theirs, key = policies(said)
        assert {one["Principal"]["AWS"] for one in theirs["Statement"]} == {"arn:aws:iam::123456789012:root"}
        assert key["Condition"]["ArnLike"]["aws:PrincipalArn"].endswith(":role/imageproc-*")
    assert outcomes(imported(backend, f"{SOURCE}/2019").values()) == {"imported": 1}


def test_a_stack_of_an_older_version_is_told_before_anything_is_put(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    backend.make_older()
    with pytest.raises(TargetError, match=r"reads no list of photos.*imageproc deploy"):
        imported(backend)
    assert not versions(backend)
    assert outcomes(imported_from(backend, SOURCE).values()) == {"imported": 1}, "copied, it is processed"


def test_a_bucket_of_another_region_is_refused(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})

    def elsewhere(parsed: Any, **_: Any) -> None:
        parsed["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] = "us-west-2"

    s3.meta.events.register("after-call.s3.ListObjectsV2", elsewhere)
    with pytest.raises(UploadError, match=r"archive is in us-west-2"):
        imported(backend)
    assert outcomes(imported_from(backend, SOURCE).values()) == {"imported": 1}


def test_only_a_bucket_can_stay_where_it_is(backend: Backend, tmp_path: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"only a bucket's photos"):
        backend.workbench.imports.plan(tmp_path, in_place=True)


def test_a_key_that_no_pointer_can_name_is_skipped(backend: Backend, s3: Any) -> None:
    fill(s3, {f"{'é' * 500}.jpg": photo(1), "a.jpg": photo(2)})
    found = imported(backend, album="Trip")
    assert outcomes(found.values()) == {"skipped": 1, "imported": 1}
    assert "too long for a pointer" in next(one.cause for one in found.values() if one.cause)


def test_originals_are_read_and_signed_where_they_lie(backend: Backend, s3: Any) -> None:
    fill(s3, {"2019/ü.jpg": photo(1)})
    seen = recorded(backend, *imported(backend).values())
    assert seen.original
    assert seen.original.address == f"{SOURCE}/2019/ü.jpg"
    assert seen.file_size == len(photo(1))
    assert {one.name: one.value for one in facts(seen)}["Original"] == f"{SOURCE}/2019/ü.jpg"
    assert seen.read() == photo(1)
    address = urlsplit(backend.workbench.photos.urls().original(seen) or "")
    assert BUCKET in address.netloc + address.path
    assert unquote(address.path).endswith("2019/ü.jpg")
    assert "versionId" not in address.query

    fill(s3, {"2019/ü.jpg": photo(2)})
    with pytest.raises(PhotoNotFoundError, match=r"has changed since it was imported\. Import it again"):
        seen.read()


def test_nobody_is_led_into_a_bucket_that_the_stack_may_not_read(backend: Backend, s3: Any) -> None:
    fill(s3, {"secret.jpg": photo(1)})
    seen = recorded(backend, *imported(backend).values())
    for named in (None, f"{BUCKET}/public", f"{BUCKET}/secret", BUCKET[:-1]):
        name_source(backend, named)
        for reading in (seen.read, lambda: backend.workbench.photos.urls().original(seen)):
            with pytest.raises(PhotoNotFoundError, match="SourceBucket"):
                reading()


def test_forgetting_erases_what_is_the_stacks_and_nothing_else(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1), "b.jpg": photo(2)})
    before = objects(s3)
    found = imported(backend, album="Trip")
    for entry in found.values():
        recorded(backend, entry)
        backend.put_thumbnail(entry.photo_id)
    privacy = backend.workbench.privacy
    one = privacy.of_photos([found["a.jpg"].photo_id])
    assert [original.address for original in one.in_place] == [f"{SOURCE}/a.jpg"]
    list(privacy.erase(one))
    list(privacy.erase(privacy.of_user("ann")))
    assert not versions(backend)
    assert objects(s3) == before


def test_a_copy_is_a_pointer_of_its_own(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    seen = recorded(backend, *imported(backend).values())
    album = backend.workbench.albums.get_or_create("Best", "ann")
    (copied,) = backend.workbench.photos.copy([seen], album)
    head = s3.head_object(Bucket=backend.stack.bucket, Key=f"Incoming/{copied.copy_id}")  # type: ignore[union-attr]
    assert from_metadata(head["Metadata"]) == (seen.original, len(photo(1)))
    assert head["Metadata"]["albumid"] == album.id
    assert "processedby" not in head["Metadata"], "its event starts it"
    assert hashlib.sha256(photo(1)).hexdigest()[:12] in copied.copy_id  # type: ignore[union-attr]


def test_processing_again_starts_with_the_pointer(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    (entry,) = imported(backend).values()
    (restarted,) = backend.workbench.photos.reconcile()
    assert restarted.photo_id == entry.photo_id
    seen = backend.workbench.photos.get(entry.photo_id)
    assert (seen.original is not None, seen.file_size) == (True, len(photo(1)))
    (started,) = backend.executions().values()
    assert started["s3Key"] == f"Incoming/{entry.photo_id}"


def test_a_bulk_run_is_told_of_what_was_pointed_to(backend: Backend, s3: Any) -> None:
    fill(s3, {**{f"{number}/a.jpg": photo(number) for number in range(3)}, "film.jpg": b"\0\0\0\x18ftypmp42"})
    arns: list[str] = []
    imports = backend.workbench.imports
    entries = list(imports.run(imports.plan(SOURCE, in_place=True), on_bulk_run=arns.append))
    ((listed, told),) = backend.bulk_runs()
    assert sorted(listed) == sorted(one.photo_id for one in entries if one.photo_id)
    assert len(listed) == 3
    assert told == {"only": [], "again": False}
    assert [one.arn for one in backend.workbench.bulk.runs()] == arns


def test_what_a_killed_import_pointed_to_is_processed_by_the_next_and_the_rest_not_again(
    backend: Backend, s3: Any
) -> None:
    fill(s3, {f"{number}.jpg": photo(number) for number in range(6)})
    imports = backend.workbench.imports
    plan = imports.plan(SOURCE, album="Trip", in_place=True)
    killed = imports.run(plan)
    ids = sorted(next(killed).photo_id for _ in range(6))
    killed.close()
    assert backend.bulk_runs() == []

    done, failed, running, earlier, never = ids[:5]
    for photo_id, status in ((done, "SUCCEEDED"), (failed, "FAILED"), (running, "PROCESSING")):
        found = s3.head_object(Bucket=backend.stack.bucket, Key=f"Incoming/{photo_id}")
        backend.write(photo_id, status, **object_attributes(found))
    backend.write(earlier, original={"s3Bucket": BUCKET, "s3Key": "0.jpg", "eTag": '"earlier"'})
    backend.write(never, original=None)
    plan = imports.plan(SOURCE, album="Trip", in_place=True)
    assert (plan.there, plan.missing, plan.unprocessed) == (6, 0, 4)
    assert plan.estimate.photos == 4

    again = list(imports.run(plan))

    assert outcomes(again) == {"there": 6}
    ((listed, _),) = backend.bulk_runs()
    assert sorted(listed) == sorted({*ids} - {done, failed})


def test_if_all_have_been_processed_no_bulk_run_is_started(
    backend: Backend, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.client.imports.unprocessed._AT_ONCE", 2)
    fill(s3, {f"{number}.jpg": photo(number) for number in range(5)})
    for entry in imported(backend).values():
        recorded(backend, entry)
    assert outcomes(imported(backend).values()) == {"there": 5}
    assert len(backend.bulk_runs()) == 1


def test_a_bulk_run_that_cannot_be_started_is_started_by_the_next_import(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    backend.refuse("stepfunctions", "StartExecution")
    with pytest.raises(AwsError, match="Starting the bulk run failed"):
        imported(backend)
    assert outcomes(imported(backend).values()) == {"there": 1}
    assert len(backend.bulk_runs()) == 1


def test_what_is_copied_is_left_to_its_event(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    imported_from(backend, SOURCE)
    assert backend.bulk_runs() == []
    assert all("processedby" not in one for one in metadata_of_pointers(backend))


def test_what_is_killed_in_between_is_finished_by_the_next_run(backend: Backend, s3: Any) -> None:
    fill(s3, {f"{number:02}.jpg": photo(number) for number in range(30)})
    backend.refuse("s3", "PutObject", 12)
    first = imported(backend, album="Trip")
    assert outcomes(first.values()) == {"imported": 18, "failed": 12}
    assert outcomes(imported(backend, album="Trip").values()) == {"there": 18, "imported": 12}
    assert len(versions(backend)) == 30
    assert set(versions(backend).values()) == {1}


def test_an_object_that_changes_while_it_is_imported_is_not_pointed_to(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    plan = backend.workbench.imports.plan(SOURCE, in_place=True)
    (file,) = plan.origin.files()
    fill(s3, {"a.jpg": photo(2)})
    with pytest.raises(ClientError, match="Precondition"), file.opened() as content:  # type: ignore[union-attr]
        content.head()
