"""What the services let through in a tick: Lambda's functions, and the write units of tables and indexes."""

from __future__ import annotations

import numpy as np

from benchmarks.cohorts import Counts, share
from benchmarks.quotas import Account

_HALF_AN_HOUR = 1800.0


class Functions:
    """Lambda: so many functions at a time, and each grows by so many instances at a time."""

    def __init__(self, account: Account, steps: int) -> None:
        """Begin with no instances."""
        self._account = account
        self._grown = np.zeros(steps)
        self._new = np.full(steps, float(account.new_instances.size))
        self.peak = 0.0

    def shares(self, wanted: Counts, held: float) -> tuple[Counts, float]:
        """Return each step's part of the instances that it wants, and the account's part for all.

        `held` are those that are busy already.
        """
        whole = share(self._account.concurrency - held, float(wanted.sum()))
        able = self._grown + self._new
        parts = np.minimum(whole, np.where(wanted > able, able / np.maximum(wanted, 1e-12), 1.0))
        return parts, whole

    def use(self, used: Counts, held: float, seconds: float) -> None:
        """Let so many run, for so long."""
        self.peak = max(self.peak, min(float(used.sum()) + held, self._account.concurrency))
        bucket = self._account.new_instances
        self._new -= np.maximum(used - self._grown, 0)
        self._new = np.minimum(self._new + bucket.rate * seconds, bucket.size)
        self._grown = np.maximum(self._grown, used)


class Writes:
    """An on-demand table or index: it grows to twice the peak of the half hour before."""

    def __init__(self, account: Account, partitions: int | None = None) -> None:
        """`partitions`: how many keys all writes go to; None for as many as there are items."""
        self._account, self._grown = account, account.table_writes
        self._keys = account.partition_writes * partitions if partitions else np.inf
        self._peak, self._since = 0.0, 0.0

    @property
    def able(self) -> float:
        """Write units a second."""
        return float(min(self._grown, self._keys))

    def part(self, wanted: float, seconds: float) -> float:
        """Return the part of the wanted write units that are written in so many seconds."""
        able = self.able
        written = min(wanted / seconds, able)
        self._peak, self._since = max(self._peak, written), self._since + seconds
        if self._since >= _HALF_AN_HOUR:
            most = max(self._account.table_writes, self._account.table_writes_most)
            self._grown = min(most, max(self._grown, 2 * self._peak))
            self._peak, self._since = 0.0, 0.0
        return share(able * seconds, wanted)
