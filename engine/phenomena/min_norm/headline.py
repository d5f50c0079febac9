"""The headline of minimum norm: how far from X^+ y gradient descent and Adam are, or what a factorised model has reached.

Gunasekar et al. 2018, arXiv:1802.08246; Woodworth et al. 2020, arXiv:2002.09277; Arora et al. 2019, arXiv:1905.13655.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled
from engine.phenomena.min_norm.config import MIRROR, NOISE
from engine.phenomena.min_norm.deep_matrix import DEPTHS

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm


def clauses(run: MinNorm, known: Known) -> Iterator[str]:
    """Of the parameterisation that the figures follow."""
    at = f"at step {run.history.last:,}"
    if run.config.param == "linear":
        yield from _linear(known, at)
    elif run.config.param == "diagonal":
        yield f"diagonal network, alpha {run.config.alpha:g}, {at}: misfit {_said(known, 'network_misfit')}"
        yield f"l1 norm {_said(known, 'network_l1')}, l2 norm {_said(known, 'network_l2')}"
    elif run.config.param == NOISE:
        yield from _of_noise(run, known)
    elif run.config.param == MIRROR:
        yield f"{at} potential p={run.config.p:g} {_off(known, 'mirror_distance', '(relative) off the least l_p norm')}"
        yield f"from a drawn start it {_off(known, 'mirror_distance_started', 'off the least divergence')}"
    else:
        found = ", ".join(f"{_said(known, f'completion_error_depth_{depth}')} ({depth})" for depth in DEPTHS)
        yield f"{at}, completion error (factors): {found}"
        if known.has("completion_error_nuclear"):
            yield f"least nuclear norm: {known.number('completion_error_nuclear')}"
    yield from pooled(run.seeds)


def _linear(known: Known, at: str) -> Iterator[str]:
    yield f"{at} GD {_off(known, 'distance_gd', 'of |X^+ y| off the least-norm fit X^+ y')}"
    yield f"Adam {known.number('distance_adam') if known.has('distance_adam') else 'has diverged'}"
    if known.has("norm_gd", "norm_adam"):
        yield f"|w| {known.number('norm_gd')} by GD, {known.number('norm_adam')} by Adam, least {known.number('min_norm')}"


def _of_noise(run: MinNorm, known: Known) -> Iterator[str]:
    yield f"step {run.history.last:,}, l1 / true l1: {_said(known, 'noise_l1')} with noise on labels"
    yield f"{_said(known, 'noise_l1_gd')} without"
    yield f"{_said(known, 'noise_l1_weights')} with noise on weights"
    if run.history.last < run.config.noisy_steps:
        yield f"the noise lasts until step {run.config.noisy_steps:,}"
    if known.has("noise_decay"):
        yield f"scales fell {known.number('noise_decay')} times as far as the formula says"


def _off(known: Known, name: str, goal: str) -> str:
    return f"is {known.number(name)} {goal}" if known.has(name) else "has diverged"


def _said(known: Known, name: str) -> str:
    return known.number(name) if known.has(name) else "diverged"
