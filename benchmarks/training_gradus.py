"""hw5's recipe in gradus, planned and trained as ``gradus train`` does it."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import Any

from training_profile import seconds_by_cause
from training_worker import FirstStep


class GradusProgram:
    """Epochs of the training loop on the first training images, so many.

    Given besides what all have: ``data`` (the name that gradus knows the images by).  Options: ``settings`` of the
    request.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        from gradus.training.device import deterministic
        from gradus.training.evaluation import on_device
        from gradus.training.memory import kept_memory
        from gradus.training.requests import asked
        from gradus.training.run import planned
        from gradus.training.workers import ALONE

        options = given["options"]
        self._first_step = FirstStep(given["began"])
        settings = {"batch_size": given["batch_size"], **options.get("settings", {})}
        request = asked("hw5", given["data"], "adam", 1, 0, "cpu", given["precision"], settings)
        began = time.perf_counter()
        plan = planned(request)
        self._first_step.reading_took(time.perf_counter() - began)
        self._settings = ExitStack()
        self._settings.enter_context(deterministic(plan.device))
        self._settings.enter_context(kept_memory())
        self._batch_size, self._warm_up = plan.configuration.batch_size, given["warm_up"]
        team = self._settings.enter_context(plan.team(ALONE, _say))
        self._training = plan.begun(ALONE, team)
        self._data = on_device(plan.dataset.training, plan.device)
        self._indices = plan.split.training

    def started(self) -> dict[str, Any]:
        if self._warm_up:
            self._epoch(self._warm_up)
        parameters = sum(weights.numel() for weights in self._training.network.parameters())
        return {"first_step_s": self._first_step.seconds, "parameters": parameters}

    def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        """One epoch; with ``profile``, its seconds by cause."""
        if message.get("profile"):
            return {"causes": seconds_by_cause(self._training, lambda: self._epoch(message["images"]))}
        began = time.perf_counter()
        loss = self._epoch(message["images"])
        return {"seconds": time.perf_counter() - began, "loss": loss}

    def _epoch(self, images: int) -> float:
        """The mean loss.  One image validates, since the loop validates after every epoch, and none of the peers."""
        from gradus.training.loop import epochs_of

        part, one = self._data.chosen(self._indices[:images]), self._data.chosen(self._indices[:1])
        training = self._training
        goes_on = epochs_of(
            training, part, one, len(training.epochs) + 1, self._batch_size, lambda progress: self._first_step()
        )
        return [epoch.training_loss for epoch in goes_on][-1]


def program(given: dict[str, Any]) -> GradusProgram:
    return GradusProgram(given)


def _say(message: str) -> None:
    """Standard error is where a worker's last words are looked for."""
    print(message, file=sys.stderr)
