"""What the template is made of, as it is in the repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc import resources
from imageproc.errors import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = "image-processing.yaml"
DEFINITION = "state-machine.asl.json"
BULK_DEFINITION = "bulk-processing.asl.json"
EXPRESS_BULK_DEFINITION = "bulk-processing-express.asl.json"
DASHBOARD = "dashboard.json"
EMBEDDING_BRANCH = "embedding-branch.asl.json"
DEFINITION_WITH_EMBEDDING = "state-machine-with-embedding.asl.json"
EXPRESS_BULK_DEFINITION_WITH_EMBEDDING = "bulk-processing-express-with-embedding.asl.json"


@dataclass(frozen=True)
class Sources:
    """The template, the state machines' definitions and the dashboard, as they are in the repository."""

    template: str
    definition: str
    """The photos' state machine."""
    bulk: str = "{}"
    """The one that processes many photos, each in an execution of the photos' own."""
    dashboard: str = "{}"
    express_bulk: str = "{}"
    """The one that does so where workflows are Express: the photos' own state machine is put into it."""
    embedding_branch: str = "{}"
    """What the photos' state machine has more where Similarity is Enabled, beside labels and thumbnail."""

    @property
    def documents(self) -> dict[str, str]:
        """What is put into the template, by the names of the files."""
        with_embedding = _with_branch(self.definition, self.embedding_branch)
        return {
            DEFINITION: self.definition,
            BULK_DEFINITION: self.bulk,
            EXPRESS_BULK_DEFINITION: self._express_bulk(self.definition),
            DEFINITION_WITH_EMBEDDING: with_embedding,
            EXPRESS_BULK_DEFINITION_WITH_EMBEDDING: self._express_bulk(with_embedding),
            DASHBOARD: self.dashboard,
        }

    def _express_bulk(self, definition: str) -> str:
        return self.express_bulk.replace(f'"{{{{{DEFINITION}}}}}"', definition)


def read_sources(folder: Path | None = None) -> Sources:
    """Read the template's sources, by default the project's. Raises TemplateError if a file is missing."""
    folder = folder or resources.folder("cloudformation")
    try:
        names = (TEMPLATE, DEFINITION, BULK_DEFINITION, DASHBOARD, EXPRESS_BULK_DEFINITION, EMBEDDING_BRANCH)
        return Sources(*((folder / name).read_text(encoding="utf-8") for name in names))
    except OSError as error:
        raise TemplateError(f"The template's sources cannot be read: {error}") from error


def _with_branch(definition: str, branch: str) -> str:
    """Return a definition whose Parallel state has a branch more. What is no JSON is left to `assemble`."""
    try:
        machine, more = json.loads(definition), json.loads(branch)
    except ValueError:
        return definition
    for state in machine.get("States", {}).values():
        if state["Type"] == "Parallel":
            state["Branches"].append(more)
    return json.dumps(machine, ensure_ascii=False)
