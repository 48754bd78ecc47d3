"""What the template is made of, as it is in the repository."""

from __future__ import annotations

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

    @property
    def documents(self) -> dict[str, str]:
        """What is put into the template, by the names of the files."""
        express_bulk = self.express_bulk.replace(f'"{{{{{DEFINITION}}}}}"', self.definition)
        return {
            DEFINITION: self.definition,
            BULK_DEFINITION: self.bulk,
            EXPRESS_BULK_DEFINITION: express_bulk,
            DASHBOARD: self.dashboard,
        }


def read_sources(folder: Path | None = None) -> Sources:
    """Read the template's sources, by default the project's. Raises TemplateError if a file is missing."""
    folder = folder or resources.folder("cloudformation")
    try:
        names = (TEMPLATE, DEFINITION, BULK_DEFINITION, DASHBOARD, EXPRESS_BULK_DEFINITION)
        return Sources(*((folder / name).read_text(encoding="utf-8") for name in names))
    except OSError as error:
        raise TemplateError(f"The template's sources cannot be read: {error}") from error
