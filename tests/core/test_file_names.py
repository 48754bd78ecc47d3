from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core.file_names import file_name

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="./\\:~%\0\n\u202e\u2215 -aA"),
    st.builds(
        "/".join, st.lists(st.sampled_from(["..", ".", "", "C:", "~", "a", "con.jpg", "\u202egpj.exe"]))
    ),
)


@given(HOSTILE)
def test_a_name_never_leaves_its_folder(object_id: str) -> None:
    name = file_name(object_id)
    folder = Path("/somewhere/photos")
    assert (folder / name).resolve().parent == folder
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        assert path.parts == (name,), "one component"
    assert not PureWindowsPath(name).drive
    assert not name.startswith((".", "-", "~", " "))
    assert not name.endswith((".", " "))
    assert name.isprintable()
    assert len(name.encode()) <= 255
    assert name == file_name(object_id)


@given(st.lists(HOSTILE, min_size=2, max_size=2, unique=True))
def test_two_photos_never_have_one_file(object_ids: list[str]) -> None:
    one, other = map(file_name, object_ids)
    assert one.casefold() != other.casefold()


@pytest.mark.parametrize(
    ("object_id", "beginning", "end"),
    [
        ("abcdef/0123456789ab-IMG 1234.JPG", "IMG 1234-", ".jpg"),
        ("a/b/Möwe.png", "Möwe-", ".png"),
        ("../../../etc/passwd", "passwd-", ""),
        ("..", "photo-", ""),
        ("x/", "photo-", ""),
        ("a\\b.jpg", "b-", ".jpg"),
        ("photo.tar.gz/../.ssh", "photo-", ".ssh"),
        ("<img src=x>.jpg", "img src_x-", ".jpg"),
    ],
)
def test_a_name_stays_readable(object_id: str, beginning: str, end: str) -> None:
    name = file_name(object_id)
    assert name.startswith(beginning)
    assert name.endswith(end)
