"""A bucket that is there is imported within S3: its folders are albums, and nothing is copied twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from imageproc.client.imports.bucket_source import BucketSource
from imageproc.errors import AccessDeniedError, UploadError
from tests import pictures
from tests.client.conftest import Backend
from tests.client.imports.conftest import BUCKET, fill, imported, outcomes, photo, versions


def albums(backend: Backend) -> dict[str, list[str]]:
    """Return the names of each album's photos."""
    return {
        album.name: sorted(one.split("-", 1)[1] for one in versions(backend, album))
        for album in backend.workbench.albums.of("ann")
    }


def test_folders_become_albums_and_photos_keep_their_names(backend: Backend, s3: Any) -> None:
    fill(s3, {"2019/": b"", "2019/a.jpg": photo(1), "2019/may/b.jpg": photo(2), "2020/c.png": pictures.png()})
    fill(s3, {"2019-old/no.jpg": photo(9), "top.jpg": photo(3)})
    found = imported(backend, f"s3://{BUCKET}/2019")
    assert outcomes(found.values()) == {"imported": 2}
    assert albums(backend) == {"2019": ["a.jpg"], "may": ["b.jpg"]}
    everything = imported(backend, f"s3://{BUCKET}")
    assert everything["top.jpg"].album == BUCKET
    assert {one["Key"] for page in [s3.list_objects_v2(Bucket=BUCKET)] for one in page["Contents"]} == {
        *("2019/", "2019/a.jpg", "2019/may/b.jpg", "2020/c.png", "2019-old/no.jpg", "top.jpg")
    }, "the source stays as it is"


def test_a_copy_is_an_upload_of_the_user_into_the_album(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    s3.put_object_tagging(Bucket=BUCKET, Key="a.jpg", Tagging={"TagSet": [{"Key": "secret", "Value": "yes"}]})
    (entry,) = imported(backend, f"s3://{BUCKET}", album="Trip", user="bob").values()
    where = {"Bucket": backend.stack.bucket, "Key": f"Incoming/{entry.photo_id}"}
    answer = s3.get_object(**where)
    album = backend.workbench.albums.get("Trip")
    assert answer["Metadata"] == {"userid": "bob", "albumid": album.id}
    assert answer["ContentType"] == "image/jpeg"
    assert answer["Body"].read() == photo(1)
    assert s3.get_object_tagging(**where)["TagSet"] == []


def test_again_copies_only_what_is_missing(backend: Backend, s3: Any) -> None:
    fill(s3, {f"{number}.jpg": photo(number) for number in range(5)})
    first = imported(backend, f"s3://{BUCKET}", album="Trip")
    fill(s3, {"5.jpg": photo(5), "6.jpg": photo(0)})
    again = imported(backend, f"s3://{BUCKET}", album="Trip")
    assert outcomes(again.values()) == {"there": 6, "imported": 1}
    assert again["5.jpg"].outcome == "imported"
    assert again["6.jpg"].photo_id == first["0.jpg"].photo_id, "the same content under another name"
    assert {path: one.photo_id for path, one in first.items()}.items() <= {
        path: one.photo_id for path, one in again.items()
    }.items()
    assert set(versions(backend).values()) == {1}
    assert len(versions(backend)) == 6


def test_an_object_that_changed_is_another_photo(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1)})
    imported(backend, f"s3://{BUCKET}")
    fill(s3, {"a.jpg": photo(2)})
    assert outcomes(imported(backend, f"s3://{BUCKET}").values()) == {"imported": 1}
    assert len(versions(backend)) == 2


def test_what_changes_while_it_is_imported_is_not_taken_for_what_was_listed(
    backend: Backend, s3: Any
) -> None:
    fill(s3, {"a.jpg": photo(1)})
    (file,) = BucketSource(backend.stack, f"s3://{BUCKET}").files()
    fill(s3, {"a.jpg": photo(2)})
    with pytest.raises(ClientError, match="Precondition"), file.opened() as content:  # type: ignore[union-attr]
        content.head()


def test_what_is_no_photo_is_skipped_and_says_why(backend: Backend, s3: Any) -> None:
    fill(s3, {"a.jpg": photo(1), "film.mov": b"moov", "note.txt": b"hello", "no-name": b"hello, world"})
    fill(s3, {"empty.jpg": b"", ".hidden.jpg": photo(2), "x/.git/a.jpg": photo(3), "gif.jpg": pictures.gif()})
    found = imported(backend, f"s3://{BUCKET}", album="Trip")
    assert {path: one.cause for path, one in found.items() if one.outcome == "skipped"} == {
        "film.mov": "By its name it is not a photo (video/quicktime).",
        "note.txt": "By its name it is not a photo (text/plain).",
        "no-name": "the file is not an image: it looks like text",
        "empty.jpg": "It is empty.",
        ".hidden.jpg": "It is hidden: its name, or a folder's, begins with a dot.",
        "x/.git/a.jpg": "It is hidden: its name, or a folder's, begins with a dot.",
        "gif.jpg": "the file is GIF; JPEG and PNG are supported: convert it and upload it again",
    }
    assert outcomes(found.values()) == {"imported": 1, "skipped": 7}


def test_an_album_is_made_for_photos_alone(backend: Backend, s3: Any) -> None:
    fill(s3, {"texts/no.jpg": b"hello, world", "photos/a.jpg": photo(1)})
    imported(backend, f"s3://{BUCKET}")
    assert [one.name for one in backend.workbench.albums.of("ann")] == ["photos"]


def test_odd_names_are_names_and_lead_nowhere(backend: Backend, s3: Any) -> None:
    odd = ["a b/ü + %20?.jpg", "../../etc/x.jpg", "//y.jpg", "a/<b>&'\".jpg", "=1+1.jpg", "🐈/\u202ecat.jpg"]
    fill(s3, {key: photo(number) for number, key in enumerate(odd)})
    found = imported(backend, f"s3://{BUCKET}")
    assert outcomes(found.values()) == {"imported": len(odd)}
    assert found["../../etc/x.jpg"].album == "etc"
    assert found["//y.jpg"].album == BUCKET
    for number, key in enumerate(odd):
        answer = s3.get_object(Bucket=backend.stack.bucket, Key=f"Incoming/{found[key].photo_id}")
        assert answer["Body"].read() == photo(number)


def test_an_archived_object_is_skipped(backend: Backend, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="cold.jpg", Body=photo(1), StorageClass="GLACIER")
    (entry,) = imported(backend, f"s3://{BUCKET}").values()
    assert entry.cause == "It is archived: restore it, and run the import again."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("s3://no-such-bucket", "There is no bucket no-such-bucket. Check its name."),
        (f"s3://{BUCKET}/nothing", f"There are no files in s3://{BUCKET}/nothing/."),
        ("s3:/archive", "s3:/archive is not the address of a bucket. Write s3://bucket/prefix."),
        ("s3://photos/Incoming", "photos is the bucket of the stack imageproc itself."),
        ("", "A path is empty: is a variable empty? Name a file or a folder; . is the one you are in."),
        ("/nowhere", "There is no folder or zip /nowhere. Name a folder, a zip, or s3://bucket/prefix."),
    ],
)
def test_a_source_that_is_not_there_is_an_error(backend: Backend, s3: Any, source: str, said: str) -> None:
    with pytest.raises(UploadError) as caught:
        backend.workbench.imports.plan(source)
    assert said in str(caught.value)


def policies(text: str) -> list[Any]:
    """Return the JSON documents in a text."""
    found, rest = [], text
    while "{" in rest:
        document, end = json.JSONDecoder().raw_decode(rest := rest[rest.index("{") :])
        found.append(document)
        rest = rest[end:]
    return found


def test_who_may_not_list_the_bucket_is_told_the_policies(backend: Backend, s3: Any) -> None:
    backend.refuse("s3", "ListObjectsV2")
    with pytest.raises(UploadError, match=AccessDeniedError.default_fix) as caught:
        backend.workbench.imports.plan(f"s3://{BUCKET}/2019")
    mine, theirs = policies(str(caught.value))
    listing, reading = mine["Statement"]
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "2019/*"}}
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/2019/*")
    owner = {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    assert theirs["Statement"] == [owner | listing, owner | reading]


def test_who_may_read_nothing_is_told_before_everything_was_tried(
    backend: Backend, s3: Any, few_at_a_time: None
) -> None:
    fill(s3, {f"{number:03}.jpg": photo(1) for number in range(50)})
    refused = 0

    def refuse(**_: Any) -> Any:
        nonlocal refused
        refused += 1
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    s3.meta.events.register("before-call.s3.GetObject", refuse)
    with pytest.raises(UploadError, match="GetObject: no") as caught:
        imported(backend, f"s3://{BUCKET}")
    assert len(policies(str(caught.value))) == 2
    assert refused < 40


def test_what_may_not_be_read_does_not_stop_the_others(backend: Backend, s3: Any) -> None:
    fill(s3, {f"{number:03}.jpg": photo(number) for number in range(10)})
    backend.refuse("s3", "CopyObject", 3)
    found = imported(backend, f"s3://{BUCKET}", album="Trip")
    assert outcomes(found.values()) == {"imported": 7, "failed": 3}
    failed = next(one for one in found.values() if one.outcome == "failed")
    assert failed.cause.endswith(AccessDeniedError.default_fix)
    assert outcomes(imported(backend, f"s3://{BUCKET}", album="Trip").values()) == {"there": 7, "imported": 3}
