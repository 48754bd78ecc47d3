"""Which of checkov's rules are suppressed, and why: `make lint` runs checkov itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imageproc.deployment.template import assemble, read_sources

ROOT = Path(__file__).parents[2]
SUPPRESSION = re.compile(r"# *checkov:skip=(\w+):?(.*)")


@pytest.fixture(scope="module")
def suppressed() -> dict[str, dict[str, str]]:
    """The reasons, by the resource that they stand at and by the rule."""
    found: dict[str, dict[str, str]] = {}
    resource = ""
    for line in read_sources().template.splitlines():
        if match := re.match(r"  (\w+):$", line):
            resource = match[1]
        if match := SUPPRESSION.search(line):
            found.setdefault(resource, {})[match[1]] = match[2].strip()
    return found


def test_few_rules_are_suppressed_and_each_time_with_a_reason(suppressed: dict[str, dict[str, str]]) -> None:
    assert len({rule for rules in suppressed.values() for rule in rules}) <= 4
    for resource, rules in suppressed.items():
        for rule, reason in rules.items():
            assert len(reason.split()) >= 5, f"{resource}: why is {rule} suppressed?"


def test_rules_are_suppressed_at_the_resource_and_nowhere_else() -> None:
    """Neither for the whole template, nor by a file that checkov would read, nor by the command."""
    head, _, resources = read_sources().template.partition("\nResources:\n")
    assert not SUPPRESSION.search(head)
    assert len(SUPPRESSION.findall(resources)) == resources.count("checkov")
    assert list(ROOT.glob(".checkov*")) == []
    command = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "/checkov " in line)
    assert not re.search(
        r"--(skip-check|check|soft-fail|hard-fail|baseline|skip-path|config-file)\b", command
    )


def test_what_is_deployed_needs_no_room_for_the_reasons() -> None:
    assert "checkov" not in assemble(read_sources())
