from __future__ import annotations

import os
import signal
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from imageproc.local import runtime_bootstrap
from tests.secrets_in_use import keys_in_use

from .functions import Functions, zipped
from .signing import Call
from .strangers import python_of_strangers, run_as_stranger, send_as_stranger

if TYPE_CHECKING:
    from imageproc.local import LocalAws, LocalStatus

_RAISES = """
import logging
class ImageIdentifyError(Exception): pass
def handler(event, context):
    print("printed")
    logging.getLogger().warning("warned")
    raise ImageIdentifyError("no image")
"""


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        (_RAISES, "ImageIdentifyError", "no image"),
        ("import nowhere\n", "Runtime.ImportModuleError", "Unable to import module 'app'"),
        ("import os\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("raise ValueError('at import')\n", "ValueError", "at import"),
        ("def handler(e, c): return {1, 2}\n", "Runtime.MarshalError", "Unable to marshal response"),
        ("def handler(e, c): return float('nan')\n", "Runtime.MarshalError", "Unable to marshal response"),
        ("import os\ndef handler(e, c): os._exit(1)\n", "Runtime.ExitError", "Runtime exited"),
    ],
    ids=lambda value: value if value.isidentifier() or value.startswith("Runtime.") else "",
)
def test_an_error_keeps_its_name(functions: Functions, source: str, error_type: str, message: str) -> None:
    answer = functions.invoke(functions.make(source))
    assert answer["errorType"] == error_type
    assert message in answer["errorMessage"]


def test_a_function_that_takes_too_long_is_ended(functions: Functions) -> None:
    name = functions.make("import time\ndef handler(e, c): time.sleep(9)\n", timeout=1)
    assert functions.invoke(name)["errorType"] == "Sandbox.Timedout"


def test_a_function_works_again_after_its_process_ended(functions: Functions) -> None:
    name = functions.make("import os\ndef handler(event, c): return 1 if event else os._exit(1)\n")
    assert functions.invoke(name, 0)["errorType"] == "Runtime.ExitError"
    assert functions.invoke(name, 1) == 1


def test_the_stack_trace_shows_the_handlers_own_lines(functions: Functions) -> None:
    trace = functions.invoke(functions.make(_RAISES))["stackTrace"]
    assert len(trace) == 1
    assert "in handler" in trace[0]


def test_what_a_function_says_is_in_its_log(functions: Functions) -> None:
    functions.invoke(name := functions.make(_RAISES))
    log = functions.log(name)
    request_id = log[0].split()[2]
    assert "printed" in log
    assert any(line.startswith("[WARNING]\t") and line.endswith(f"\t{request_id}\twarned") for line in log)
    assert "[ERROR] ImageIdentifyError: no image" in log


def test_the_payload_is_any_json_and_unicode(functions: Functions) -> None:
    name = functions.make("def handler(event, c): return event\n")
    events: list[Any] = [None, 0, "", [], {"ключ": "ü ☃ 🙂 \u2028"}, "x" * 1_000_000]
    for event in events:
        assert functions.invoke(name, event) == event


def test_the_context_is_filled(functions: Functions) -> None:
    name = functions.make(
        "def handler(e, c):\n"
        "    return [c.function_name, c.invoked_function_arn, c.memory_limit_in_mb, c.aws_request_id,\n"
        "            c.get_remaining_time_in_millis()]\n",
        timeout=7,
        MemorySize=256,
    )
    function_name, arn, memory, request_id, remaining = functions.invoke(name)
    assert (function_name, memory) == (name, 256)
    assert arn == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert uuid.UUID(request_id)
    assert 5000 < remaining <= 7000


def test_the_zips_own_imageproc_is_imported(functions: Functions) -> None:
    files = {
        "imageproc/__init__.py": "",
        "imageproc/functions/__init__.py": "",
        "imageproc/functions/mine.py": "def handler(e, c): return __file__\n",
    }
    name = functions.make(files, handler="imageproc.functions.mine.handler")
    assert "provided-code" in functions.invoke(name)


def test_a_layers_modules_are_found_before_installed_ones_and_after_the_zips(
    functions: Functions,
) -> None:
    client = functions.session.client("lambda")
    layers = [
        client.publish_layer_version(LayerName=uuid.uuid4().hex, Content={"ZipFile": zipped(files)})[
            "LayerVersionArn"
        ]
        for files in (
            {"python/piexif.py": "WHERE = 'first layer'\n", "python/both.py": "WHERE = 'first layer'\n"},
            {"python/both.py": "WHERE = 'second layer'\n", "python/mine.py": "WHERE = 'second layer'\n"},
        )
    ]
    source = "import piexif, both, mine\ndef handler(e, c): return [piexif.WHERE, both.WHERE, mine.WHERE]\n"
    name = functions.make({"app.py": source, "mine.py": "WHERE = 'zip'\n"}, Layers=layers)
    assert functions.invoke(name) == ["first layer", "second layer", "zip"]


def test_a_function_sees_what_lambda_would_show_it_and_nothing_of_the_server(functions: Functions) -> None:
    name = functions.make(
        "import os\ndef handler(e, c): return dict(os.environ)\n",
        Environment={"Variables": {"OWN": "value", "LANG": "xx", "AWS_ENDPOINT_URL": "http://elsewhere"}},
    )
    environment = functions.invoke(name)
    administrator = functions.session.get_credentials()
    assert administrator is not None
    assert (environment["OWN"], environment["LANG"]) == ("value", "xx")
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert administrator.secret_key not in environment.values()
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert not {"AUTH", "STATE_DIR", "GATEWAY_PORT", "SERVICES", "HOME", "AWS_PROFILE"} & environment.keys()


def test_a_function_has_its_roles_permissions_and_no_others(functions: Functions) -> None:
    source = (
        "import boto3\n"
        "def handler(e, c):\n"
        "    boto3.client('s3').list_buckets()\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    allowed = functions.make(source, actions=["s3:ListAllMyBuckets"])
    assert functions.invoke(allowed).endswith(f"/{allowed}")
    denied = functions.invoke(functions.make(source))
    assert denied["errorType"] == "AccessDenied"
    assert "not authorized to perform: s3:ListAllMyBuckets" in denied["errorMessage"]


def test_the_bootstrap_names_no_machine() -> None:
    assert runtime_bootstrap() == b'#!/bin/sh\nexec "$IMAGEPROC_PYTHON" -P "$IMAGEPROC_RUNTIME"\n'


def test_the_runtime_api_serves_the_functions_process_alone(functions: Functions) -> None:
    """Its port can be found, and its paths are known: an event could be taken, and an answer given."""
    source = (
        "import os, time\n"
        "def handler(event, c):\n"
        "    time.sleep(event)\n"
        "    return [os.environ['AWS_LAMBDA_RUNTIME_API'].partition('/')[0], c.aws_request_id]\n"
    )
    name = functions.make(source)
    address, _ = functions.invoke(name, 0)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(functions.invoke, name, 3)
        paths = ["/2018-06-01/runtime/invocation/next", "/x/2018-06-01/runtime/invocation/next", "/"]
        posts = [f"{paths[0][:-4]}{name}/response", "/2018-06-01/runtime/init/error"]
        calls = [Call("GET", address, path, "lambda") for path in paths]
        calls += [Call("POST", address, path, "lambda", {}, b'"forged"') for path in posts]
        assert {call.target: call.send().status for call in calls} == dict.fromkeys([*paths, *posts], 403)
        if os.getuid() == 0:
            assert {reply.status for reply in send_as_stranger(calls)} == {403}
        assert running.result() not in ("forged", None)
    assert functions.invoke(name, 0), "no event was taken"


def test_other_users_cannot_read_where_the_runtime_api_is(functions: Functions) -> None:
    source = "import os\ndef handler(e, c): return [os.getpid(), os.environ['AWS_LAMBDA_RUNTIME_API']]\n"
    pid, address = functions.invoke(functions.make(source))
    token = address.partition("/")[2]
    assert len(token) == 64
    assert not any(token in argument for argument in psutil.Process(pid).cmdline())
    assert "PermissionError" in run_as_stranger(python_of_strangers(), f"open('/proc/{pid}/environ')")[1]


def test_a_functions_keys_are_among_those_that_logs_are_searched_for(
    functions: Functions, local_aws: LocalStatus
) -> None:
    source = (
        "import hashlib, os\n"
        "def handler(e, c): return [hashlib.sha256(os.environ[name].encode()).hexdigest()\n"
        "                           for name in ('AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')]\n"
    )
    found = functions.invoke(functions.make(source))
    known = {sha256(key.encode()).hexdigest() for key in keys_in_use(local_aws)}
    assert set(found) < known


@pytest.mark.skipif(sys.platform != "linux", reason="functions' processes are not forked here")
def test_functions_share_what_was_loaded_before_them_and_nothing_else(functions: Functions) -> None:
    """They are forked from a process with the AWS SDK: modules of their own come before it."""
    tell = "import os, random, sys\ndef handler(e, c):\n    import boto3\n    return {}\n"
    parent = tell.format(
        "[os.getppid(), random.random(), boto3.__file__, sorted(os.listdir('/proc/self/fd'))]"
    )
    (one, chance, sdk, descriptors), other = (functions.invoke(functions.make(parent)) for _ in range(2))
    assert one == other[0]
    assert chance != other[1]
    assert "site-packages" in sdk
    assert len(descriptors) <= 7, "none of the process that it was forked from"
    own = {"app.py": tell.format("boto3.OWN"), "boto3/__init__.py": "OWN = 'its own'\n"}
    assert functions.invoke(functions.make(own)) == "its own"


@pytest.mark.skipif(sys.platform != "linux", reason="functions' processes are not forked here")
def test_functions_go_on_after_the_process_that_they_are_forked_from_was_killed(own_aws: LocalAws) -> None:
    functions = Functions(own_aws.start().session())
    name = functions.make("import os\ndef handler(e, c): return os.getppid()\n")
    os.kill(first := functions.invoke(name), signal.SIGKILL)
    functions.invoke(name)  # it may fail: the process that waits for it may just be ending
    found = functions.invoke(name)
    assert isinstance(found, int)
    assert found != first
