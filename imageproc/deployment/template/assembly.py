"""From the template's sources to one template that can be launched.

Assembly works on the text: the template's comments, its tags and its order stay as they were written, but
for what only the linter reads. It puts the state machines' definitions where their markers stand, sets what
becomes of the data when the stack is deleted, and fills in where the code lies, so that the packaged template
has no parameter left to type.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from imageproc.deployment.errors import ParameterError, TemplateError
from imageproc.deployment.template.parameters import declared_parameters, set_default
from imageproc.deployment.template.sources import DEFINITION, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imageproc.deployment.template.sources import Sources

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


def required_capability(template: str) -> Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]:
    """Return what must be acknowledged: IAM resources, or IAM resources with names of their own.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    return "CAPABILITY_NAMED_IAM" if _NAMED_IAM.search(template) else "CAPABILITY_IAM"
