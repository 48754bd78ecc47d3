"""What belongs to a stack and exists, looked up and counted: shown before anything is removed."""

from imageproc.deployment.inventory.lookup import (
    DATA_TYPES,
    DataFound,
    Inventory,
    find,
    inventory,
    kept_earlier,
    log_group_names,
    look,
)

__all__ = [
    "DATA_TYPES",
    "DataFound",
    "Inventory",
    "find",
    "inventory",
    "kept_earlier",
    "log_group_names",
    "look",
]
