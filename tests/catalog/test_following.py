"""A catalog has what the table has: filled once, then by what changed, whatever happens meanwhile."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest

from imageproc.catalog import answers
from imageproc.catalog.arguments import condition_of
from imageproc.catalog.catalog import DEEP_EVERY_S, MERGE_AFTER, Catalog
from imageproc.catalog.filling import SEGMENTS, FillProgress
from imageproc.catalog.selection import Selection
from imageproc.core.changes import TOMBSTONE_DAYS
from imageproc.errors import CatalogError
from tests.catalog.conftest import Clock, ids
from tests.catalog.fake_dynamodb import QUERIES, FakeDynamoDB

Open = Callable[..., Catalog]
NAMES = [f"trip/{number}.jpg" for number in range(60)]


@pytest.fixture(autouse=True)
def _photos(dynamodb: FakeDynamoDB) -> None:
    for number, name in enumerate(NAMES):
        dynamodb.put(name, 1_700_000_000 + number)


def test_it_is_filled_by_a_scan_and_then_never_again(catalog: Catalog, dynamodb: FakeDynamoDB) -> None:
    assert ids(catalog) == sorted(NAMES)
    assert dynamodb.calls.count("scan") >= SEGMENTS
    dynamodb.calls.clear()
    dynamodb.put("new.jpg")
    assert ids(catalog) == sorted([*NAMES, "new.jpg"])
    assert dynamodb.calls == ["query"] * QUERIES + ["get"]


def test_what_is_fresh_is_not_asked_for_again_by_any_process(
    open_catalog: Open, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    one, other = open_catalog(), open_catalog()
    ids(one)
    dynamodb.calls.clear()
    dynamodb.put("new.jpg")
    clock.sleep(0.4)
    assert "new.jpg" not in ids(other, 0.5)
    assert dynamodb.calls == []
    clock.sleep(0.2)
    assert "new.jpg" in ids(one, 0.5)
    assert "new.jpg" in ids(other, 0.5)
    assert dynamodb.calls == ["query"] * QUERIES + ["get"]


def test_a_change_that_is_known_is_read_at_once_and_only_once(
    open_catalog: Open, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    one, other = open_catalog(), open_catalog()
    ids(one)
    clock.sleep(0.2)
    dynamodb.put("new.jpg")
    one.outdate()
    clock.sleep(0.1)
    assert "new.jpg" not in ids(other, 0.5)  # nobody has told it
    with one.unsynced():
        assert "new.jpg" not in ids(one, float("inf"))
    assert "new.jpg" in ids(one, 0.5)
    assert "new.jpg" in ids(other, 0.5)
    dynamodb.calls.clear()
    clock.sleep(0.1)
    ids(one, 0.5)
    assert dynamodb.calls == []


def test_who_wants_what_is_here_does_not_wait_while_another_thread_waits_for_aws(
    catalog: Catalog, dynamodb: FakeDynamoDB
) -> None:
    """A gallery shows at once what the catalog has, also while another one asks an AWS that is slow."""
    ids(catalog)
    dynamodb.put("new.jpg")
    asked, answers_now = Event(), Event()

    def wait(_: str) -> None:
        asked.set()
        answers_now.wait(30)

    dynamodb.before = wait
    with ThreadPoolExecutor(2) as pool:
        try:
            following = pool.submit(ids, catalog, 0)
            assert asked.wait(10)
            assert pool.submit(ids, catalog, float("inf")).result(5) == sorted(NAMES)
            assert not following.done()
        finally:
            answers_now.set()
        assert following.result(10) == sorted([*NAMES, "new.jpg"])


def test_threads_that_find_it_broken_make_it_anew_once(open_catalog: Open, dynamodb: FakeDynamoDB) -> None:
    ids(open_catalog())
    catalog = open_catalog()
    (catalog.folder / "journal.sqlite").write_bytes(b"broken" * 5000)
    dynamodb.calls.clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ids(catalog, 60), range(4)))
    assert found == [sorted(NAMES)] * 4
    once = dynamodb.calls.count("scan")
    dynamodb.calls.clear()
    catalog.remove()
    ids(catalog)
    assert once == dynamodb.calls.count("scan")


def test_a_thread_whose_folder_another_one_removes_meanwhile_has_its_answer(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids(catalog)
    chmod, removed = Path.chmod, list[Path]()

    def remove_first(path: Path, mode: int) -> None:
        if path == catalog.folder and not removed:
            removed.append(path)
            thread = Thread(target=catalog.remove)
            thread.start()
            thread.join()
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", remove_first)
    assert ids(catalog, 60) == sorted(NAMES)
    assert removed


def test_unchanged_photos_are_read_once(catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock) -> None:
    ids(catalog)
    dynamodb.put("new.jpg")
    ids(catalog)
    dynamodb.calls.clear()
    for _ in range(5):
        clock.sleep(1)
        ids(catalog)
    assert "get" not in dynamodb.calls


def test_a_change_replaces_what_was_known(catalog: Catalog, dynamodb: FakeDynamoDB) -> None:
    ids(catalog)
    for status in ("UPLOADED", "PROCESSING", "FAILED"):
        dynamodb.put(NAMES[0], status=status)
        database = catalog.database(0)
        assert answers.facets(database, Selection(), "status") == {
            "SUCCEEDED": len(NAMES) - 1,
            status: 1,
        }
        dynamodb.clock.sleep(1)  # type: ignore[attr-defined]


def test_what_was_erased_is_gone_to_the_last_byte(
    catalog: Catalog, open_catalog: Open, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    dynamodb.put("secret/portrait.jpg", exifImageDescription="Confidential", albumID="hidden")
    dynamodb.album_items["hidden"] = {"albumID": "hidden", "name": "Clandestine", "userID": "ann"}
    open_elsewhere = open_catalog()
    assert "secret/portrait.jpg" in ids(catalog)
    assert "secret/portrait.jpg" in ids(open_elsewhere)
    dynamodb.put("secret/portrait.jpg", exifImageDescription="Confidential", albumID="hidden")
    ids(catalog)
    dynamodb.erase("secret/portrait.jpg")
    catalog.erase()
    assert ids(catalog) == sorted(NAMES)
    assert ids(open_elsewhere) == sorted(NAMES)
    kept = b"".join(path.read_bytes() for path in catalog.folder.rglob("*") if path.is_file())
    assert b"trip/" in kept
    for word in (b"portrait", b"Confidential", b"Clandestine"):
        assert word not in kept


def test_what_others_erased_is_gone_from_the_files_a_moment_later(
    catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    ids(catalog)
    dynamodb.erase(NAMES[0])
    assert NAMES[0] not in ids(catalog)
    clock.sleep(11)
    ids(catalog)
    kept = b"".join(path.read_bytes() for path in catalog.folder.rglob("*") if path.is_file())
    assert b"trip/0.jpg" not in kept


def test_what_was_erased_is_gone_while_the_index_still_shows_it(
    catalog: Catalog, open_catalog: Open, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    dynamodb.lingering["new.jpg"] = dynamodb.put("new.jpg")
    assert "new.jpg" in ids(catalog)
    dynamodb.erase("new.jpg")
    clock.sleep(1)
    assert "new.jpg" not in ids(open_catalog())


def test_a_photo_that_was_erased_and_uploaded_again_is_there(
    catalog: Catalog, dynamodb: FakeDynamoDB
) -> None:
    ids(catalog)
    dynamodb.erase(NAMES[0])
    dynamodb.put(NAMES[0])
    assert NAMES[0] in ids(catalog)


def test_a_change_that_the_index_shows_late_is_found(
    catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    ids(catalog)
    dynamodb.put("late.jpg")
    dynamodb.hidden.add("late.jpg")
    clock.sleep(3)
    for number in range(20):  # later changes, of all shards
        dynamodb.put(f"{number}.jpg")
    ids(catalog)
    dynamodb.hidden.clear()
    clock.sleep(1)
    assert "late.jpg" in ids(catalog)


def test_a_new_name_of_an_album_is_read_within_the_hour(
    catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    """Only the workbench that renames it tells its own catalog at once."""
    dynamodb.put("cat.jpg", albumID="a1")
    for name in ("Trip", "Holiday"):
        dynamodb.album_items["a1"] = {"albumID": "a1", "name": name, "userID": "ann"}
        ids(catalog)
        assert catalog.database(60).albums["a1"] == ("Trip", "ann")
    clock.sleep(3601)
    ids(catalog)
    assert catalog.database(60).albums["a1"] == ("Holiday", "ann")


def test_writers_with_wrong_clocks_are_found(catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock) -> None:
    ids(catalog)
    for number in range(20):
        dynamodb.put(f"fast/{number}.jpg", clock.now + 290)
    assert "fast/0.jpg" in ids(catalog)
    clock.sleep(1)
    dynamodb.put("right.jpg")
    assert "right.jpg" in ids(catalog), "fast clocks must not hide what comes after"
    dynamodb.put("slow.jpg", clock.now - 290)
    clock.sleep(DEEP_EVERY_S + 1)
    assert "slow.jpg" in ids(catalog)


def test_a_record_whose_time_went_back_is_read_again(catalog: Catalog, dynamodb: FakeDynamoDB) -> None:
    dynamodb.put("cat.jpg", status="UPLOADED")
    ids(catalog)
    dynamodb.put("cat.jpg", dynamodb.clock() - 5, status="FAILED")
    database = catalog.database(0)
    assert answers.facets(database, Selection(), "status")["FAILED"] == 1


def test_a_table_that_changes_while_it_is_read_the_first_time(
    catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    scans = iter(range(10_000))

    def meanwhile(call: str) -> None:
        if call == "scan" and next(scans) == SEGMENTS:
            clock.sleep(1)
            dynamodb.put("a/new.jpg")
            dynamodb.put(NAMES[0], status="FAILED")
            for name in NAMES[1:20]:
                dynamodb.erase(name)

    dynamodb.before = meanwhile
    assert ids(catalog) == sorted(["a/new.jpg", NAMES[0], *NAMES[20:]])


def test_a_fill_that_was_interrupted_goes_on_where_it_stopped(
    open_catalog: Open, dynamodb: FakeDynamoDB
) -> None:
    dynamodb.page = 1
    scans = iter(range(10_000))

    def stop(call: str) -> None:
        if call == "scan" and next(scans) == 40:
            raise KeyboardInterrupt

    dynamodb.before = stop
    with pytest.raises(KeyboardInterrupt):
        ids(open_catalog())
    dynamodb.before = lambda _: None
    dynamodb.calls.clear()
    told: list[FillProgress] = []
    assert ids(open_catalog(notify=told.append)) == sorted(NAMES)
    assert 0 < dynamodb.calls.count("scan") <= len(NAMES) + SEGMENTS - 20
    assert 10 < told[0].records < len(NAMES)
    assert told[-1] == FillProgress(len(NAMES), len(NAMES), 2000 * len(NAMES) / 8192, done=True)


def test_after_the_tombstones_have_expired_it_is_filled_again(
    catalog: Catalog, dynamodb: FakeDynamoDB, clock: Clock
) -> None:
    ids(catalog)
    clock.sleep(TOMBSTONE_DAYS * 86_400)
    del dynamodb.items[NAMES[0]]  # erased, and its tombstone has expired
    assert ids(catalog) == sorted(NAMES[1:])


@pytest.mark.parametrize("file", ["journal.sqlite", "base-*.duckdb"])
@pytest.mark.parametrize("content", [b"", b"broken" * 5000])
def test_a_broken_file_is_made_anew(open_catalog: Open, file: str, content: bytes) -> None:
    ids(open_catalog())
    (path,) = open_catalog().folder.glob(file)
    path.write_bytes(content)
    assert ids(open_catalog()) == sorted(NAMES)


@pytest.fixture
def damaged(open_catalog: Open, dynamodb: FakeDynamoDB) -> Catalog:
    """A catalog whose base is damaged while it is open: nothing but its headers is as it was."""
    for number in range(3000):
        dynamodb.put(f"more/{number}.jpg", 1_700_000_000)
    dynamodb.page = 1000
    ids(open_catalog())
    opened = open_catalog()
    opened.database(0)
    (path,) = opened.folder.glob("base-*.duckdb")
    content = bytearray(path.read_bytes())
    for start in range(3 * 4096, len(content), 64):
        content[start] ^= 0xFF
    path.write_bytes(content)
    return opened


def test_a_question_to_a_damaged_file_is_answered_by_a_new_one(damaged: Catalog) -> None:
    everything = Selection().where(condition_of({"name": "*"}))
    assert damaged.ask(answers.count, everything) == 3000 + len(NAMES)


def test_photos_of_a_damaged_file_are_there_the_next_time(damaged: Catalog) -> None:
    with pytest.raises(CatalogError, match="made anew"):
        list(damaged.rows(Selection()))
    assert len(list(damaged.rows(Selection()))) == 3000 + len(NAMES)


def test_a_file_that_is_gone_is_made_anew(open_catalog: Open) -> None:
    catalog = open_catalog()
    ids(catalog)
    for path in catalog.folder.glob("base-*"):
        path.unlink()
    assert ids(open_catalog()) == sorted(NAMES)
    catalog.remove()
    assert ids(open_catalog()) == sorted(NAMES)


def test_a_catalog_of_another_version_is_made_anew(open_catalog: Open, dynamodb: FakeDynamoDB) -> None:
    ids(open_catalog())
    with sqlite3.connect(open_catalog().folder / "journal.sqlite") as journal:
        journal.execute("PRAGMA user_version = 999")
    journal.close()
    dynamodb.calls.clear()
    assert ids(open_catalog()) == sorted(NAMES)
    assert "scan" in dynamodb.calls


def test_many_changes_become_another_base(
    catalog: Catalog, open_catalog: Open, dynamodb: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.catalog.catalog.MERGE_AFTER", 10)
    assert MERGE_AFTER > 10
    other = open_catalog()
    ids(catalog)
    ids(other)
    (before,) = catalog.folder.glob("base-*")
    for name in (*NAMES[:30], "new.jpg"):
        dynamodb.put(name, status="FAILED")
    for name in NAMES[30:40]:
        dynamodb.erase(name)
    expected = sorted([*NAMES[:30], *NAMES[40:], "new.jpg"])
    assert ids(catalog) == expected
    (after,) = catalog.folder.glob("base-*")
    assert before != after
    assert ids(other) == ids(open_catalog()) == expected
    dynamodb.put("newer.jpg")
    assert ids(other) == ids(catalog) == sorted([*expected, "newer.jpg"])


def test_only_their_owner_may_read_the_files(catalog: Catalog, dynamodb: FakeDynamoDB) -> None:
    ids(catalog)
    dynamodb.put("new.jpg")
    ids(catalog)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in catalog.folder.iterdir() if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE(catalog.folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_told(open_catalog: Open, tmp_path: Path) -> None:
    (tmp_path / "catalog").write_text("a file")
    with pytest.raises(CatalogError, match=r"cannot be made.*XDG_CACHE_HOME"):
        ids(open_catalog())


def test_a_table_without_the_index_is_told(catalog: Catalog, dynamodb: FakeDynamoDB) -> None:
    described = dynamodb.describe_table("images")
    described["Table"]["GlobalSecondaryIndexes"] = []
    dynamodb.describe_table = lambda **_: described  # type: ignore[method-assign]
    with pytest.raises(CatalogError, match=r"no change index.*imageproc deploy"):
        ids(catalog)
