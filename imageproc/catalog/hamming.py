"""Which of many perceptual hashes lie near each other: every pair is looked at, a block of pairs at a time.

An index does not help here: 144 bits of which a quarter may differ have no part that stays the same, and one
that nearly does is shared by a third of all other photos. NumPy looks at a hundred million pairs a second and
more, and a block takes a few megabytes however many hashes there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imageproc.core.perceptual_hash import BITS, digits
from imageproc.errors import ResourcesMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.intp]

_ROWS, _COLUMNS = 64, 2048
"""Pairs of one block."""

_AT_ONCE = 1_000_000
"""Pairs that are kept until their groups are united."""


def groups_of(hashes: Sequence[str], threshold: int) -> list[int]:
    """Return a number for each hash, the same for those of one group: the place of the group's first hash.

    A group is what hangs together by pairs that differ in at most `threshold` bits. Raises
    ResourcesMissingError without NumPy.
    """
    try:
        import numpy as np
    except ImportError as error:
        raise ResourcesMissingError(
            "Near duplicates need NumPy, which is not installed.",
            "Install it with: pip install 'imageproc[workbench]'",
        ) from error
    groups = np.arange(len(hashes))
    waiting: list[tuple[Numbers, Numbers]] = []
    for pairs in _near(hashes, threshold):
        waiting.append(pairs)
        if sum(len(first) for first, _ in waiting) > _AT_ONCE:
            groups = _united(groups, waiting)
            waiting = []
    found: list[int] = _united(groups, waiting).tolist()
    return found


def _near(hashes: Sequence[str], threshold: int) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield pairs that differ in at most so many bits, a block at a time, by their places."""
    import numpy as np

    high, low, rest = _words(hashes)
    for top in range(0, len(hashes), _ROWS):
        for left in range(top, len(hashes), _COLUMNS):
            rows, columns = slice(top, top + _ROWS), slice(left, left + _COLUMNS)
            bits = np.bitwise_count(high[rows, None] ^ high[None, columns])
            bits += np.bitwise_count(low[rows, None] ^ low[None, columns])
            if bits.min() > threshold:
                continue
            first, second = np.nonzero(bits <= threshold)
            first, second = first + top, second + left
            # The last 16 bits are looked at of those alone that the others leave.
            all_bits = bits[first - top, second - left] + np.bitwise_count(rest[first] ^ rest[second])
            near = (all_bits <= threshold) & (first < second)
            if near.any():
                yield first[near], second[near]


def _words(hashes: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint16]]:
    """Return the bits of each hash as two words of 64 bits, and the last 16."""
    import numpy as np

    data = np.frombuffer(bytes.fromhex("".join(map(digits, hashes))), np.uint8).reshape(-1, BITS // 8)
    high, low = (np.ascontiguousarray(data[:, start : start + 8]).view(np.uint64)[:, 0] for start in (0, 8))
    return high, low, np.ascontiguousarray(data[:, 16:]).view(np.uint16)[:, 0]


def _united(groups: Numbers, pairs: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """Return the groups after those of each pair have become one."""
    import numpy as np

    for first, second in pairs:
        one, other = groups[first], groups[second]
        while (apart := one != other).any():
            np.minimum.at(groups, np.maximum(one, other)[apart], np.minimum(one, other)[apart])
            while ((further := groups[groups]) != groups).any():
                groups = further
            one, other = groups[first], groups[second]
    return groups
