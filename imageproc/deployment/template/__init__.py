"""The first stage: one template that can be launched, from what is in `cloudformation/`."""

from imageproc.deployment.template.assembly import (
    MAX_TEMPLATE_BYTES,
    Code,
    assemble,
    required_capability,
    set_data_retention,
)
from imageproc.deployment.template.parameters import TemplateParameter, declared_parameters
from imageproc.deployment.template.sources import Sources, read_sources

__all__ = [
    "MAX_TEMPLATE_BYTES",
    "Code",
    "Sources",
    "TemplateParameter",
    "assemble",
    "declared_parameters",
    "read_sources",
    "required_capability",
    "set_data_retention",
]
