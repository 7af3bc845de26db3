"""A small folder of images that are quickly told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradus.errors import MissingExtra
from gradus.training.pytorch import load_torch

try:
    load_torch()  # here, so that its threads do not spin while other tests run beside these
except MissingExtra:
    names = ("cache", "cifar10", "download", "folder", "pictograms", "statement")
    without_torch = {"conftest.py", "file_server.py", *(f"test_{name}.py" for name in names)}
    collect_ignore = [file.name for file in Path(__file__).parent.glob("*.py") if file.name not in without_torch]

LEVELS = {"day": (120, 256), "night": (0, 100)}


def write_images(folder: Path, training: int = 50, test: int = 20, suffix: str = ".png") -> Path:
    """Noise images: bright ones in ``day``, dark ones in ``night``."""
    rng = np.random.default_rng(3)
    for part, count in (("train", training), ("test", test)):
        for name, (low, high) in LEVELS.items():
            (folder / part / name).mkdir(parents=True)
            for number in range(1, count + 1):
                pixels = rng.integers(low, high, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{number}{suffix}")
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


@pytest.fixture(scope="session")
def shared_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ``images``, for tests that do not change it."""
    return write_images(tmp_path_factory.mktemp("shared") / "images")
