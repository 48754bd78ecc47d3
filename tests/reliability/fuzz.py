"""The fuzz target: hypothesis damages the files of the corpus, and the real handlers must take what comes.

`python -m tests.reliability.fuzz --examples 500` is the same each time (`make test`); `--seconds 600` goes
on with new seeds until the time is up (`make fuzz`); then the smallest file that a handler cannot take is
written to the corpus, where every run tries it first: mend the code, and keep the file.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.reliability.limited import Handlers, limit_time

CORPUS = Path(__file__).parent / "corpus"

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_MARKERS = (
    b"\xff\xd8",
    b"\xff\xda",
    b"\xff\xd9",
    b"\xff\xe1",
    b"Exif\0\0",
    b"IHDR",
    b"IDAT",
    b"eXIf",
    b"iCCP",
)

Change = tuple[str, float, bytes]
"""What is done, where (as a fraction of the file's length), and with what."""

_CHANGES = st.tuples(
    st.sampled_from(["flip", "cut", "remove", "repeat", "insert", "overwrite"]),
    st.floats(0, 1, exclude_max=True),
    st.one_of(
        st.binary(min_size=1, max_size=16),
        st.sampled_from(_MARKERS),
        st.builds(
            lambda number, size: number.to_bytes(8)[-size:],
            st.sampled_from(_NUMBERS),
            st.sampled_from([1, 2, 4]),
        ),
    ),
)


def changed(data: bytes, changes: list[Change]) -> bytes:
    """Return the file with these changes made one after the other."""
    for kind, where, what in changes:
        at = int(where * len(data))
        before, after = data[:at], data[at:]
        data = {
            "flip": before + bytes(byte ^ 1 << what[0] % 8 for byte in after[:1]) + after[1:],
            "cut": before,
            "remove": before + after[len(what) :],
            "repeat": before + after[: 16 * what[0]] + after,
            "insert": before + what + after,
            "overwrite": before + what + after[len(what) :],
        }[kind]
    return data


class Fuzz:
    """Runs the target, and remembers the last file that failed: hypothesis shows the smallest one last."""

    def __init__(self) -> None:
        self._handlers = Handlers()
        self._failed = b""
        self.files = 0

    def corpus(self) -> None:
        """Try the files of the corpus as they are."""
        for path in sorted(CORPUS.iterdir()):
            self._run(path.read_bytes())

    def damaged(self, examples: int, start: int | None) -> None:
        """Try so many damaged files; without a seed to start from always the same."""

        @settings(
            max_examples=examples,
            derandomize=start is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(
            st.sampled_from([path.read_bytes() for path in sorted(CORPUS.iterdir())]),
            st.lists(_CHANGES, min_size=1, max_size=8),
        )
        def target(data: bytes, changes: list[Change]) -> None:
            self._run(changed(data, changes))

        (target if start is None else seed(start)(target))()

    def keep_failed(self) -> Path:
        """Write the file that failed last to the corpus."""
        path = CORPUS / f"found-{hashlib.sha256(self._failed).hexdigest()[:12]}"
        path.write_bytes(self._failed)
        return path

    def _run(self, data: bytes) -> None:
        self.files += 1
        limit_time()
        try:
            self._handlers.run(data)
        except BaseException:
            self._failed = data
            raise


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0)
    wanted = parser.parse_args()
    fuzz, deadline = Fuzz(), time.monotonic() + wanted.seconds
    try:
        fuzz.corpus()
        fuzz.damaged(wanted.examples, None)
        while time.monotonic() < deadline:
            fuzz.damaged(wanted.examples, random.SystemRandom().getrandbits(64))
    except BaseException:
        if wanted.seconds:
            print(f"A handler cannot take {fuzz.keep_failed()}", file=sys.stderr)  # noqa: T201
        raise
    print(f"{fuzz.files} files: each a photo or a typed rejection")  # noqa: T201


if __name__ == "__main__":
    main()
