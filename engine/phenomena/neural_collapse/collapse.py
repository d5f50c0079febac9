"""The four measures of neural collapse, for all members of an ensemble at once, in double precision.

Papyan, Han, Donoho 2020, arXiv:2008.08186. With class means less their mean, M (K, h), features a less their class mean, and the last
layer's weights W (K, h):
    NC1 = tr(S_W pinv(S_B))/K,   S_W = mean a a^T,   S_B = M^T M/K,   which is  sum |a pinv(M)|^2/(K n);
    NC2: the lengths of M, their deviation over their mean; the mean of |cos + 1/(K-1)| over pairs of classes;
    NC3 = |W/|W| - M/|M||^2;
    NC4: how often the network's answer is not the class with the nearest mean.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

RANK = 1e-8  # singular values of M below this times the largest count as zero: the means less their mean have rank K - 1


class Geometry(NamedTuple):
    """Of every member: features by class (members, K, n, h), class means and means less their mean (members, K, h)."""

    features: Tensor
    means: Tensor
    centred: Tensor


def geometry(features: Tensor) -> Geometry:
    """Return the geometry of features (members, K, n, h), sorted by class."""
    features = features.double()
    means = features.mean(dim=2)
    return Geometry(features, means, means - means.mean(dim=1, keepdim=True))


def variability(found: Geometry) -> Tensor:
    """NC1, (members,): the scatter within classes over that between them; infinite where the means coincide."""
    inverse = torch.linalg.pinv(found.centred, rtol=RANK)  # (members, h, K)
    scatter = (found.features - found.means[:, :, None]) @ inverse[:, None]
    answer = scatter.square().sum(dim=(1, 2, 3)) / (found.features.shape[1] * found.features.shape[2])
    return torch.where(found.centred.abs().amax(dim=(1, 2)) > 0, answer, torch.inf)


def lengths(found: Geometry) -> Tensor:
    """NC2, (members,): deviation of the means' lengths over their mean."""
    norms = found.centred.norm(dim=2)
    relative: Tensor = norms.std(dim=1, correction=0) / norms.mean(dim=1)
    return relative


def cosines(found: Geometry) -> Tensor:
    """Return the cosines between the means less their mean, (members, K, K)."""
    units = torch.nn.functional.normalize(found.centred, dim=2)
    return units @ units.transpose(1, 2)


def angles(found: Geometry) -> Tensor:
    """NC2, (members,): mean of |cos + 1/(K-1)| over pairs of classes."""
    classes = found.centred.shape[1]
    off = ~torch.eye(classes, dtype=torch.bool, device=found.centred.device)
    return (cosines(found)[:, off] + 1 / (classes - 1)).abs().mean(dim=1)


def self_duality(found: Geometry, weights: Tensor) -> Tensor:
    """NC3, (members,), of weights (members, K, h)."""
    w = weights.double()
    apart: Tensor = (
        (w / w.norm(dim=(1, 2), keepdim=True) - found.centred / found.centred.norm(dim=(1, 2), keepdim=True)).square().sum(dim=(1, 2))
    )
    return apart


def nearest(found: Geometry, features: Tensor) -> Tensor:
    """Return the class with the nearest training mean for features (members, m, h), (members, m)."""
    return torch.cdist(features.double(), found.means).argmin(dim=2)
