"""From the template's sources to one template that can be launched.

Assembly works on the text: the template's comments, its tags and its order stay as they were written, but
for what only the linter reads. It puts the state machines' definitions where their markers stand, sets what
becomes of the data when the stack is deleted, and fills in where the code lies, so that the packaged template
has no parameter left to type.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from imageproc import resources
from imageproc.deployment.errors import ParameterError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEMPLATE = "image-processing.yaml"
DEFINITION = "state-machine.asl.json"
BULK_DEFINITION = "bulk-processing.asl.json"
DASHBOARD = "dashboard.json"

MAX_TEMPLATE_BYTES = 1_000_000
"""Largest template that CloudFormation reads from S3. Without S3 it may have 51,200 bytes: ours is larger.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

_MARKED = re.compile(r"""(["']?)\{\{([\w.-]+\.json)\}\}\1""")
# A number that a parameter of the template gives; JSON has no other place for it than a text.
_NUMBER = re.compile(r'"(Max\w+|Tolerated\w+)":"(\$\{\w+\})"')

_DATA_POLICY = re.compile(
    r"^(\s+DeletionPolicy:\s*)(?:Delete|Retain|RetainExceptOnCreate)(\s*#\s*DataRetention)\b", re.MULTILINE
)
_DATA_POLICIES = {"Delete": "Delete", "Retain": "RetainExceptOnCreate"}
# Reasons why a rule does not hold, for those who read the repository.
_SUPPRESSION = re.compile(r"^ *# checkov:skip=.*\n", re.MULTILINE)
_NAMED_IAM = re.compile(
    r"^\s+(?:RoleName|UserName|GroupName|ManagedPolicyName|InstanceProfileName):", re.MULTILINE
)


@dataclass(frozen=True)
class Sources:
    """The template, the state machines' definitions and the dashboard, as they are in the repository."""

    template: str
    definition: str
    """The photos' state machine."""
    bulk: str = "{}"
    """The one that processes many photos."""
    dashboard: str = "{}"

    @property
    def documents(self) -> dict[str, str]:
        """What is put into the template, by the names of the files."""
        return {DEFINITION: self.definition, BULK_DEFINITION: self.bulk, DASHBOARD: self.dashboard}


@dataclass(frozen=True)
class TemplateParameter:
    """A parameter that a template declares. `default` is None if a value must be given."""

    name: str
    default: str | None


def read_sources(folder: Path | None = None) -> Sources:
    """Read the template's sources, by default the project's. Raises TemplateError if a file is missing."""
    folder = folder or resources.folder("cloudformation")
    try:
        names = (TEMPLATE, DEFINITION, BULK_DEFINITION, DASHBOARD)
        return Sources(*((folder / name).read_text(encoding="utf-8") for name in names))
    except OSError as error:
        raise TemplateError(f"The template's sources cannot be read: {error}") from error


def assemble(sources: Sources, defaults: dict[str, str] | None = None, data_retention: str = "Delete") -> str:
    """Return the template with the state machines' definitions and the given parameter defaults in it.

    `data_retention`, `Delete` or `Retain`, says what becomes of bucket and tables when the stack is deleted;
    it is written into the template because CloudFormation takes no parameter there.

    Raises TemplateError if the marker is missing or the definition is no JSON, ParameterError for a default
    of a parameter that the template does not declare.
    """
    text = inject(_SUPPRESSION.sub("", sources.template), sources.documents)
    text = set_data_retention(text, data_retention)
    for name, value in (defaults or {}).items():
        text = set_default(text, name, value)
    return text


def inject(template: str, documents: Mapping[str, str]) -> str:
    """Put each document, as compact JSON in a quoted scalar, where its marker stands."""
    marked = [name for _, name in _MARKED.findall(template)]
    if marked.count(DEFINITION) != 1 or any(marked.count(name) > 1 for name in documents):
        raise TemplateError(
            f'{TEMPLATE} must hold the line DefinitionString: "{{{{{DEFINITION}}}}}" once: '
            "the state machine's definition is put there."
        )
    return _MARKED.sub(lambda marker: _scalar(marker[2], documents), template)


def _scalar(name: str, documents: Mapping[str, str]) -> str:
    """Return a document as a quoted scalar of YAML."""
    if name not in documents:
        raise TemplateError(f"{TEMPLATE} names {name}, which is none of {', '.join(documents)}.")
    try:
        document = json.loads(documents[name])
        compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:
        raise TemplateError(f"{name} is no JSON: {error}") from error
    return "'" + _NUMBER.sub(r'"\1":\2', compact).replace("'", "''") + "'"


def set_data_retention(template: str, retention: str) -> str:
    """Set the deletion policy of the resources that hold data.

    Retained data of a stack whose very creation failed goes with it (`RetainExceptOnCreate`): there is none.
    """
    if retention not in _DATA_POLICIES:
        raise ParameterError(f"DataRetention is {retention!r}; it may be {' or '.join(_DATA_POLICIES)}.")
    text = _DATA_POLICY.sub(rf"\g<1>{_DATA_POLICIES[retention]}\g<2>", template)
    if "DataRetention" in (parameter.name for parameter in declared_parameters(text)):
        text = set_default(text, "DataRetention", retention)
    return text


def set_default(template: str, name: str, value: str) -> str:
    """Set a parameter's default. Raises ParameterError if the template does not declare the parameter."""
    lines = template.splitlines(keepends=True)
    start, end = _parameter_lines(lines, name)
    indent = _indent(lines[start + 1]) if start + 1 < end else _indent(lines[start]) + 2
    default = f"{' ' * indent}Default: {json.dumps(value)}\n"
    kept = [line for line in lines[start + 1 : end] if not line.lstrip().startswith("Default:")]
    return "".join([*lines[: start + 1], *kept[:1], default, *kept[1:], *lines[end:]])


def declared_parameters(template: str) -> tuple[TemplateParameter, ...]:
    """Return the parameters that a template declares, in its order."""
    lines = template.splitlines()
    names = [match[1] for line in _section(lines) if (match := re.match(r"  (\w+):\s*(?:#.*)?$", line))]
    return tuple(TemplateParameter(name, _default(lines, name)) for name in names)


def required_capability(template: str) -> Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]:
    """Return what must be acknowledged: IAM resources, or IAM resources with names of their own.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    return "CAPABILITY_NAMED_IAM" if _NAMED_IAM.search(template) else "CAPABILITY_IAM"


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
