"""From the template's sources to one template that can be launched.

Assembly works on the text: the template's comments, its tags and its order stay as they were written, but
for what only the linter reads. It puts the state machines' definitions where their markers stand, sets what
becomes of the data when the stack is deleted, and says where the code is. That is not a parameter, because
CloudFormation keeps a parameter's present value when a stack is updated, and would keep the old code with it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from imageproc.deployment.template.parameters import declared_parameters, set_parameter
from imageproc.deployment.template.sources import DEFINITION, TEMPLATE
from imageproc.errors import ParameterError, TemplateError

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

# What packaging replaces: `Runtime: python3.14 # packaging`.
_PACKAGED = re.compile(r"^( +)(\w+): .* # packaging( embedding)?$", re.MULTILINE)
# Only what holds data has a policy. Tools that rewrite a template may quote what is not quoted here.
_DATA_POLICY = re.compile(r"""(\bDeletionPolicy["']?:\s*["']?)(?:Delete|RetainExceptOnCreate|Retain)\b""")
_DATA_POLICIES = {"Delete": "Delete", "Retain": "RetainExceptOnCreate"}
# Reasons why a rule does not hold, for those who read the repository.
_SUPPRESSION = re.compile(r"^ *# checkov:skip=.*\n", re.MULTILINE)

_NAMED_IAM = re.compile(
    r"^\s+(?:RoleName|UserName|GroupName|ManagedPolicyName|InstanceProfileName):", re.MULTILINE
)


@dataclass(frozen=True)
class Code:
    """What the functions run, and where it lies: keys in a bucket, or files beside the template.

    The second form is what `aws cloudformation package` uploads.
    """

    functions: str
    layer: str
    runtime: str
    architecture: str
    bucket: str | None = None
    embedding: str | None = None
    """The layer that embeddings are made with; without it the stack makes none."""

    @property
    def properties(self) -> dict[str, object]:
        """The properties of functions and layer that follow from it."""
        return {
            "Architectures": [self.architecture],
            "Code": self._at(self.functions),
            "CompatibleArchitectures": [self.architecture],
            "CompatibleRuntimes": [self.runtime],
            "Content": self._at(self.layer),
            "Content embedding": self._at(self.embedding or self.layer),
            "Runtime": self.runtime,
        }

    def _at(self, name: str) -> object:
        return {"S3Bucket": self.bucket, "S3Key": name} if self.bucket else name


def assemble(sources: Sources, code: Code | None = None, data_retention: str = "Delete") -> str:
    """Return the template with the state machines' definitions in it, and with the code if it is given.

    `data_retention`, `Delete` or `Retain`, says what becomes of bucket and tables when the stack is deleted;
    it is written into the template because CloudFormation takes no parameter there.

    Raises TemplateError if a marker is missing or unknown or a definition is no JSON, ParameterError for
    another retention.
    """
    text = inject(_SUPPRESSION.sub("", sources.template), sources.documents)
    text = set_data_retention(text, data_retention)
    return _with_code(text, code) if code else text


def _with_code(template: str, code: Code) -> str:
    def line(marked: re.Match[str]) -> str:
        indent, name, of = marked.groups(default="")
        if name + of not in code.properties:
            raise TemplateError(f"{TEMPLATE} has {name} filled in by packaging, which does not know it.")
        return f"{indent}{name}: {json.dumps(code.properties[name + of])}"

    packaged = _PACKAGED.sub(line, template)
    if code.embedding or "Similarity" not in {one.name for one in declared_parameters(template)}:
        return packaged
    return set_parameter(packaged, "Similarity", {"AllowedValues": ["Disabled"]})


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
    """Set the deletion policy of the resources that hold data, and DataRetention's only allowed value.

    CloudFormation takes no parameter for a policy. The parameter says what the policies are, to people and to
    the tables' protection; any other value would promise what is not so, and CloudFormation refuses it.

    Retained data of a stack whose very creation failed goes with it (`RetainExceptOnCreate`): there is none.
    """
    if retention not in _DATA_POLICIES:
        raise ParameterError(f"DataRetention is {retention!r}; it may be {' or '.join(_DATA_POLICIES)}.")
    text, found = _DATA_POLICY.subn(rf"\g<1>{_DATA_POLICIES[retention]}", template)
    if not found:
        raise TemplateError("The template has no DeletionPolicy, which says what becomes of the data.")
    return set_parameter(text, "DataRetention", {"Default": retention, "AllowedValues": [retention]})


def required_capability(template: str) -> Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]:
    """Return what must be acknowledged: IAM resources, or IAM resources with names of their own.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    return "CAPABILITY_NAMED_IAM" if _NAMED_IAM.search(template) else "CAPABILITY_IAM"
