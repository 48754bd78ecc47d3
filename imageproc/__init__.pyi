"""The names that `__init__.py` offers, for type checkers: a test holds both to each other."""

from imageproc.client.albums import Album as Album
from imageproc.client.bulk import BulkProgress as BulkProgress
from imageproc.client.cancellation import Cancellation as Cancellation
from imageproc.client.dead_letters import (
    DeadLetter as DeadLetter,
)
from imageproc.client.dead_letters import (
    NotRedriven as NotRedriven,
)
from imageproc.client.dead_letters import (
    Redriven as Redriven,
)
from imageproc.client.doctor.checks import Check as Check
from imageproc.client.doctor.checks import Outcome as Outcome
from imageproc.client.executions import Execution as Execution
from imageproc.client.executions.history import Step as Step
from imageproc.client.executions.history import StepStatus as StepStatus
from imageproc.client.imports.entries import ImportEntry as ImportEntry
from imageproc.client.imports.entries import ImportOutcome as ImportOutcome
from imageproc.client.imports.entries import ImportPlan as ImportPlan
from imageproc.client.imports.entries import PlannedAlbum as PlannedAlbum
from imageproc.client.logs import LogEntry as LogEntry
from imageproc.client.photos.comparison import ComparedSetting as ComparedSetting
from imageproc.client.photos.comparison import Comparison as Comparison
from imageproc.client.photos.corrections import Corrected as Corrected
from imageproc.client.photos.corrections import NotCorrected as NotCorrected
from imageproc.client.photos.datasets import DatasetExport as DatasetExport
from imageproc.client.photos.downloads import Downloaded as Downloaded
from imageproc.client.photos.downloads import NotDownloaded as NotDownloaded
from imageproc.client.photos.duplicates import DuplicateGroup as DuplicateGroup
from imageproc.client.photos.duplicates import Duplicates as Duplicates
from imageproc.client.photos.duplicates import SimilarPhoto as SimilarPhoto
from imageproc.client.photos.evaluation import Evaluation as Evaluation
from imageproc.client.photos.exports import Written as Written
from imageproc.client.photos.failures import FailureGroup as FailureGroup
from imageproc.client.photos.followed import FollowedPhoto as FollowedPhoto
from imageproc.client.photos.followed import FollowedPhotos as FollowedPhotos
from imageproc.client.photos.links import Link as Link
from imageproc.client.photos.moves import Copied as Copied
from imageproc.client.photos.moves import Moved as Moved
from imageproc.client.photos.moves import NotCopied as NotCopied
from imageproc.client.photos.moves import NotMoved as NotMoved
from imageproc.client.photos.photo import Photo as Photo
from imageproc.client.photos.processing import NotRestarted as NotRestarted
from imageproc.client.photos.processing import Restarted as Restarted
from imageproc.client.photos.rarity import LabelRarity as LabelRarity
from imageproc.client.photos.rarity import RarePhoto as RarePhoto
from imageproc.client.photos.recognition_comparison import ComparedRecognition as ComparedRecognition
from imageproc.client.photos.recognition_comparison import RecognitionComparison as RecognitionComparison
from imageproc.client.photos.stored_file import StoredFile as StoredFile
from imageproc.client.photos.view import PhotoView as PhotoView
from imageproc.client.privacy import Erased as Erased
from imageproc.client.privacy import Erasure as Erasure
from imageproc.client.stack import Stack as Stack
from imageproc.client.target import Target as Target
from imageproc.client.uploads.events import (
    PreparedFile as PreparedFile,
)
from imageproc.client.uploads.events import (
    RefusedFile as RefusedFile,
)
from imageproc.client.uploads.events import (
    Uploaded as Uploaded,
)
from imageproc.client.uploads.events import (
    UploadFailed as UploadFailed,
)
from imageproc.client.uploads.events import (
    UploadPaused as UploadPaused,
)
from imageproc.client.uploads.events import (
    UploadProgress as UploadProgress,
)
from imageproc.client.uploads.events import (
    UploadResumed as UploadResumed,
)
from imageproc.client.users import default_user as default_user
from imageproc.client.workbench import Workbench as Workbench
from imageproc.core.label import BoundingBox as BoundingBox
from imageproc.core.label import Correction as Correction
from imageproc.core.label import Label as Label
from imageproc.core.parts import Part as Part
from imageproc.core.record import Status as Status
from imageproc.costs import Estimate as Estimate
from imageproc.deployment.plan import Plan as Plan
from imageproc.errors import ImageprocError as ImageprocError

__version__: str
__all__: list[str]
