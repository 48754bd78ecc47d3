"""A definition in the Amazon States Language as states and the transitions between them.

https://states-language.net/spec.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Definition = Mapping[str, Any]

_CONTROL = {"Next", "Comment", "Variable", "Assign", "Output"}
"""What a Choice's rule has beside its comparison."""

_OPERATORS = [
    (re.compile(r"LessThanEquals$"), "≤"),
    (re.compile(r"GreaterThanEquals$"), "≥"),
    (re.compile(r"LessThan$"), "<"),
    (re.compile(r"GreaterThan$"), ">"),
    (re.compile(r"Equals$"), "="),
    (re.compile(r"Matches$"), "like"),
]


@dataclass(frozen=True)
class State:
    """A state, and the machines inside it if it is a Parallel or a Map."""

    name: str
    type: str
    branches: tuple[Machine, ...] = ()


@dataclass(frozen=True)
class Transition:
    """That one state may follow another; several reasons for the same pair are one transition."""

    source: str
    target: str
    label: str = ""
    """A Choice's condition, in words."""
    errors: tuple[str, ...] = ()
    """The names of the errors that lead there."""
    is_error: bool = False
    """Whether errors alone lead there."""


@dataclass(frozen=True)
class Machine:
    """A state machine, or a branch of one."""

    start: str
    states: dict[str, State]
    transitions: tuple[Transition, ...]
    ends: tuple[str, ...]
    """The states after which it is over and has not failed."""

    @property
    def usual(self) -> frozenset[str]:
        """The states on the way to a successful end when nothing fails."""
        ways = [(one.source, one.target) for one in self.transitions if not one.is_error]
        hopeful = _reached(self.ends, [(target, source) for source, target in ways])
        if self.start not in hopeful:
            return frozenset(_reached([self.start], ways))
        return frozenset(_reached([self.start], [way for way in ways if way[1] in hopeful]))


def parse(definition: Definition) -> Machine:
    """Return a definition's machine. Raises ValueError if it is not a state machine."""
    if "States" not in definition or definition.get("StartAt") not in definition["States"]:
        raise ValueError("This is not a state machine: it needs States, and a StartAt among them.")
    states = definition["States"]
    transitions = [one for name, state in states.items() for one in _transitions(name, state)]
    known = [one for one in transitions if one.target in states]
    return Machine(
        start=definition["StartAt"],
        states={name: _state(name, state) for name, state in states.items()},
        transitions=tuple(_merged(known)),
        ends=tuple(name for name, state in states.items() if state.get("End") or state["Type"] == "Succeed"),
    )


def _state(name: str, state: Definition) -> State:
    inner = [*state.get("Branches", ()), state.get("ItemProcessor") or state.get("Iterator")]
    return State(name, state["Type"], tuple(parse(branch) for branch in inner if branch))


def _transitions(name: str, state: Definition) -> Iterator[Transition]:
    for rule in state.get("Choices", ()):
        yield Transition(name, rule["Next"], condition(rule))
    if "Default" in state:
        yield Transition(name, state["Default"], "otherwise")
    if "Next" in state:
        yield Transition(name, state["Next"])
    for catch in state.get("Catch", ()):
        yield Transition(name, catch["Next"], errors=tuple(catch["ErrorEquals"]), is_error=True)


def _merged(transitions: list[Transition]) -> Iterator[Transition]:
    pairs: dict[tuple[str, str], list[Transition]] = {}
    for one in transitions:
        pairs.setdefault((one.source, one.target), []).append(one)
    for (source, target), several in pairs.items():
        labels = dict.fromkeys(one.label for one in several if one.label)
        errors = dict.fromkeys(name for one in several for name in one.errors)
        is_error = all(one.is_error for one in several)
        yield Transition(source, target, " or ".join(labels), tuple(errors), is_error)


def condition(rule: Definition) -> str:
    """Return a Choice's rule in words: its comment if it has one."""
    if rule.get("Comment"):
        return str(rule["Comment"])
    if "Condition" in rule:
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    if "Not" in rule:
        return f"not ({condition(rule['Not'])})"
    for word in ("And", "Or"):
        if word in rule:
            return _joined([condition(part) for part in rule[word]], f" {word.lower()} ")
    return _comparison(rule)


def _joined(parts: list[str], word: str) -> str:
    """Join conditions, naming what they have in common once: `format = "JPEG" or "PNG"`."""
    common = parts[0][: parts[0].find("= ") + 2] if "= " in parts[0] else ""
    if not all(part.startswith(common) for part in parts):
        common = ""
    return common + word.join(part.removeprefix(common) for part in parts)


def _comparison(rule: Definition) -> str:
    variable = str(rule.get("Variable", "")).rpartition(".")[2]
    for name, value in rule.items():
        if name in _CONTROL:
            continue
        if name.startswith("Is"):
            return f"{variable} is {'' if value else 'not '}{name[2:].lower()}"
        compared = name.removesuffix("Path")
        sign = next((sign for pattern, sign in _OPERATORS if pattern.search(compared)), compared)
        return (
            f"{variable} {sign} {value if name.endswith('Path') else json.dumps(value, ensure_ascii=False)}"
        )
    return ""


def _reached(starts: Any, ways: list[tuple[str, str]]) -> set[str]:
    found, left = set(starts), list(starts)
    while left:
        here = left.pop()
        following = [target for source, target in ways if source == here and target not in found]
        found.update(following)
        left += following
    return found
