"""The template's parameters: which it declares, and which value each gets. Pure: nothing here asks AWS."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.core.close_names import close_names, did_you_mean
from imageproc.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
            near = close_names(name, known)
            fix = did_you_mean(near) if near else f"It has {', '.join(known)}."
            raise ParameterError(f"The template has no parameter {name}. {fix}")


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
    found = next((each for each in _parameters(template) if each["name"] == name), None)
    if found is None:
        raise ParameterError(f"The template declares no parameter {name!r}.")
    kept = "".join(each[0] for each in _ATTRIBUTE.finditer(found["body"]) if each["key"] not in values)
    written = "".join(f"    {key}: {json.dumps(value)}\n" for key, value in values.items())
    return template[: found.start("body")] + kept + written + template[found.end("body") :]


def declared_parameters(template: str) -> tuple[TemplateParameter, ...]:
    """Return the parameters that a template declares, in its order."""
    return tuple(TemplateParameter(each["name"], _default(each["body"])) for each in _parameters(template))


# As text, so that comments, tags and order stay as they were written.
_SECTION = re.compile(r"^Parameters:[ ]*\n((?:[ #].*\n|\n)*)", re.MULTILINE)
_PARAMETER = re.compile(r"^  (?P<name>\w+):[ ]*(?:#.*)?\n(?P<body>(?: {4}.*\n)+)", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^ {4}(?P<key>\w+):.*\n(?:(?: {5}| {4}-).*\n)*", re.MULTILINE)


def _parameters(template: str) -> Iterator[re.Match[str]]:
    section = _SECTION.search(template)
    return _PARAMETER.finditer(template, *section.span(1)) if section else iter(())


def _default(body: str) -> str | None:
    found = re.search(r"^ {4}Default:[ ]*(.*)$", body, re.MULTILINE)
    return found[1].strip().strip("\"'") if found else None
