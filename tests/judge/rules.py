"""cdk-nag's answers against the reasons: which rule holds, by which parameters, and why another does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

import yaml

from tests.judge.verdict import HARDENED, HERE, Answer


class Standing(StrEnum):
    """How a rule stands."""

    MET = "✓"
    BY_PARAMETER = "○"
    NOT_MET = "✗"


@dataclass(frozen=True)
class Reason:
    """Why some rules do not hold for some resources and findings (patterns)."""

    rules: tuple[str, ...]
    reason: str
    resources: str = "*"
    finding: str = "*"

    def explains(self, failure: Failure) -> bool:
        """Whether it is about this."""
        return (
            failure.rule in self.rules
            and fnmatchcase(failure.resource, self.resources)
            and fnmatchcase(failure.finding, self.finding)
        )

    def __str__(self) -> str:
        """Return what it is about, in one line."""
        return f"{', '.join(self.rules)} ({self.resources}, {self.finding})"


@dataclass(frozen=True, order=True)
class Failure:
    """A rule that does not hold for a resource; `finding` says of what of it, if the rule tells."""

    rule: str
    resource: str
    finding: str


@dataclass(frozen=True)
class Row:
    """A rule, how it stands, and the reasons if it does not hold by default."""

    rule: str
    title: str
    standing: Standing
    reasons: tuple[str, ...]

    @property
    def pack(self) -> str:
        """The rule's pack, such as `AwsSolutions`."""
        return self.rule.rpartition("-")[0]


def read_reasons(text: str | None = None) -> list[Reason]:
    """Return the reasons, in the order in which they are looked at."""
    entries: list[dict[str, Any]] = yaml.safe_load(text or (HERE / "reasons.yaml").read_text())
    return [Reason(**{**one, "rules": tuple(one["rules"])}) for one in entries]


def failures(answers: Iterable[Answer]) -> Iterator[Failure]:
    """Yield what does not hold. A rule that cannot read a resource does not hold either."""
    for one in answers:
        found = one.failed or (("could not be read",) if one.unread else ())
        yield from (Failure(one.rule, one.resource, finding) for finding in found)


def reason_of(failure: Failure, reasons: Iterable[Reason]) -> Reason | None:
    """Return the first reason that is about a failure."""
    return next((one for one in reasons if one.explains(failure)), None)


def complaints(answers: Mapping[str, list[Answer]], reasons: list[Reason]) -> list[str]:
    """Return what is wrong: failures without a reason, and reasons that are about nothing."""
    found = {failure for each in answers.values() for failure in failures(each)}
    used = {reason_of(failure, reasons) for failure in found}
    return [
        *(
            f"{one.rule} fails for {one.resource} {one.finding}".rstrip() + ", without a reason"
            for one in sorted(found)
            if not reason_of(one, reasons)
        ),
        *(f"A reason is about nothing: {one}" for one in reasons if one not in used),
    ]


def rows(answers: Mapping[str, list[Answer]], reasons: list[Reason]) -> list[Row]:
    """Return all rules that were asked, as they stand, by pack."""
    everything = [one for each in answers.values() for one in each]
    failed = {name: set(failures(each)) for name, each in answers.items()}
    titles = {one.rule: _title(one.info) for one in everything}
    return [_row(rule, title, failed, reasons) for rule, title in titles.items()]


def _row(rule: str, title: str, failed: Mapping[str, set[Failure]], reasons: list[Reason]) -> Row:
    failing = {name: {one for one in each if one.rule == rule} for name, each in failed.items()}
    why = {reason_of(one, reasons) for each in failing.values() for one in each}
    return Row(rule, title, _standing(failing), tuple(one.reason for one in reasons if one in why))


def _standing(failing: Mapping[str, set[Failure]]) -> Standing:
    """By default, or else with the parameters that protect; guests are opened by a parameter alone."""
    if not any(failing.values()):
        return Standing.MET
    return Standing.NOT_MET if failing[HARDENED] else Standing.BY_PARAMETER


def _title(info: str) -> str:
    """Return what a rule complains about, without the controls of NIST that it belongs to."""
    return re.sub(r" - \(Control IDs.*| and does not have a cdk-nag rule suppression.*", "", info).rstrip(".")
