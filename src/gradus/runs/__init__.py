"""Training runs as values: what is asked, what was measured, and where the records lie."""

from gradus.runs.progress import OnProgress, Progress
from gradus.runs.record import DataSummary, Epoch, RunRecord
from gradus.runs.report import record_report
from gradus.runs.request import Device, NotRun, Optimizer, RunRequest
from gradus.runs.store import RunStore, read_record

__all__ = [
    "DataSummary",
    "Device",
    "Epoch",
    "NotRun",
    "OnProgress",
    "Optimizer",
    "Progress",
    "RunRecord",
    "RunRequest",
    "RunStore",
    "read_record",
    "record_report",
]
