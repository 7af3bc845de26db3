"""All weights of a network in one piece of memory, and what is of the same form: gradients, moments, copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.training.model import Network

_ALIGNED = 16
"""Each weight tensor begins at a multiple of so many numbers: a line of memory."""


@dataclass(frozen=True)
class Place:
    """Where a tensor lies in the piece of memory: dense, with these shape and strides."""

    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    count: int


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights of a network, which are moved into one tensor; the network's own are views of it from then on.

    Attributes:
        names: of the weights, in their order.
        values: all of them, shaped (count,); gaps between them are 0.
    """

    names: tuple[str, ...]
    places: tuple[Place, ...]
    values: Tensor

    @staticmethod
    def of(network: Network) -> Parameters:
        """Move the network's weights.

        >>> from gradus.exact.networks.layers import Architecture, Dense
        >>> network = Network(Architecture((4,), (Dense(3, "softmax"),)))
        >>> [(place.first, place.count) for place in Parameters.of(network).places]
        [(0, 12), (16, 3)]
        """
        places, first = [], 0
        named = dict(network.named_parameters())
        for weight in named.values():
            places.append(Place(first, tuple(weight.shape), weight.stride(), weight.numel()))
            first += -(-weight.numel() // _ALIGNED) * _ALIGNED
        like = next(iter(named.values())).detach()
        moved = Parameters(tuple(named), tuple(places), like.new_zeros(first))
        for weight, view in zip(named.values(), moved.views(), strict=True):
            view.copy_(weight.detach())
            weight.data = view
        return moved

    def views(self, like: Tensor | None = None) -> list[Tensor]:
        """Each weight's part of a tensor of this form, by default of the values."""
        whole = self.values if like is None else like
        return [whole.as_strided(place.shape, place.strides, place.first) for place in self.places]

    def by_name(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """Tensors in the weights' order, by the weights' names."""
        return dict(zip(self.names, tensors, strict=True))

    def zeros(self, dtype: torch.dtype | None = None) -> Tensor:
        """A tensor of this form."""
        return torch.zeros_like(self.values, dtype=dtype)
