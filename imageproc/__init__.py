"""Image recognition and processing on AWS, driven from Jupyter.

>>> from imageproc import Workbench  # doctest: +SKIP
>>> workbench = Workbench.open()  # doctest: +SKIP
"""

from importlib import import_module

__version__ = "0.2.0"

_NAMES = {
    "client.albums": "Album",
    "client.bulk": "BulkProgress",
    "client.cancellation": "Cancellation",
    "client.dead_letters": "DeadLetter NotRedriven Redriven",
    "client.doctor.checks": "Check Outcome",
    "client.executions": "Execution",
    "client.executions.history": "Step StepStatus",
    "client.imports.entries": "ImportEntry ImportOutcome ImportPlan PlannedAlbum",
    "client.logs": "LogEntry",
    "client.photos.comparison": "ComparedSetting Comparison",
    "client.photos.corrections": "Corrected NotCorrected",
    "client.photos.datasets": "DatasetExport",
    "client.photos.downloads": "Downloaded NotDownloaded",
    "client.photos.evaluation": "Evaluation",
    "client.photos.duplicates": "DuplicateGroup Duplicates SimilarPhoto",
    "client.photos.exports": "Written",
    "client.photos.failures": "FailureGroup",
    "client.photos.followed": "FollowedPhoto FollowedPhotos",
    "client.photos.links": "Link",
    "client.photos.moves": "Copied Moved NotCopied NotMoved",
    "client.photos.photo": "Photo",
    "client.photos.processing": "NotRestarted Restarted",
    "client.photos.rarity": "LabelRarity RarePhoto",
    "client.photos.recognition_comparison": "ComparedRecognition RecognitionComparison",
    "client.photos.stored_file": "StoredFile",
    "client.photos.view": "PhotoView",
    "client.privacy": "Erased Erasure",
    "client.stack": "Stack",
    "client.target": "Target",
    "client.uploads.events": (
        "PreparedFile RefusedFile UploadFailed UploadPaused UploadProgress UploadResumed Uploaded"
    ),
    "client.users": "default_user",
    "client.workbench": "Workbench",
    "core.parts": "Part",
    "core.label": "BoundingBox Correction Label",
    "core.record": "Status",
    "costs": "Estimate",
    "deployment.plan": "Plan",
    "errors": "ImageprocError",
}
"""The public names of each module; `__init__.pyi` tells them to type checkers."""

_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: this module is also Lambda's, where most are not."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"imageproc.{_HOME[name]}"), name)
