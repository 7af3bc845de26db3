"""Training: data, models, optimisers, the loop and recipes; the only room that knows PyTorch.

Importing this package does not load PyTorch; :func:`resolve` and :func:`run` do.
"""

from gradus.training.data import BUILT_IN
from gradus.training.recipes import RECIPES
from gradus.training.run import resolve, run

__all__ = ["BUILT_IN", "RECIPES", "resolve", "run"]
