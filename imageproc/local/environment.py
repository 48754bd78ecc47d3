"""The environments of the two kinds of process: the server's, and what a function's may take from it.

Neither sees the user's AWS settings. A profile, a key or an endpoint that leaked through would send calls
meant for the local AWS to a real account.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.local.state import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imageproc.local.state import Credentials, StateDir

SERVER_MODULE = "imageproc.local.server"

# What the stack uses, and nothing else is served.
SERVICES = (
    "cloudformation",
    "cognito-identity",
    "dynamodb",
    "events",
    "iam",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "sns",
    "sqs",
    "states",
    "sts",
    "tagging",
)

# A process needs these to run at all; they say nothing about AWS.
_HOST_NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH")
_OWN_PREFIX = "IMAGEPROC_"
_ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
"""glibc's: else what the threads of hundreds of executions have freed stays apart, by thread."""
_MARKER = "IMAGEPROC_FUNCTION_OF"


def host_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the server process may take from the process that starts it."""
    kept = {k: v for k, v in environment.items() if k in _HOST_NAMES or k.startswith(_OWN_PREFIX)}
    return kept | _ALLOCATOR


def server_environment(state: StateDir, credentials: Credentials, endpoint: str) -> dict[str, str]:
    """Return the settings of MiniStack and of the AWS SDK inside the server process.

    `endpoint` is the URL of the local AWS; function processes get it, too, and find Rekognition there.
    """
    return {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
        **NO_USER_SETTINGS,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": endpoint.rpartition(":")[2],
        "IOT_MTLS_ENABLED": "0",
        # Idle function processes beyond the first of each function end after a minute (300 s by default).
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        # An address and not "localhost", which may mean ::1 first.
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state.objects),
        "S3_PERSIST": "1",
        "SERVICES": ",".join(SERVICES),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state.services),
        # No Docker daemon is asked for left-over containers.
        "DOCKER_HOST": "unix:///nonexistent",
        # MiniStack unpacks function code below the temporary directory, under a name that can be guessed.
        "TMPDIR": str(state.tmp),
    }


def function_environment(state: StateDir) -> dict[str, str]:
    """Return what each function process gets besides what Lambda sets: how to find this local AWS."""
    environment = {k: os.environ[k] for k in ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ") if k in os.environ}
    return {
        **environment,
        **NO_USER_SETTINGS,
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
        "AWS_ENDPOINT_URL_REKOGNITION": os.environ["AWS_ENDPOINT_URL_REKOGNITION"],
        "IMAGEPROC_PYTHON": sys.executable,
        "IMAGEPROC_RUNTIME": str(Path(__file__).with_name("runtime.py")),
        "PYTHONNOUSERSITE": "1",
        "TMPDIR": str(state.tmp),
        **function_marker(state),
    }


def function_marker(state: StateDir) -> dict[str, str]:
    """Return the variable by which a function process is known to belong to this local AWS."""
    return {_MARKER: str(state.path)}


# Without these the SDK reads ~/.aws, even if HOME is not set, and asks for an instance's role.
NO_USER_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
