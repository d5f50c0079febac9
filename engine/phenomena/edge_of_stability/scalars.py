"""The scalars of the edge of stability, of the runs with the largest and the smallest step size and of the control.

Cohen et al. 2021, arXiv:2103.00065.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.edge_of_stability.claims import FEWEST, HOVERING, rank_correlation
from engine.phenomena.edge_of_stability.config import BEYOND
from engine.phenomena.edge_of_stability.excursion_figures import changes, growth, over_first
from engine.readings import Floats
from engine.scalars import PENDING, Answer, Readers, event, found

if TYPE_CHECKING:
    from engine.phenomena.edge_of_stability.excursions import Excursion
    from engine.phenomena.edge_of_stability.experiment import EdgeOfStability

EDGES = {"largest_eta": "largest step size", "smallest_eta": "smallest step size that is to reach its edge"}
SETTINGS = {**EDGES, "control": "control"}
SCALARS = (
    *(Scalar(f"crossing_step_{name}", f"first reading with sharpness at 2/eta, {label}", "step", log=True, whole=True)
      for name, label in EDGES.items()),
    *(Scalar(f"eta_sharpness_{name}", f"eta S, mean over the last {HOVERING} steps, {label}") for name, label in SETTINGS.items()),
    *(Scalar(f"sharpness_{name}", f"sharpness at the last step, {label}", log=True) for name, label in SETTINGS.items()),
    *(Scalar(f"sharpness_max_{name}", f"largest sharpness, {label}", log=True) for name, label in SETTINGS.items()),
    *(Scalar(f"train_loss_{name}", f"training loss at the last step, {label}", log=True) for name, label in SETTINGS.items()),
    *(Scalar(f"rising_share_{name}", f"share of steps on which the loss rose, {label}") for name, label in SETTINGS.items()),
    *(Scalar(f"train_accuracy_{name}", f"training accuracy at the last step, {label}") for name, label in SETTINGS.items()),
    Scalar("model_growth", "growth of the quadratic model's loss a step, beyond the edge", log=True),
    Scalar("excursion_peak", "network's largest loss beyond its edge over that at its edge", log=True),
    Scalar("displacement_correlation", "rank correlation of squared displacements and change of sharpness"),
    Scalar("sharpness_initial", "sharpness of the first weights", log=True),
)  # fmt: skip


def _setting(run: EdgeOfStability, name: str) -> str:
    """The key of the setting: eta is 2 over its edge."""
    if name == "control":
        return run.control.name
    pick = min if name == "largest_eta" else max
    return pick(run.edges, key=lambda setting: setting.edge).name


def _read(quantity: str, name: str, read: Callable[[Floats, Floats], Floats]) -> Callable[[EdgeOfStability], Answer]:
    """Read steps (k,) and values (k, seeds) of a setting."""
    return lambda run: found(read(*run.readings.table(quantity, _setting(run, name))), "it has left for infinity")


def _crossing(name: str) -> Callable[[EdgeOfStability], Answer]:
    return lambda run: event(run.readings.first_step("eta-sharpness", _setting(run, name), 2.0), run.done, run.step)


def _beyond(read: Callable[[Excursion], float]) -> Callable[[EdgeOfStability], Answer]:
    """Read what followed when eta S was beyond 2.1, of every seed that has been there."""

    def answer(run: EdgeOfStability) -> Answer:
        values = [read(run.excursions[seed]) if seed in run.excursions else np.nan for seed in run.seeds]
        return found(values, f"eta S was never read at {BEYOND:g}") if run.excursions or run.done else PENDING

    return answer


def _correlation(one: Excursion) -> float:
    squares, change = changes(one)
    return rank_correlation(squares, change) if len(squares) >= FEWEST else float("nan")


def _hovering(steps: Floats, values: Floats) -> Floats:
    return np.asarray(values[steps > steps[-1] - HOVERING].mean(axis=0))


def _share(steps: Floats, values: Floats) -> Floats:
    """Of all steps: readings hold the share since the one before."""
    return np.asarray((values * np.diff(steps, prepend=0.0)[:, None]).sum(axis=0) / max(1.0, steps[-1]))


READERS: Readers[EdgeOfStability] = {
    **{f"crossing_step_{name}": _crossing(name) for name in EDGES},
    **{f"eta_sharpness_{name}": _read("eta-sharpness", name, _hovering) for name in SETTINGS},
    **{f"sharpness_{name}": _read("sharpness", name, lambda _, values: values[-1]) for name in SETTINGS},
    **{f"sharpness_max_{name}": _read("sharpness", name, lambda _, values: values.max(axis=0)) for name in SETTINGS},
    **{f"train_loss_{name}": _read("loss", name, lambda _, values: values[-1]) for name in SETTINGS},
    **{f"rising_share_{name}": _read("rising", name, _share) for name in SETTINGS},
    **{f"train_accuracy_{name}": _read("accuracy", name, lambda _, values: values[-1]) for name in SETTINGS},
    "model_growth": _beyond(growth),
    "excursion_peak": _beyond(lambda one: float(over_first(one.network).max())),
    "displacement_correlation": _beyond(_correlation),
    "sharpness_initial": _read("sharpness", "control", lambda _, values: values[0]),
}
