"""Items in memory take what their JSON takes."""

from __future__ import annotations

import ctypes

import pytest

from imageproc.local.ministack_adapter.packed import Partition

COUNT = 1000


class _Allocated(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks")),
        *((name, ctypes.c_size_t) for name in ("fsmblks", "uordblks", "fordblks", "keepcost")),
    )


def allocated() -> int:
    """Return the bytes that are in use of those that were allocated by C's `malloc`."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("this C library does not tell what is allocated (glibc 2.33 and newer do)")
    library.mallinfo2.restype = _Allocated
    return int(library.mallinfo2().uordblks)


def test_an_item_takes_no_more_than_its_json() -> None:
    item = {f"attribute{number}": {"S": "x" * 30} for number in range(40)}
    partition = Partition()
    before = allocated()
    for number in range(COUNT):
        partition[number] = item
    taken = (allocated() - before) / COUNT
    json_bytes = len(partition.packed(0) or "")
    assert json_bytes <= taken < 1.2 * json_bytes
