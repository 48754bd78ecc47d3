"""The AWS clients that the deployment uses, typed, each made once.

Whatever has a method `client(service)` can hand them out: the client side's target, or `SessionClients`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from boto3.session import Session
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient


class ClientFactory(Protocol):
    """Hands out boto3 clients."""

    def client(self, service: str, /) -> Any:
        """Return the client of a service, such as `s3`."""


class SessionClients:
    """A boto3 session's clients, each made once, all at one endpoint if one is given (the local AWS)."""

    def __init__(self, session: Session, endpoint_url: str | None = None) -> None:
        """Remember the session and the endpoint."""
        self._session, self._endpoint_url = session, endpoint_url
        self._made: dict[str, Any] = {}

    def client(self, service: str, /) -> Any:
        """Return the client of a service."""
        if service not in self._made:
            make = cast("Any", self._session.client)
            self._made[service] = make(service, endpoint_url=self._endpoint_url)
        return self._made[service]


class Aws:
    """The services that a deployment speaks to."""

    def __init__(self, clients: ClientFactory) -> None:
        """Take the factory; no client is made before it is needed."""
        self._clients = clients

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """The stack, its change sets and events."""
        return cast("CloudFormationClient", self._clients.client("cloudformation"))

    @cached_property
    def s3(self) -> S3Client:
        """The artifacts bucket, and the photo bucket when it is emptied."""
        return cast("S3Client", self._clients.client("s3"))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """The tables, when they are counted or removed."""
        return cast("DynamoDBClient", self._clients.client("dynamodb"))

    @cached_property
    def lambda_(self) -> LambdaClient:
        """What the account lets functions do."""
        return cast("LambdaClient", self._clients.client("lambda"))

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """The log groups that outlive the stack."""
        return cast("CloudWatchLogsClient", self._clients.client("logs"))

    @cached_property
    def account(self) -> str:
        """The account's twelve digits."""
        sts = cast("STSClient", self._clients.client("sts"))
        return sts.get_caller_identity()["Account"]

    @property
    def region(self) -> str:
        """The region that the stack is in."""
        return self.cloudformation.meta.region_name

    @property
    def is_aws(self) -> bool:
        """Whether the endpoint is AWS's own and not a local one."""
        return ".amazonaws.com" in urlsplit(self.s3.meta.endpoint_url).netloc

    @property
    def partition(self) -> str:
        """The first part of ARNs: `aws`, `aws-cn`, `aws-us-gov`."""
        return self.s3.meta.partition

    def object_url(self, bucket: str, key: str) -> str:
        """Return the URL under which CloudFormation reads an object.

        On AWS that is the region's virtual-host form; the local AWS knows only the path form.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
        """
        endpoint = urlsplit(self.s3.meta.endpoint_url)
        if self.is_aws:
            return f"https://{bucket}.{endpoint.netloc}/{key}"
        return f"{endpoint.scheme}://{endpoint.netloc}/{bucket}/{key}"
