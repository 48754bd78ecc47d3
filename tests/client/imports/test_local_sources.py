"""Folders and zips are imported, whatever is in them, and a zip's files are never written by their names."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from imageproc import Uploaded
from imageproc.core import limits
from imageproc.errors import UploadError
from tests.client.conftest import Backend
from tests.client.imports.conftest import imported, outcomes, photo, versions, write


def zipped(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def said(data: bytearray, name: str, size: int) -> None:
    """Have a zip's directory say that a file has this size.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12
    """
    struct.pack_into("<L", data, data.rindex(name.encode()) - 46 + 24, size)


TREE = {"2019/a.jpg": photo(1), "2019/may/b.jpg": photo(2), "top.jpg": photo(3)}


def test_a_folder_and_a_zip_of_it_give_the_same_photos(backend: Backend, tmp_path: Path) -> None:
    folder = write(tmp_path / "Trip", TREE)
    found = imported(backend, folder)
    assert {path: one.album for path, one in found.items()} == {
        "2019/a.jpg": "2019",
        "2019/may/b.jpg": "2019/may",
        "top.jpg": "Trip",
    }
    again = imported(backend, zipped(tmp_path / "Trip.zip", TREE))
    assert outcomes(again.values()) == {"there": 3}
    assert {path: one.photo_id for path, one in again.items()} == {
        path: one.photo_id for path, one in found.items()
    }
    assert set(versions(backend).values()) == {1}


def test_what_was_uploaded_before_is_there(backend: Backend, tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.jpg": photo(1)})
    album = backend.workbench.albums.get_or_create("Trip")
    (sent,) = [one for one in backend.workbench.uploads.upload([folder], album) if isinstance(one, Uploaded)]
    write(tmp_path, {"b.jpg": photo(1)})
    found = imported(backend, folder, album=album)
    assert outcomes(found.values()) == {"there": 2}
    assert {one.photo_id for one in found.values()} == {sent.photo_id}


def test_what_somebody_else_wrote_over_a_photo_is_not_taken_for_it(backend: Backend, tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.jpg": photo(1)})
    (first,) = imported(backend, folder).values()
    backend.put(first.photo_id, b"cut off")
    assert outcomes(imported(backend, folder).values()) == {"imported": 1}


def test_two_files_that_are_one_photo_are_sent_once(backend: Backend, tmp_path: Path) -> None:
    folder = write(tmp_path, {f"{number}/same.jpg": photo(1) for number in range(40)})
    write(folder, {"other/same.jpg": photo(2)})
    found = imported(backend, folder, album="Trip")
    assert outcomes(found.values()) == {"imported": 2, "there": 39}
    assert len({one.photo_id for one in found.values()}) == 2
    assert set(versions(backend).values()) == {1}


def test_links_and_hidden_files_are_not_followed(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(photo(9))
    folder = write(tmp_path / "photos", {"a.jpg": photo(1), ".b.jpg": photo(2)})
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    found = imported(backend, folder)
    assert outcomes(found.values()) == {"imported": 1, "skipped": 1}
    assert found["out.jpg"].cause.startswith("It is a symbolic link that leads out of the folder")


def test_a_file_that_may_not_be_read_is_skipped(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> Any:  # root may read everything
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    folder = write(tmp_path, {"a.jpg": photo(1)})
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        found = imported(backend, folder)
    assert found["a.jpg"].cause == "It cannot be read: Permission denied."


def test_a_folder_whose_name_is_no_unicode_becomes_an_album(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.jpg")).write_bytes(photo(1))
    (entry,) = imported(backend, tmp_path).values()
    assert (entry.outcome, entry.album) == ("imported", "caf?")
    assert [one.name for one in backend.workbench.albums.of("ann")] == ["caf?"]


def test_hostile_names_in_a_zip_are_names(backend: Backend, tmp_path: Path) -> None:
    names = ["../../outside.jpg", "/etc/absolute.jpg", "C:\\Windows\\system.jpg", "a//b/./c.jpg", "x" * 300]
    names += ["con.jpg", "new\nline.jpg", "\u202egpj.exe.jpg", "$(id).jpg"]
    path = zipped(tmp_path / "hostile.zip", {name: photo(n) for n, name in enumerate(names)})
    before = sorted(tmp_path.rglob("*"))
    found = imported(backend, path)
    assert outcomes(found.values()) == {"imported": len(names)}
    assert {one.album for one in found.values()} == {"hostile", "etc", "C:/Windows", "a/b"}
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"
    s3 = backend.stack.client("s3")
    stored = [
        s3.get_object(
            Bucket=backend.stack.bucket, Key=f"Incoming/{found[name.replace(chr(92), '/')].photo_id}"
        )
        for name in names
    ]
    assert [one["Body"].read() for one in stored] == [photo(number) for number in range(len(names))]


def test_hostile_contents_of_a_zip_are_skipped_with_the_reason(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.jpg", photo(1))
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.jpg", photo(3))
        archive.writestr("text.jpg", b"hello, world")
        archive.writestr("damaged.jpg", photo(2), zipfile.ZIP_STORED)
        archive.writestr("__MACOSX/._good.jpg", b"resource")
        archive.writestr("inner.zip", b"PK")
        archive.writestr("folder/", b"")
    data = bytearray(path.read_bytes())
    at = data.index(photo(2))
    data[at + 100 : at + 110] = bytes(10)
    said(data, "bomb.jpg", limits.MAX_BYTES + 1)
    path.write_bytes(data)
    causes = {name: one.cause for name, one in imported(backend, path).items() if one.outcome == "skipped"}
    assert causes == {
        "link.jpg": "It is a symbolic link.",
        "bomb.jpg": "It has more than 104,857,600 bytes, the most that can be processed.",
        "text.jpg": "the file is not an image: it looks like text",
        "damaged.jpg": "It cannot be read: Bad CRC-32 for file 'damaged.jpg'.",
        "__MACOSX/._good.jpg": "It is hidden: its name, or a folder's, begins with a dot.",
        "inner.zip": "By its name it is not a photo (application/zip).",
    }
    assert len(versions(backend)) == 1


def test_a_bomb_that_lies_about_its_size_is_read_no_further(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size in the directory is what was looked at, and what is read at most."""
    path = zipped(tmp_path / "bomb.zip", {"bomb.jpg": photo(1) + bytes(20_000_000)})
    data = bytearray(path.read_bytes())
    said(data, "bomb.jpg", 500_000)
    path.write_bytes(data)
    read: list[int] = []
    copy = shutil.copyfileobj

    def copied(packed: Any, body: Any) -> None:
        try:
            copy(packed, body)
        finally:
            read.append(body.tell())

    monkeypatch.setattr("shutil.copyfileobj", copied)
    (entry,) = imported(backend, path).values()
    assert (entry.outcome, entry.cause) == ("skipped", "It cannot be read: Bad CRC-32 for file 'bomb.jpg'.")
    assert 100_000 < read[0] < 500_000


def test_an_encrypted_file_of_a_zip_is_skipped(backend: Backend, tmp_path: Path) -> None:
    path = zipped(tmp_path / "secret.zip", {"a.jpg": photo(1)})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert imported(backend, path)["a.jpg"].cause.startswith("It is encrypted")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", photo(1), b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_an_error(backend: Backend, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UploadError, match="cannot be read as a zip"):
        backend.workbench.imports.plan(tmp_path / "a.zip")


def test_an_empty_folder_is_an_error(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="There are no files in"):
        backend.workbench.imports.plan(tmp_path)
