from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.file_names import FileNames, file_name, saved_name

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="./\\:~%\0\n\u202e\u2215 -aA"),
    st.builds(
        "/".join, st.lists(st.sampled_from(["..", ".", "", "C:", "~", "a", "con.jpg", "\u202egpj.exe"]))
    ),
)


@given(HOSTILE)
def test_a_name_never_leaves_its_folder(object_id: str) -> None:
    folder = Path("/somewhere/photos")
    assert file_name(object_id) == file_name(object_id)
    for name in (file_name(object_id), FileNames().of(object_id)):
        check(name, folder)


def check(name: str, folder: Path) -> None:
    assert (folder / name).resolve().parent == folder
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        assert path.parts == (name,), "one component"
    assert not PureWindowsPath(name).drive
    assert not name.startswith((".", "-", "~", " "))
    assert not name.endswith((".", " "))
    assert name.isprintable()
    assert len(name.encode()) <= 255
    assert not PureWindowsPath(name).is_reserved()


@given(st.lists(HOSTILE, min_size=2, max_size=2, unique=True))
def test_two_photos_never_have_one_file(object_ids: list[str]) -> None:
    one, other = map(file_name, object_ids)
    assert one.casefold() != other.casefold()


@pytest.mark.parametrize(
    ("object_id", "beginning", "end"),
    [
        ("abcdef/0123456789ab-IMG 1234.JPG", "IMG 1234-", ".JPG"),
        ("a/b/Möwe.png", "Möwe-", ".png"),
        ("../../../etc/passwd", "passwd-", ""),
        ("..", "photo-", ""),
        ("x/", "photo-", ""),
        ("a\\b.jpg", "b-", ".jpg"),
        ("photo.tar.gz/../.ssh", "photo-", ".ssh"),
        ("<img src=x>.jpg", "_img src=x_-", ".jpg"),
        ("a/_DSC0001.JPG", "_DSC0001-", ".JPG"),
        ("a/con.1.jpg", "con_1-", ".jpg"),
    ],
)
def test_a_name_stays_readable(object_id: str, beginning: str, end: str) -> None:
    name = file_name(object_id)
    assert name.startswith(beginning)
    assert name.endswith(end)


@pytest.mark.parametrize(
    "name",
    [
        "📸🌴 sommer.jpg",
        "it's Ann & Tom, 50%!.jpg",
        "IMG.2014.05.jpg",
        "[a] {b} $c.jpg",
        "日本.png",
        "_DSC1.jpg",
    ],
)
def test_a_name_that_every_system_takes_stays_as_it_is(name: str) -> None:
    assert FileNames().of(f"trip/0123456789ab-{name}") == name
    assert saved_name(name) == name


@given(st.lists(HOSTILE, min_size=2, max_size=5, unique=True))
def test_photos_side_by_side_never_have_one_file(object_ids: list[str]) -> None:
    names = FileNames("metadata.csv")
    found = [names.of(object_id).casefold() for object_id in object_ids]
    assert len({*found, "metadata.csv"}) == len(found) + 1


def test_a_name_gets_a_digest_only_if_another_has_it() -> None:
    names = FileNames("metadata.csv")
    assert names.of("a/0123456789ab-FujiFilm MX-1200.JPG") == "FujiFilm MX-1200.JPG"
    assert names.of("b/0123456789ab-fujifilm mx-1200.jpg").startswith("fujifilm mx-1200-")
    assert names.of("a/metadata.csv").startswith("metadata-")
    assert names.of("a/con.jpg").startswith("con-"), "Windows would write to the console"
    assert names.of("a/dog.jpg", lambda name: name == "dog.jpg").startswith("dog-")
