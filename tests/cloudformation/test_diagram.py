from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("diagram", ROOT / "scripts" / "diagram.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readmes_diagram_is_the_templates_and_the_definitions(script: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text()
    assert script.with_diagram(readme) == readme, "draw it anew: python scripts/diagram.py"


def test_a_state_that_is_added_and_a_right_that_is_given_are_drawn(
    script: ModuleType, resources: Any, definition: Any
) -> None:
    resources, definition = json.loads(json.dumps([resources, definition]))
    before = list(script.diagram(resources, definition))
    definition["States"]["StoreImageMetadata"]["Next"] = "Sharpness"
    definition["States"]["Sharpness"] = {"Type": "Pass", "Next": "ParallelProcessing"}
    statement = {"Effect": "Allow", "Action": "rekognition:DetectLabels", "Resource": "*"}
    policy = resources["GenerateThumbnailPolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"].append(statement)
    new = [line.strip() for line in script.diagram(resources, definition) if line not in before]
    assert new == [
        "StoreImageMetadata --> Sharpness",
        "Sharpness --> Rekognition & GenerateThumbnail",
        'Rekognition & RekognitionOfRendition & GenerateThumbnail -.-> rekognition["Amazon Rekognition"]',
    ]
