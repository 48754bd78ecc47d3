"""The template's parameters: which it declares, and which value each gets. Pure: nothing here asks AWS."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.deployment.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from types_boto3_cloudformation.type_defs import ParameterTypeDef


@dataclass(frozen=True)
class TemplateParameter:
    """A parameter that a template declares. `default` is None if a value must be given."""

    name: str
    default: str | None


def check_given(declared: Iterable[TemplateParameter], given: Mapping[str, str]) -> None:
    """Raise ParameterError for a parameter that the template lacks."""
    known = sorted(parameter.name for parameter in declared)
    for name in given:
        if name not in known:
            raise ParameterError(f"The template has no parameter {name}. It has {', '.join(known)}.")


def stack_parameters(
    declared: Iterable[TemplateParameter],
    given: Mapping[str, str],
    previous: Iterable[str],
) -> list[ParameterTypeDef]:
    """Return the parameters of a change set.

    What was given counts first, then what the stack has now (`previous` names those), then the template's
    default. Raises ParameterError if one is left without a value.
    """
    known = set(previous)
    result: list[ParameterTypeDef] = []
    for parameter in declared:
        value = given.get(parameter.name)
        if value is not None:
            result.append({"ParameterKey": parameter.name, "ParameterValue": value})
        elif parameter.name in known:
            result.append({"ParameterKey": parameter.name, "UsePreviousValue": True})
        elif parameter.default is None:
            raise ParameterError(f"The parameter {parameter.name} has no default: give it a value.")
    return result


def set_parameter(template: str, name: str, values: Mapping[str, object]) -> str:
    """Set attributes of a parameter, such as its `Default`.

    Raises ParameterError if the template does not declare the parameter.
    """
    lines = template.splitlines(keepends=True)
    start, end = _parameter_lines(lines, name)
    indent = _indent(lines[start + 1])
    kept, key = [], ""
    for line in lines[start + 1 : end]:
        if _indent(line) == indent and not line.lstrip().startswith("-"):
            key = line.strip().partition(":")[0]
        if key not in values:
            kept.append(line)
    written = [f"{' ' * indent}{key}: {json.dumps(value)}\n" for key, value in values.items()]
    return "".join([*lines[: start + 1], *kept[:1], *written, *kept[1:], *lines[end:]])


def declared_parameters(template: str) -> tuple[TemplateParameter, ...]:
    """Return the parameters that a template declares, in its order."""
    lines = template.splitlines()
    names = [match[1] for line in _section(lines) if (match := re.match(r"  (\w+):\s*(?:#.*)?$", line))]
    return tuple(TemplateParameter(name, _default(lines, name)) for name in names)


def _section(lines: list[str]) -> list[str]:
    """Return the lines of the section `Parameters`."""
    start = next((i for i, line in enumerate(lines) if re.match(r"Parameters:\s*$", line)), None)
    if start is None:
        return []
    end = next(
        (i for i, line in enumerate(lines[start + 1 :], start + 1) if re.match(r"\w", line)), len(lines)
    )
    return lines[start + 1 : end]


def _parameter_lines(lines: list[str], name: str) -> tuple[int, int]:
    """Return the line of a parameter's name and the line after its last one."""
    section = _section(lines)
    offset = next((i for i, line in enumerate(lines) if re.match(r"Parameters:\s*$", line)), 0) + 1
    at = next(
        (i for i, line in enumerate(section) if re.match(rf"  {re.escape(name)}:\s*(?:#.*)?$", line)), None
    )
    if at is None:
        raise ParameterError(f"The template declares no parameter {name!r}.")
    end = at + 1
    while end < len(section) and _indent(section[end]) > _indent(section[at]) and section[end].strip():
        end += 1
    return offset + at, offset + end


def _default(lines: list[str], name: str) -> str | None:
    start, end = _parameter_lines(lines, name)
    for line in lines[start + 1 : end]:
        key, _, value = line.strip().partition(":")
        if key == "Default":
            return value.strip().strip("\"'")
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
