"""A template as CloudFormation would deploy it with given parameters: what is made, names and ARNs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cfnlint.decode.cfn_yaml import loads

from imageproc.deployment.template import Code, assemble, read_sources

ACCOUNT, REGION, STACK = "111122223333", "eu-west-1", "imageproc"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
CODE = Code("functions.zip", "layer.zip", "python3.14", "arm64", "artifacts")
_VARIABLE = re.compile(r"\$\{([\w.:]+)\}")
_GONE = object()


def packaged() -> dict[str, Any]:
    """Return the template as `imageproc package` writes it, its short tags as `Ref` and `Fn::…` keys."""
    found: dict[str, Any] = json.loads(json.dumps(loads(assemble(read_sources(), CODE))))
    return found


@dataclass(frozen=True)
class Deployment:
    """A template with its parameters' values; those left out have their defaults."""

    template: Mapping[str, Any]
    given: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The parameters' values: a text, a number or a list."""
        declared = self.template["Parameters"]
        assert set(self.given) <= set(declared), set(self.given) - set(declared)
        found: dict[str, Any] = {}
        for name, one in declared.items():
            value = self.given.get(name, one["Default"])
            found[name] = int(value) if one["Type"] == "Number" else value
            if one["Type"] == "CommaDelimitedList":
                found[name] = str(value).split(",")
        return found

    def holds(self, condition: Any) -> bool:
        """Whether a condition, by its name or as it is written, is met."""
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((function, operands),) = condition.items()
        if function == "Fn::Equals":
            first, second = (str(self.chosen(each)) for each in operands)
            return first == second
        if function == "Condition":
            return self.holds(operands)
        if function == "Fn::Not":
            return not self.holds(operands[0])
        if function in ("Fn::And", "Fn::Or"):
            return (all if function == "Fn::And" else any)(map(self.holds, operands))
        raise AssertionError(f"unknown function {function}")

    @cached_property
    def resources(self) -> dict[str, Any]:
        """The resources that are made, conditions and parameters resolved, references to others kept."""
        return {
            name: self.chosen({key: value for key, value in one.items() if key != "Condition"})
            for name, one in self.template["Resources"].items()
            if "Condition" not in one or self.holds(one["Condition"])
        }

    def as_template(self) -> dict[str, Any]:
        """Return a template without parameters and conditions that makes the same."""
        return {"Resources": self.resources}

    def chosen(self, node: Any) -> Any:
        """Return part of the template with its parameters and conditions resolved."""
        if isinstance(node, list):
            return [value for each in node if (value := self.chosen(each)) is not _GONE]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Ref"}:
            name = node["Ref"]
            return _GONE if name == "AWS::NoValue" else self.parameters.get(name, node)
        if set(node) == {"Fn::If"}:
            condition, then, otherwise = node["Fn::If"]
            return self.chosen(then if self.holds(condition) else otherwise)
        if set(node) == {"Fn::Sub"} and isinstance(node["Fn::Sub"], str):
            return {"Fn::Sub": _VARIABLE.sub(self._parameter, node["Fn::Sub"])}
        return {key: value for key, each in node.items() if (value := self.chosen(each)) is not _GONE}

    def _parameter(self, variable: re.Match[str]) -> str:
        return str(self.parameters.get(variable[1], variable[0]))

    def named(self, node: Any) -> Any:
        """Return part of the resources with the names and ARNs that they would have."""
        if isinstance(node, list):
            return [self.named(each) for each in node]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Ref"}:
            return self.name(node["Ref"])
        if set(node) == {"Fn::GetAtt"}:
            return self.name(*node["Fn::GetAtt"])
        if set(node) == {"Fn::Sub"}:
            return self.text(node["Fn::Sub"])
        return {key: self.named(each) for key, each in node.items()}

    def text(self, text: str) -> str:
        """Return a text with names in the place of variables such as `${ImageMetadataDDBTable.Arn}`."""
        return _VARIABLE.sub(lambda variable: self.name(*variable[1].split(".")), text)

    def definition(self, machine: str) -> Any:
        """Return a state machine's definition as it would be deployed, with the ARNs in it."""
        properties = self.resources[machine]["Properties"]
        substitutions = self.named(properties["DefinitionSubstitutions"])
        text = _VARIABLE.sub(lambda variable: str(substitutions[variable[1]]), properties["DefinitionString"])
        return json.loads(text)

    def name(self, logical_id: str, attribute: str = "Ref") -> str:
        """Return what `Ref` or `Fn::GetAtt` gives. Physical names of the account are made up."""
        if logical_id in PSEUDO:
            return PSEUDO[logical_id]
        resource = self.resources[logical_id]
        properties = resource.get("Properties", {})
        kind = resource["Type"].removeprefix("AWS::")
        of_kind = {"Lambda::Function": "FunctionName", "StepFunctions::StateMachine": "StateMachineName"}
        own = properties.get(of_kind.get(kind, "LogGroupName"), f"{STACK}-{logical_id}")
        name = self.named(own)
        if kind == "S3::Bucket":
            name = name.lower()
        arn = _ARNS.get(kind, "{name}").format(name=name, here=f"{REGION}:{ACCOUNT}")
        by_arn = kind in {"StepFunctions::StateMachine", "Lambda::LayerVersion"}
        return arn if attribute == "Arn" or (attribute == "Ref" and by_arn) else name


_ARNS = {
    "S3::Bucket": "arn:aws:s3:::{name}",
    "DynamoDB::Table": "arn:aws:dynamodb:{here}:table/{name}",
    "Lambda::Function": "arn:aws:lambda:{here}:function:{name}",
    "Lambda::LayerVersion": "arn:aws:lambda:{here}:layer:{name}:1",
    "StepFunctions::StateMachine": "arn:aws:states:{here}:stateMachine:{name}",
    "SQS::Queue": "arn:aws:sqs:{here}:{name}",
    "Logs::LogGroup": "arn:aws:logs:{here}:log-group:{name}:*",
    "IAM::Role": "arn:aws:iam::" + ACCOUNT + ":role/{name}",
}
