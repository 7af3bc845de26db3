"""Muon: momentum whose steps are orthogonalised (Jordan et al., "Muon: an optimizer for hidden layers", 2024)."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 3


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix U V^T with U and V of the matrix's singular value decomposition, roughly: singular values near 1.

    Three rounds of the iteration X <- P X with P = a I + b S + c S^2 and S = X X^T, which draws singular values from
    (0, 1] towards an interval around 1; in the matrix's own type.  All P and S commute, and the next S is P S P: two
    products with the matrix itself suffice.

    >>> values = torch.linalg.svdvals(orthogonalised(torch.diag(torch.tensor([4.0, 2.0, 1.0]))))
    >>> [f"{value:.1f}" for value in values.tolist()]
    ['1.0', '0.8', '0.7']
    """
    x: Tensor = matrix / (torch.linalg.vector_norm(matrix) + 1e-7)
    square = x @ x.t()
    whole = factor = _factor(square)
    for _ in range(_ROUNDS - 1):
        square = factor @ square @ factor
        factor = _factor(square)
        whole = factor @ whole
    return whole @ x


def _factor(square: Tensor) -> Tensor:
    """P of a round, from its S."""
    factor = torch.addmm(square, square, square, beta=_B, alpha=_C)
    factor.diagonal().add_(_A)
    return factor


def move_matrix(
    gains: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float, dtype: torch.dtype
) -> None:
    """One step for the gains of a convolution, filters first; gains and velocity are written.

    Args:
        gains, velocity, gradient: channels-last in memory.
        rate: of this step.
        dtype: in which the step is orthogonalised.
    """
    # The order of the columns does not matter to the iteration: that in memory needs no copies.
    gains, velocity, gradient = (tensor.permute(0, 2, 3, 1).flatten(1) for tensor in (gains, velocity, gradient))
    velocity.mul_(momentum).add_(gradient)
    along = gradient.add(velocity, alpha=momentum)
    gains.mul_(sqrt(len(gains)) / torch.linalg.vector_norm(gains))
    gains.sub_(orthogonalised(along.to(dtype)).to(gains.dtype), alpha=rate)


def move(weights: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
    """One step of Nesterov's momentum; weights and velocity are written."""
    velocity.mul_(momentum).sub_(gradient, alpha=rate)
    weights.add_(velocity, alpha=momentum).sub_(gradient, alpha=rate)
