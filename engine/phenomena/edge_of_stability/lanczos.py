"""The largest eigenvalue of many Hessians at once: Lanczos with full reorthogonalisation, by Hessian-vector products.

Lanczos 1950; the sharpness of Cohen et al. 2021, arXiv:2103.00065. Nothing is ever stored of the Hessian but its products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.interruption import checkpoint

Products = Callable[[Tensor], Tensor]
"""Directions (members, parameters) to Hessian times direction, (members, parameters)."""


@dataclass(frozen=True)
class Top:
    """value (members,): largest eigenvalues; vector (members, parameters): unit eigenvectors; residual (members,): |Hv - value v|/value.

    All of a member are nan where its operator gives numbers that are not finite.
    """

    value: Tensor
    vector: Tensor
    residual: Tensor
    products: int


def top_eigenpairs(products: Products, start: Tensor, tolerance: float = 1e-4, most: int = 60, least: int = 4) -> Top:
    """Return the largest eigenpair of each member's symmetric operator.

    Args:
        products: the operators, all members at once.
        start: (members, parameters) first directions; an eigenvector from nearby makes few products enough.
        tolerance: relative residual at which all members are done.
        most: products at most; least: products before the residual is looked at.
    """
    basis = [start / start.norm(dim=1, keepdim=True)]
    images: list[Tensor] = []
    while True:
        checkpoint()
        images.append(products(basis[-1]))
        V, HV = torch.stack(basis, dim=1), torch.stack(images, dim=1)  # (members, k, parameters)
        if len(basis) >= least or len(basis) >= start.shape[1]:
            found = _ritz(V, HV, len(images))
            if len(basis) >= min(most, start.shape[1]) or not bool((found.residual > tolerance).any()):
                return found
        fresh = images[-1]
        for _ in range(2):  # twice is enough (Parlett)
            fresh = fresh - torch.einsum("mk,mkp->mp", torch.einsum("mkp,mp->mk", V, fresh), V)
        norm = fresh.norm(dim=1, keepdim=True)
        basis.append(fresh / norm.clamp_min(torch.finfo(norm.dtype).tiny))


def _ritz(V: Tensor, HV: Tensor, count: int) -> Top:
    """The largest Ritz pair of the space that V spans."""
    projected = torch.einsum("mkp,mlp->mkl", V, HV)
    finite = projected.isfinite().flatten(1).all(dim=1)
    symmetric = torch.where(finite[:, None, None], (projected + projected.transpose(1, 2)) / 2, 0.0)  # eigh refuses what is not finite
    values, vectors = torch.linalg.eigh(symmetric)
    value, weights = torch.where(finite, values[:, -1], torch.nan), vectors[:, :, -1]
    vector, image = torch.einsum("mk,mkp->mp", weights, V), torch.einsum("mk,mkp->mp", weights, HV)
    residual = (image - value[:, None] * vector).norm(dim=1) / value.abs().clamp_min(1e-300)
    return Top(value, vector / vector.norm(dim=1, keepdim=True), residual, count)
