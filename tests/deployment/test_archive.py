from __future__ import annotations

import io
import zipfile

from imageproc.deployment.packaging.archive import package


def test_the_same_files_give_the_same_bytes_and_key_in_any_order() -> None:
    one = package({"a.py": b"1", "b/c.py": b"2"}, "code/")
    two = package({"b/c.py": b"2", "a.py": b"1"}, "code/")

    assert (one.key, one.data) == (two.key, two.data)


def test_a_change_of_content_name_or_mode_changes_the_key() -> None:
    keys = {
        package({"a": b"1"}, "").key,
        package({"a": b"2"}, "").key,
        package({"b": b"1"}, "").key,
        package({"a": b"1"}, "", executable=frozenset({"a"})).key,
    }

    assert len(keys) == 4


def test_times_and_modes_are_fixed() -> None:
    made = package({"bootstrap": b"#!", "a.py": b""}, "x/", executable=frozenset({"bootstrap"}))

    entries = {entry.filename: entry for entry in zipfile.ZipFile(io.BytesIO(made.data)).infolist()}
    assert {entry.date_time for entry in entries.values()} == {(1980, 1, 1, 0, 0, 0)}
    assert entries["bootstrap"].external_attr >> 16 == 0o100755
    assert entries["a.py"].external_attr >> 16 == 0o100644


def test_the_key_is_prefix_and_hash() -> None:
    made = package({"a": b"12345"}, "some/prefix/")

    prefix, _, name = made.key.rpartition("/")
    assert prefix == "some/prefix"
    assert len(name) == len("0" * 64 + ".zip")
    assert made.unpacked == 5
