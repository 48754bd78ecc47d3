"""Fixtures: AWS as moto plays it, a small template, and zips that are quick to build."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from imageproc.deployment import (
    BuildTarget,
    Request,
    SessionClients,
    destroy,
)
from imageproc.deployment.artifacts import bucket
from imageproc.deployment.packaging import zips
from imageproc.deployment.packaging.archive import package
from imageproc.deployment.template import Sources
from imageproc.local.lifecycle import LocalAws
from imageproc.local.recognition import SWITCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
# A comment that stays
Parameters:
  RoleStrategy:
    Type: String
    Default: PerFunction
    Description: A role for each function
  TestClientAccess:
    Type: String
    Default: Disabled
  DataRetention:
    Type: String
    Default: Delete
    AllowedValues: [Delete, Retain]
  DetectLabelsPerSecond:
    Type: Number
    Default: 5
  WorkflowType:
    Type: String
    Default: STANDARD
  StartConcurrency:
    Type: Number
    Default: 0
  BulkConcurrency:
    Type: Number
    Default: 0
  LogRetentionDays:
    Type: Number
    Default: 30

Conditions:
  Never: !Equals [a, b]

Resources:
  PhotoRepoS3Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete # DataRetention
    Properties:
      VersioningConfiguration: { Status: Enabled }

  ImageMetadataDDBTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete # DataRetention
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: imageID, AttributeType: S }
      KeySchema:
        - { AttributeName: imageID, KeyType: HASH }

  ImagingLayer:
    Type: AWS::Lambda::LayerVersion
    Properties:
      LayerName: !Sub "${AWS::StackName}-imaging"
      CompatibleArchitectures: [arm64] # packaging
      CompatibleRuntimes: [python3.14] # packaging
      Content: { S3Bucket: artifacts, S3Key: layer.zip } # packaging

  WorkLogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub "/aws/lambda/${AWS::StackName}-Work"
      RetentionInDays: !Ref LogRetentionDays

  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: { Service: states.amazonaws.com }
            Action: sts:AssumeRole

  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      DefinitionString: "{{state-machine.asl.json}}"
      DefinitionSubstitutions:
        WorkArn: !Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:work"

Outputs:
  S3PhotoRepoBucket:
    Value: !Ref PhotoRepoS3Bucket
  Table:
    Value: !Ref ImageMetadataDDBTable
"""

DEFINITION = """\
{
  "Comment": "It's a test",
  "StartAt": "Work",
  "States": { "Work": { "Type": "Task", "Resource": "${WorkArn}", "End": true } }
}
"""


@pytest.fixture
def sources() -> Sources:
    return Sources(TEMPLATE, DEFINITION)


@pytest.fixture
def target() -> BuildTarget:
    return BuildTarget("provided.al2023", "x86_64", b"#!/bin/sh\n")


@pytest.fixture
def small_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own layer takes a second to compress; most tests do not look at it."""

    def layer_package(_target: BuildTarget, prefix: str = "", **_: Any) -> Any:
        return package({"python/PIL/__init__.py": b""}, prefix)

    monkeypatch.setattr(zips, "layer_package", layer_package)


@pytest.fixture
def request_(sources: Sources, target: BuildTarget, small_layer: None) -> Request:
    return Request("demo", target, sources=sources)


@pytest.fixture(scope="session")
def _session() -> Session:
    """One for all tests: it reads AWS's service descriptions, which takes longer than the tests do."""
    return boto3.Session("AKIATEST", "secret", region_name="eu-west-1")


@pytest.fixture
def session(_session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """AWS as moto plays it, with nothing in it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield _session


@pytest.fixture
def lenient_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto overlooks a policy's condition: the one against plain HTTP would shut everybody out."""
    monkeypatch.setattr(bucket, "tls_only", lambda _bucket, _partition: '{"Statement": []}')


class Sleeper:
    """Takes no time, and remembers for how long it was asked to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        assert len(self.slept) < 1000, "waits for ever"


@pytest.fixture
def sleep() -> Sleeper:
    return Sleeper()


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionClients]:
    """A running local AWS: unlike moto it knows change sets, events, rollbacks and retained resources.

    It is not the run's own: tests look at all that there is. Nothing is recognised in it.
    """
    local = LocalAws(tmp_path_factory.mktemp("local-aws"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SWITCH, "off")
        status = local.start()
    keys = status.credentials
    assert keys is not None
    session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=status.region)
    yield SessionClients(session, status.endpoint)
    local.stop()


@pytest.fixture
def local_request(local_aws: SessionClients, request_: Request) -> Iterator[Request]:
    """A stack of its own for each test; it is removed afterwards."""
    own = replace(request_, stack=f"t{uuid.uuid4().hex[:10]}")
    yield own
    for _ in destroy(local_aws, own.stack, delete_data=True):
        pass
