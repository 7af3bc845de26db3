"""Training: data, models, optimisers, the loop and recipes; the only room that knows PyTorch.

:func:`fit`, :func:`evaluate` and :func:`predict` are the short way; :func:`resolve` and :func:`run` take a
:class:`~gradus.runs.RunRequest` and give a record.  Importing this package does not load PyTorch; calling them does.
"""

from gradus.training.data import BUILT_IN
from gradus.training.face import Fitted, evaluate, fit, predict
from gradus.training.recipes import RECIPES
from gradus.training.run import resolve, run

__all__ = ["BUILT_IN", "RECIPES", "Fitted", "evaluate", "fit", "predict", "resolve", "run"]
