"""What gradient descent does with a homogeneous network once its labels are fitted: log loss, smoothed margin, how far from a KKT point.

A network of degree H has f(c theta) = c^H f(theta). With q_i = y_i f(x_i) (of several classes: the right output less the largest other),
L = sum_i log(1 + exp(-q_i)) and lam_i = -dL/dq_i / L, gradient flow keeps
    smoothed margin  -log(exp(L) - 1) / |theta|^H
from falling once L < log 2, where every label is fitted; it and the margin min_i q_i / |theta|^H tend to one limit, at a KKT point of
min |theta|^2/2 over q_i >= 1: theta parallel to sum_i lam_i grad q_i, and lam_i > 0 only where q_i is the least (Lyu, Li 2020,
arXiv:1906.05890). By Euler's theorem theta . grad q_i = H q_i.

A two-layer network without activation, a.(W x), has |theta|^2 >= 2 |W^T a|, with equality where both layers are parallel: the largest
margin min q/|theta|^2 is half the SVM's.

Losses of 1e-300 and below are no obstacle: everything is computed from log L.

Shapes: q (n,), lam (n,), theta and pull (parameters,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats

LATE = 40.0  # a least margin from which 1 + exp(-q) is 1 in double precision
TINY = 1e-8  # a loss below which log(exp(L) - 1) is log L + L/2 in double precision
LARGE = 500.0  # a loss above which it is L
FITTED = float(np.log(2.0))
"""A summed loss below which no label is wrong."""


def log_loss(q: Floats) -> tuple[float, Floats]:
    """Return log L of the summed logistic loss of margins q (n,), and lam (n,), whose sum tends to 1 as L falls."""
    least = float(q.min())
    if least > LATE:
        relative = np.exp(least - q)
        total = float(relative.sum())
        return float(np.log(total)) - least, relative / total
    total = float(np.logaddexp(0.0, -q).sum())
    return float(np.log(total)), np.exp(-np.logaddexp(0.0, q)) / total


def smoothed_logistic_margin(log_losses: ArrayLike, norm: ArrayLike, degree: int) -> Floats:
    """Return -log(exp(L) - 1) / |theta|^degree of log L (...,); not above the margin, and negative while L > log 2."""
    logs = np.asarray(log_losses, dtype=np.float64)
    loss = np.exp(np.minimum(logs, np.log(LARGE)))
    middle = np.log(np.expm1(np.maximum(loss, TINY)))
    found = np.where(loss < TINY, logs + loss / 2, np.where(logs >= np.log(LARGE), np.exp(np.minimum(logs, LARGE)), middle))
    return np.asarray(-found / np.asarray(norm, dtype=np.float64) ** degree)


def kkt_residual(q: Floats, lam: Floats, theta: Floats, pull: Floats) -> tuple[float, float]:
    """Return 1 - cos of theta with pull = sum lam_i grad q_i, and the slackness sum lam_i (q_i - q_min) / q_min, lam of sum 1.

    Both are 0 at a KKT point. The slackness is infinite while a label is wrong.
    """
    length = float(np.sqrt((theta @ theta) * (pull @ pull)))
    cosine = float(theta @ pull) / length if length > 0 else 0.0
    least = float(q.min())
    slack = float(lam @ (q - least)) / (least * float(lam.sum())) if least > 0 else float("inf")
    return 1.0 - cosine, slack


def largest_fall(values: Floats) -> float:
    """Return by how much values (k,) fall at most below the largest before, relative to that; 0 where they never fall."""
    if not len(values):
        return 0.0
    highest = np.maximum.accumulate(values)
    return float(np.max((highest - values) / highest))
