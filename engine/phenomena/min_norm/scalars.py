"""The scalars of minimum norm: how near every optimiser comes to X^+ y, which norms are reached, what networks and products find.

Gunasekar et al. 2018, arXiv:1802.08246; Woodworth et al. 2020, arXiv:2002.09277; Arora et al. 2019, arXiv:1905.13655;
HaoChen et al. 2020, arXiv:2006.08680.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Scalar
from engine.phenomena.min_norm.claims import REACHED
from engine.phenomena.min_norm.config import BESIDE
from engine.phenomena.min_norm.figures import GONE
from engine.phenomena.min_norm.noise_claims import LABELS, QUIET, WEIGHTS, decay_over_formula, l1_over_truth
from engine.readings import first_reached
from engine.scalars import PENDING, Answer, Readers, absent, event, found

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm

OPTIMISERS = {"gd": "GD", "sgd": "SGD", "momentum": "momentum", "nesterov": "Nesterov", "adam": "Adam", "sign": "sign descent"}
DEPTHS = (2, 3, 4)
ELSE = f"needs {BESIDE.words}"
SCALARS = (
    Scalar("min_norm", "|X^+ y|, the least norm that fits", log=True),
    Scalar("test_mse", "mean squared error of X^+ y on the test rows", log=True),
    Scalar("recovery_error", "|X^+ y - w_star| / |w_star|", log=True),
    Scalar("reach_step_gd", f"first step with GD within {REACHED:g} of its limit", "step", log=True, whole=True),
    *(Scalar(f"distance_{name}", f"|w - X^+ y| / |X^+ y|, {label}", log=True) for name, label in OPTIMISERS.items()),
    *(Scalar(f"norm_{name}", f"|w|, {label}", log=True) for name, label in OPTIMISERS.items()),
    Scalar("null_component_gd", "|P_null w| / |w|, GD", log=True),
    Scalar("adam_spread", "Adam's |w| over three steps, range / mean", log=True),
    Scalar("wilson_angle", "angle of Adam to sign(X^T y) on Wilson's data", "radians", log=True),
    Scalar("network_l1", "l1 norm of the diagonal network of scale alpha", log=True),
    Scalar("network_l2", "l2 norm of the diagonal network of scale alpha", log=True),
    Scalar("network_kkt", "optimality residual of the diagonal network of scale alpha", log=True),
    Scalar("network_misfit", "|X w - y| / |y| of the diagonal network of scale alpha", log=True),
    *(Scalar(f"completion_error_depth_{depth}", f"relative error of the completed matrix, {depth} factors", log=True) for depth in DEPTHS),
    Scalar("completion_error_nuclear", "relative error of the completion of least nuclear norm", log=True),
    *(Scalar(f"nuclear_norm_depth_{depth}", f"nuclear norm of the completed matrix, {depth} factors", log=True) for depth in DEPTHS),
    Scalar("noise_l1", "l1 norm over the true weights', noise on labels", log=True),
    Scalar("noise_l1_gd", "l1 norm over the true weights', the same network by GD", log=True),
    Scalar("noise_l1_weights", "l1 norm over the true weights', noise on weights", log=True),
    Scalar("noise_distance", "relative distance to the weighted l1 minimum, noise on labels", log=True),
    Scalar("noise_decay", "mean log decay of the effective scales over the formula's, at the end of the noise"),
    Scalar("mirror_distance", "relative distance to the least l_p norm, mirror descent with exponent p", log=True),
    Scalar("mirror_distance_started", "relative distance to the least divergence from a drawn start, exponent p", log=True),
    Scalar("mirror_l1", "l1 norm of mirror descent with exponent p", log=True),
)  # fmt: skip


def _each(read: Callable[[MinNorm, int], float]) -> Callable[[MinNorm], Answer]:
    """Read each seed's own problem of the linear optimisers, by its place."""
    return lambda run: absent(ELSE) if run.config.alone else found([read(run, place) for place in range(len(run.seeds))])


def _latest(quantity: str, setting: str, needed: str = ELSE) -> Callable[[MinNorm], Answer]:
    """The last value of a setting; none of weights that have left for infinity."""

    def answer(run: MinNorm) -> Answer:
        if not run.readings.columns(setting):
            return absent(needed)
        gone = run.readings.latest("distance", setting) > GONE
        return found(np.where(gone, np.nan, run.readings.latest(quantity, setting)), "diverged")

    return answer


def _of_network(quantity: str) -> Callable[[MinNorm], Answer]:
    def answer(run: MinNorm) -> Answer:
        if run.config.alone:
            return absent(ELSE)
        network = run.diagonal[0]
        return _latest(quantity, network.settings[network.chosen(run.config)].name)(run)

    return answer


def _least(run: MinNorm, place: int) -> float:
    return float(np.linalg.norm(run.linear[place].problem.solution))


def _recovery(run: MinNorm, place: int) -> float:
    part = run.linear[place]
    return float(np.linalg.norm(part.problem.solution - part.w_star) / np.linalg.norm(part.w_star)) if part.w_star.any() else np.nan


def _recovered(run: MinNorm) -> Answer:
    return absent("needs dataset none: nobody knows the true weights of your own rows") if run.config.own_rows else _each(_recovery)(run)


def _tested(run: MinNorm) -> Answer:
    if not run.config.own_rows:
        return absent("needs rows kept for testing: your own, dataset")
    return found([part.test_errors(np.array([run.config.d]))[0] for part in run.linear])


def _reach_step(run: MinNorm) -> Answer:
    if run.config.alone:
        return absent(ELSE)
    steps, away = run.readings.table("off-limit", "gd")
    return event(first_reached(steps, -away, -REACHED), run.over, run.config.steps)


def _spread(run: MinNorm) -> Answer:
    """Of Adam from 0 with three step sizes; (measurements, seeds, rates)."""
    if run.config.param != "linear":
        return absent(LINEAR)
    _, norms = run.history.column("adam-norms")
    return found((norms[-1].max(axis=1) - norms[-1].min(axis=1)) / norms[-1].mean(axis=1)) if len(norms) else PENDING


def _wilson(run: MinNorm) -> Answer:
    if run.config.param != "linear":
        return absent(LINEAR)
    _, angles = run.history.column("wilson-angle")
    return found(angles[-1]) if len(angles) else PENDING


def _nuclear(run: MinNorm) -> Answer:
    if run.config.alone:
        return absent(ELSE)
    errors = [part.problem.error(part.nuclear.completion) if part.nuclear.converged else np.nan for part in run.matrix]
    return found(errors, "its splitting has not converged")


def _noisy(read: Callable[[MinNorm], np.ndarray[Any, np.dtype[np.float64]]]) -> Callable[[MinNorm], Answer]:
    def answer(run: MinNorm) -> Answer:
        if not run.noise:
            return absent("needs param label-noise")
        return found(read(run)) if run.history.records else PENDING

    return answer


def _decay(run: MinNorm) -> Answer:
    if run.noise and run.config.noisy_steps * run.config.delta == 0:
        return absent("needs noise: delta and noisy above 0")
    if run.history.last < run.config.noisy_steps:
        return PENDING if run.noise else absent("needs param label-noise")
    return _noisy(decay_over_formula)(run)


def _mirrored(quantity: str) -> Callable[[MinNorm], Answer]:
    def answer(run: MinNorm) -> Answer:
        return _latest(quantity, run.chosen.name)(run) if run.mirror else absent("needs param mirror")

    return answer


LINEAR = "needs param linear"
READERS: Readers[MinNorm] = {
    "min_norm": _each(_least),
    "test_mse": _tested,
    "recovery_error": _recovered,
    "reach_step_gd": _reach_step,
    **{f"distance_{name}": _latest("distance", name, LINEAR) for name in OPTIMISERS},
    **{f"norm_{name}": _latest("l2", name, LINEAR) for name in OPTIMISERS},
    "null_component_gd": _latest("null", "gd"),
    "adam_spread": _spread, "wilson_angle": _wilson,
    "network_l1": _of_network("l1"), "network_l2": _of_network("l2"), "network_kkt": _of_network("kkt"),
    "network_misfit": _of_network("misfit"),
    **{f"completion_error_depth_{depth}": _latest("error", f"depth-{depth}") for depth in DEPTHS},
    "completion_error_nuclear": _nuclear,
    **{f"nuclear_norm_depth_{depth}": _latest("l1", f"depth-{depth}") for depth in DEPTHS},
    "noise_l1": _noisy(lambda run: l1_over_truth(run, LABELS)), "noise_l1_gd": _noisy(lambda run: l1_over_truth(run, QUIET)),
    "noise_l1_weights": _noisy(lambda run: l1_over_truth(run, WEIGHTS)),
    "noise_distance": _latest("off-limit", LABELS, "needs param label-noise"), "noise_decay": _decay,
    "mirror_distance": _mirrored("off-limit"), "mirror_distance_started": _mirrored("off-started"), "mirror_l1": _mirrored("l1"),
}  # fmt: skip
