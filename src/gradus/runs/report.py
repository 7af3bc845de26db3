"""A run record as a few lines of plain text, in the manner of Keras' output."""

from __future__ import annotations

from gradus.runs.record import Epoch, RunRecord

_NAMES = {"sgd": "SGD", "adam": "Adam", "muon": "Muon"}


def record_report(record: RunRecord, every: int = 1) -> str:
    """What a run printed: its settings, one line an epoch, then loss and accuracy on the test images.

    Args:
        every: show the first epoch, each one whose number is a multiple of ``every``, and the last one.

    Returns:
        Lines without a newline at the end; those of the epochs take less than 80 characters.

    >>> from gradus.runs import DataSummary, RunRequest
    >>> data = DataSummary("dots", "", "", ("one", "two"), training=80, validation=20, test=20)
    >>> measured = (Epoch(2.3, 0.15, 2.2, 0.2, time_s=2.5),)
    >>> request = RunRequest("hw5", "dots", "sgd")
    >>> print(record_report(RunRecord("0", request, data, {}, "a CPU", 1, 7, measured, 2.1, 0.25, 0.1, 3.0, 0, {}, {})))
    SGD, 1 epoch, seed 0, on a CPU
    dots: 80 training, 20 validation and 20 test images
    network of 7 parameters
    <BLANKLINE>
    epoch    time    loss     acc  val_loss  val_acc
      1/1   2.5 s  2.3000  0.1500    2.2000   0.2000
    <BLANKLINE>
    test loss: 2.1000, test accuracy: 0.2500
    whole run: 3.0 s
    """
    count, data = len(record.epochs), record.data
    shown = [n for n in range(1, count + 1) if n in (1, count) or n % max(1, every) == 0]
    epochs = "1 epoch" if record.request.epochs == 1 else f"{record.request.epochs} epochs"
    return "\n".join(
        [
            f"{_NAMES[record.request.optimizer]}, {epochs}, seed {record.request.seed}, on {record.device_name}",
            f"{data.name}: {data.training:,} training, {data.validation:,} validation and {data.test:,} test images",
            f"network of {record.parameters:,} parameters",
            "",
            f"{'epoch':>{_width(count)}}    time    loss     acc  val_loss  val_acc",
            *(_line(n, count, record.epochs[n - 1]) for n in shown),
            "",
            f"test loss: {record.test_loss:.4f}, test accuracy: {record.test_accuracy:.4f}",
            f"whole run: {record.total_s:.1f} s",
        ]
    )


def _line(number: int, count: int, epoch: Epoch) -> str:
    return (
        f"{f'{number}/{count}':>{_width(count)}} {f'{epoch.time_s:.1f} s':>7}"
        f" {epoch.training_loss:7.4f}  {epoch.training_accuracy:.4f}"
        f"  {epoch.validation_loss:8.4f}   {epoch.validation_accuracy:.4f}"
    )


def _width(count: int) -> int:
    return max(len("epoch"), len(f"{count}/{count}"))
