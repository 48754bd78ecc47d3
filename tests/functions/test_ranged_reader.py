from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from imageproc.functions.ranged_reader import RangedReader

DATA = bytes(range(256)) * 4096  # 1 MiB


class Remote:
    """A remote file that counts what is fetched of it."""

    def __init__(self, first: int = 1000) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.file = RangedReader(DATA[:first], len(DATA), self._fetch)

    def _fetch(self, start: int, last: int) -> bytes:
        self.ranges.append((start, last))
        return DATA[start : last + 1]


def test_what_is_there_is_not_fetched() -> None:
    remote = Remote()
    assert remote.file.read(1000) == DATA[:1000]
    remote.file.seek(10)
    assert remote.file.read(5) == DATA[10:15]
    assert remote.ranges == []


def test_reading_on_fetches_four_times_as_much_ahead_each_time() -> None:
    remote = Remote()
    while remote.file.read(1000):
        pass
    sizes = [last - start + 1 for start, last in remote.ranges]
    assert all(0 < size - 5 * 1024 * 4**n <= 1000 for n, size in enumerate(sizes[:-1]))
    assert len(sizes) == 5
    assert sum(sizes) == len(DATA) - 1000


def test_what_is_asked_for_comes_in_one_request_with_a_little_ahead() -> None:
    remote = Remote()
    remote.file.seek(1000)
    assert remote.file.read(40_000) == DATA[1000:41_000]
    assert remote.ranges == [(1000, 41_000 + 5 * 1024 - 1)]


def test_a_jump_starts_small_again() -> None:
    remote = Remote()
    remote.file.read(60_000)
    for offset in (900_000, 300_000):
        remote.file.seek(offset)
        remote.file.read(8)
    assert remote.ranges[-2:] == [(start, start + 8 + 14 * 1024 - 1) for start in (900_000, 300_000)]


@given(
    st.lists(
        st.tuples(st.integers(0, len(DATA) + 10), st.integers(-1, 70_000), st.sampled_from([0, 1, 2])),
        max_size=8,
    )
)
def test_it_reads_as_a_file_does(steps: list[tuple[int, int, int]]) -> None:
    remote, local = Remote().file, io.BytesIO(DATA)
    for offset, size, whence in steps:
        moved = -min(offset, len(DATA)) if whence == io.SEEK_END else offset
        assert remote.seek(moved, whence) == local.seek(moved, whence)
        assert remote.read(size) == local.read(size)
        assert remote.tell() == local.tell()
