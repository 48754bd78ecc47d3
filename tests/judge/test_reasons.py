"""The reasons and the page, without asking a judge."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from tests.judge import __main__ as command
from tests.judge.page import PAGE, render, suppressed
from tests.judge.requests import Request
from tests.judge.rules import Standing, complaints, read_reasons, rows
from tests.judge.verdict import DEFAULT, GUESTS, HARDENED, HERE, RULED, Answer, Decision, Verdict, absent

REASONS = read_reasons("""
- {rules: [Pack-Wild], resources: "*Policy", finding: "Resource::<Bucket.Arn>/*", reason: prefixes are meant}
- {rules: [Pack-Log], reason: "`AccessLogsBucket`"}
""")


def answer(rule: str, resource: str, *failed: str, unread: str = "") -> Answer:
    return Answer(
        f"Pack-{rule}", f"It lacks {rule}. - (Control IDs: AC-1)", resource, "AWS::X", failed, unread
    )


def answers(*of_default: Answer, hardened: tuple[Answer, ...] = ()) -> dict[str, list[Answer]]:
    return {DEFAULT: list(of_default), HARDENED: list(hardened), GUESTS: []}


EXPLAINED = (answer("Wild", "APolicy", "Resource::<Bucket.Arn>/Incoming/*"), answer("Log", "Bucket", ""))


def test_what_is_explained_is_no_complaint() -> None:
    assert complaints(answers(*EXPLAINED, answer("Tls", "Bucket")), REASONS) == []


@pytest.mark.parametrize(
    "failing",
    [
        answer("Tls", "Bucket", ""),
        answer("Wild", "ARole", "Resource::<Bucket.Arn>/Incoming/*"),
        answer("Wild", "APolicy", "Resource::*"),
        answer("Tls", "Bucket", unread="a parameter"),
    ],
)
def test_a_failure_without_a_reason_is_one(failing: Answer) -> None:
    (complaint,) = complaints(answers(*EXPLAINED, failing), REASONS)
    assert failing.rule in complaint
    assert failing.resource in complaint
    assert complaint.endswith("without a reason")


def test_a_failure_of_one_deployment_alone_counts() -> None:
    assert complaints(answers(*EXPLAINED, hardened=(answer("Tls", "Bucket", ""),)), REASONS)


def test_a_reason_about_nothing_is_one() -> None:
    (complaint,) = complaints(answers(EXPLAINED[0]), REASONS)
    assert complaint == "A reason is about nothing: Pack-Log (*, *)"


def test_a_rule_stands_by_what_the_parameters_change() -> None:
    found = rows(
        answers(
            answer("Tls", "Bucket"),
            *EXPLAINED,
            hardened=(answer("Log", "Bucket"), EXPLAINED[0]),
        ),
        REASONS,
    )
    assert [(row.rule, row.standing) for row in found] == [
        ("Pack-Tls", Standing.MET),
        ("Pack-Wild", Standing.NOT_MET),
        ("Pack-Log", Standing.BY_PARAMETER),
    ]
    assert found[1].reasons == ("prefixes are meant",)
    assert found[0].title == "It lacks Tls"


def test_wrong_decisions_and_errors_of_definitions_are_objections() -> None:
    wanted, probe = Request("F", "s3:GetObject", "*"), Request("F", "s3:DeleteObject", "*", allowed=False)
    decisions = [
        Decision("d", wanted, "Allowed"),
        Decision("d", wanted, "ImplicitlyDenied"),
        Decision("d", probe, "ExplicitlyDenied"),
        Decision("d", probe, "Allowed"),
        Decision("d", probe, "error: no such action"),
    ]
    found = list(command.objections(Verdict(decisions=decisions, definitions={"M": ["NO_END: no end"]})))
    assert [one.partition(": F:")[0] for one in found] == [
        "d: must be allowed, is ImplicitlyDenied",
        "d: must be denied, is Allowed",
        "d: must be denied, is error: no such action",
        "M: NO_END: no end",
    ]


def test_without_node_it_says_so_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", ["judge"])
    assert command.main() == 0
    assert capsys.readouterr().out.startswith("The judges were not asked: node and npm not found.")


def test_an_old_node_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.20.1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    assert absent() == "node is v18.20.1"


def test_an_objection_or_an_old_page_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = Verdict(answers(answer("Tls", "Bucket", "")))
    monkeypatch.setattr("sys.argv", ["judge"])
    monkeypatch.setattr(command, "absent", lambda: None)
    monkeypatch.setattr(command, "install", lambda: None)
    monkeypatch.setattr(command, "judge", lambda _template: verdict)
    monkeypatch.setattr(command, "render", lambda _verdict, _reasons: "another page")
    assert command.main() == 1
    said = capsys.readouterr().out
    assert "Pack-Tls fails for Bucket, without a reason" in said
    assert "docs/reference/security-rules.md is out of date" in said


def test_the_page_has_every_reason_and_every_control() -> None:
    """So a reason or a control that is changed without a run of the judges is noticed without Node.js too."""
    page = PAGE.read_text()
    assert [one.reason for one in read_reasons() if one.reason not in page] == []
    controls = yaml.safe_load((HERE / "controls.yaml").read_text())
    assert [one["control"] for one in controls if f"| {one['control']} {one['title']} |" not in page] == []
    assert [why for why in suppressed().values() if why not in page] == []
    assert [name for given in RULED.values() for name in given if f"`{name}`" not in page] == []


def test_a_page_can_be_rendered_only_if_each_control_has_its_rule() -> None:
    with pytest.raises(KeyError, match="NIST"):
        render(Verdict(answers(*EXPLAINED)), REASONS)


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = (HERE / "package-lock.json").read_text()
    assert "resolved" not in text
    assert len(re.findall(r'"integrity": "sha512-', text)) == text.count('"version": ') - text.count(
        '"inBundle": true'
    )
