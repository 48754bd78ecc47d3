"""Draw the architecture for the README: `python scripts/diagram.py`.

States and what follows them come from the state machine's definition; which function S3 invokes, and what
each function writes or asks, from the template's permissions and policies. Left out, to be readable, are the
ends of what went wrong: `States.ALL`, and where an execution stops because a newer upload took over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import loads

from imageproc.core.keys import INCOMING_PREFIX
from imageproc.deployment.template import assemble, read_sources

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)
_WRITES = {
    "s3:PutObject": "bucket",
    "dynamodb:UpdateItem": "{table}",
    "rekognition:DetectLabels": 'rekognition["Amazon Rekognition"]',
}
"""Actions that are drawn, and where their arrows go."""


def main() -> None:
    """Draw it anew."""
    README.write_text(with_diagram(README.read_text()))


def with_diagram(page: str) -> str:
    """Return a page with today's diagram in place of the one it has."""
    sources = read_sources()
    template = json.loads(json.dumps(loads(assemble(sources))))
    drawn = "\n".join(diagram(template["Resources"], json.loads(sources.definition)))
    return _BLOCK.sub(lambda _: f"```mermaid\n{drawn}\n```\n", page, count=1)


def diagram(resources: Any, definition: Any) -> Iterator[str]:
    """Yield the lines of a Mermaid flow chart."""
    yield "flowchart TD"
    first = definition["StartAt"]
    yield f'  photo(["photo"]) -->|"{INCOMING_PREFIX}…"| bucket[("S3 bucket")]'
    for function in _invoked_by_s3(resources):
        yield f"  bucket -->|event| {function} --> {first}"
    yield '  subgraph machine["Step Functions"]'
    yield from _states(definition, "    ")
    yield "  end"
    written = list(_written(resources, definition))
    for target in dict.fromkeys(target for _, target in written):
        yield f"  {' & '.join(state for state, other in written if other == target)} -.-> {target}"


def _invoked_by_s3(resources: Any) -> Iterator[str]:
    for one in resources.values():
        if one["Type"] == "AWS::Lambda::Permission" and one["Properties"]["Principal"] == "s3.amazonaws.com":
            yield _target(one["Properties"]["FunctionName"]).removesuffix("Function")


def _states(machine: Any, indent: str, after: str = "") -> Iterator[str]:
    """Yield a machine's states, or those of a branch, whose ends lead on to `after`."""
    shown = _reached(machine)
    for name, state in machine["States"].items():
        if name not in shown:
            continue
        for branch in state.get("Branches", []):
            yield from _states(branch, indent, state["Next"])
        if state["Type"] == "Parallel":
            continue
        if node := _node(name, state):
            yield indent + node
        for following, label in _following(machine, state):
            begun = " & ".join(_begins(machine["States"][following], following))
            yield f"{indent}{name} -->{f'|{label}|' if label else ''} {begun}"
        if after and state.get("End"):
            yield f"{indent}{name} --> {after}"


def _begins(state: Any, name: str) -> list[str]:
    """Return where an arrow to a state leads: into the branches of one that has branches."""
    return [branch["StartAt"] for branch in state.get("Branches", [])] or [name]


def _reached(machine: Any) -> set[str]:
    """Return the states to which drawn arrows lead."""
    found, ahead = set[str](), [machine["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += [following for following, _ in _following(machine, machine["States"][name])]
    return found


def _node(name: str, state: Any) -> str:
    """Return what declares a state; nothing if its name will do."""
    if state["Type"] == "Choice":
        return f'{name}{{"{name}"}}'
    if state["Type"] in ("Fail", "Succeed"):
        return f'{name}[/"{name}"/]'
    return ""


def _following(machine: Any, state: Any) -> Iterator[tuple[str, str]]:
    """Yield what follows a state, and why if that is not simply success."""
    if "Next" in state:
        yield state["Next"], ""
    for choice in state.get("Choices", []):
        values = [one["StringEquals"] for one in choice.get("Or", [choice]) if "StringEquals" in one]
        yield choice["Next"], " or ".join(values)
    if "Default" in state:
        yield state["Default"], "else"
    for catch in state.get("Catch", []):
        errors = [name for name in catch["ErrorEquals"] if not name.startswith("States.")]
        if errors and machine["States"][catch["Next"]]["Type"] != "Succeed":
            yield catch["Next"], "<br>".join(errors)


def _written(resources: Any, definition: Any) -> Iterator[tuple[str, str]]:
    """Yield each drawn state whose function may write to something, and that."""
    given = resources["ImageProcStateMachine"]["Properties"]["DefinitionSubstitutions"]
    for name, state in _tasks(definition):
        function = _target(given[state["Resource"].strip("${}")]).removesuffix("Function")
        statements = resources[f"{function}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        allowed = {
            (action, _table(one, resources)) for one in statements for action in _listed(one["Action"])
        }
        for action, table in sorted(allowed):
            if target := _WRITES.get(action, "").format(table=table):
                yield name, target


def _tasks(machine: Any) -> Iterator[tuple[str, Any]]:
    shown = _reached(machine)
    for name, state in machine["States"].items():
        for branch in state.get("Branches", []):
            yield from _tasks(branch)
        if state["Type"] == "Task" and name in shown:
            yield name, state


def _table(statement: Any, resources: Any) -> str:
    """Return the node of the table that a statement is about, if it is about one."""
    name = _target(statement["Resource"])
    if resources.get(name, {}).get("Type") != "AWS::DynamoDB::Table":
        return ""
    return f'{name}[("{name.removesuffix("DDBTable")} table")]'


def _target(value: Any) -> str:
    """Return the logical ID that a `Ref` or `Fn::GetAtt` names, else nothing."""
    if not isinstance(value, dict):
        return ""
    found = value.get("Ref") or value.get("Fn::GetAtt", "")
    return str(found[0] if isinstance(found, list) else found).partition(".")[0]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


if __name__ == "__main__":
    main()
