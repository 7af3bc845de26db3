"""Single images for a trained network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradus.training.data.folder import UnusableImage, pixels


def read_images(files: Iterable[Path], resize: bool = False) -> tuple[dict[Path, NDArray[np.uint8]], dict[Path, str]]:
    """The images that can be used, each uint8 shaped (32, 32, 3), and of the others what is wrong with them.

    Args:
        resize: take images of other sizes and colours as well; see :func:`gradus.training.data.folder.pixels`.

    >>> list(read_images([Path("no such image.png")])[1].values())
    ['No such file or directory']
    """
    good: dict[Path, NDArray[np.uint8]] = {}
    unusable: dict[Path, str] = {}
    for file in files:
        try:
            good[file] = pixels(file, resize)
        except UnusableImage as error:
            unusable[file] = str(error)
    return good, unusable
