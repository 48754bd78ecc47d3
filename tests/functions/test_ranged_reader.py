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


def test_reading_on_fetches_four_times_as_much_each_time() -> None:
    remote = Remote()
    while remote.file.read(1000):
        pass
    sizes = [last - start + 1 for start, last in remote.ranges]
    assert sizes == [262_144, len(DATA) - 1000 - 262_144]


def test_skipping_a_little_is_reading_on() -> None:
    remote = Remote()
    remote.file.seek(20_000)
    remote.file.read(8)
    assert remote.ranges == [(20_000, 20_000 + 262_143)]


def test_a_jump_starts_small_again() -> None:
    remote = Remote()
    remote.file.seek(900_000)
    remote.file.read(8)
    assert remote.ranges == [(900_000, 965_535)]


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
