"""`make judge`: asks judges that are not of this project about the template, and says what they object to."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from tests.judge.page import PAGE, render
from tests.judge.resolve import packaged
from tests.judge.rules import complaints, read_reasons
from tests.judge.verdict import HERE, OLDEST_NODE, Verdict, absent, judge


def main() -> int:
    """Return the exit code: 1 if there is an objection."""
    parser = argparse.ArgumentParser(prog="make judge", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/reference/security-rules.md anew")
    options = parser.parse_args()
    if missing := absent():
        print(f"The judges were not asked: {missing}. Install Node.js {OLDEST_NODE} or newer.")
        return 0
    install()
    verdict = judge(packaged())
    reasons = read_reasons()
    page = render(verdict, reasons)
    if options.write:
        PAGE.write_text(page)
    found = [*complaints(verdict.answers, reasons), *objections(verdict)]
    if page != PAGE.read_text():
        found.append(
            "docs/reference/security-rules.md is out of date: .venv/bin/python -m tests.judge --write"
        )
    print(*found, _summary(verdict), sep="\n")
    return 1 if found else 0


def install() -> None:
    """Install the judges as they are locked, unless they are there."""
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        print("Installing the judges (once)...", flush=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=HERE, check=False).returncode:
            sys.exit("npm could not install the judges; it needs the network once.")
        stamp.touch()


def objections(verdict: Verdict) -> Iterator[str]:
    """Yield what the simulator and the validator object to."""
    for one in verdict.decisions:
        if not one.right:
            wanted = "be allowed" if one.request.allowed else "be denied"
            yield f"{one.deployment}: must {wanted}, is {one.result}: {one.request}"
    for machine, errors in verdict.definitions.items():
        yield from (f"{machine}: {error}" for error in errors)


def _summary(verdict: Verdict) -> str:
    answers = Counter(bool(one.failed or one.unread) for each in verdict.answers.values() for one in each)
    decided = Counter(one.request.allowed for one in verdict.decisions)
    return (
        f"IAM: {decided[True]} requests that must be allowed, {decided[False]} that must be denied. "
        f"ASL: {len(verdict.definitions)} definitions. cdk-nag: {answers[False]} answers pass, "
        f"{answers[True]} fail."
    )


if __name__ == "__main__":
    sys.exit(main())
