"""docs/reference/security-rules.md, rendered from what the judges said and from the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from imageproc.deployment.template import read_sources
from tests.judge.rules import Reason, Row, Standing, rows
from tests.judge.verdict import HERE, RULED, Verdict, versions

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "security-rules.md"
_SUPPRESSED = re.compile(r"# checkov:skip=(\w+):(.*)")
_HEAD = """\
# The template against the rule sets

This page is generated from what the judges say, and from `tests/judge/reasons.yaml` and
`tests/judge/controls.yaml`. `make judge` fails when the page is out of date, when a rule fails without a
reason, and when a reason is about nothing. To generate it anew: `.venv/bin/python -m tests.judge --write`.

✓ met · ○ by parameters · ✗ not met, and why. cdk-nag looks at three deployments: the default parameters, all
that protects ({hardened}), and all that opens ({guests}).
"""
_CHECKOV = """\
## cfn-lint and checkov

`make lint` runs both, and fails on any finding that is not suppressed beside its resource, with its reason.
checkov looks at what the default parameters deploy. Packaging leaves the reasons out.

| rule of checkov | suppressed, because |
| --- | --- |
"""
_TABLE = "| rule of {pack} | | fails if | reason |\n| --- | --- | --- | --- |\n"
_CONTROLS = """\
## AWS Foundational Security Best Practices

No judge here knows these controls. Each is answered by a rule that looks for the same, or by hand. Controls
of services that the stack does not use, and of whole accounts, are left out, as is what newer lists than that
of 2023 may add, but for those marked ⁺.

| control | | | judged by |
| --- | --- | --- | --- |
"""


def render(verdict: Verdict, reasons: list[Reason]) -> str:
    """Return the page."""
    found = rows(verdict.answers, reasons)
    packs = dict.fromkeys(row.pack for row in found)
    given = {name: ", ".join(f"`{one}`" for one in parameters) for name, parameters in RULED.items()}
    return "\n".join(
        [
            _HEAD.format(**given),
            _CHECKOV + "".join(f"| {rule} | {why} |\n" for rule, why in sorted(suppressed().items())),
            *(_of_pack(pack, [row for row in found if row.pack == pack]) for pack in packs),
            _CONTROLS + "".join(_controls(found)),
            _others(),
        ]
    )


def suppressed() -> dict[str, str]:
    """Return checkov's rules that are suppressed in the template, each with its reasons."""
    found: dict[str, dict[str, None]] = {}
    for rule, reason in _SUPPRESSED.findall(read_sources().template):
        found.setdefault(rule, {})[reason.strip()] = None
    return {rule: "; ".join(reasons) for rule, reasons in found.items()}


def _of_pack(pack: str, of_pack: list[Row]) -> str:
    counted = {standing: sum(row.standing is standing for row in of_pack) for standing in Standing}
    numbers = " · ".join(f"{number} {standing}" for standing, number in counted.items())
    lines = (
        f"| {row.rule.removeprefix(pack + '-')} | {row.standing} | {row.title} | {'; '.join(row.reasons)} |\n"
        for row in of_pack
    )
    return f"## cdk-nag, {pack}\n\n{numbers}\n\n{_TABLE.format(pack=pack)}{''.join(lines)}"


def _controls(found: Iterable[Row]) -> Iterator[str]:
    by_name = {row.rule: row for row in found}
    entries: list[Mapping[str, Any]] = yaml.safe_load((HERE / "controls.yaml").read_text())
    for one in entries:
        if rule := one.get("rule"):
            row = by_name[rule]
            standing, says = row.standing.value, "; ".join(row.reasons)
        else:
            standing, _, says = one["by_hand"].partition(" ")
        yield f"| {one['control']} {one['title']} | {standing} | {says} | {rule or 'by hand'} |\n"


def _others() -> str:
    pinned = "".join(f"| {name} | {version} |\n" for name, version in versions().items())
    return f"## The judges\n\n| | version |\n| --- | --- |\n{pinned}"
