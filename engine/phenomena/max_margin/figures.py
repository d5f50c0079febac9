"""The figures of max-margin: the flow of the chosen data, its predictions, true steps as dots, the reference sets for comparison.

With several seeds, lines are medians with their range; dots are those of all seeds, because each seed has its own step size
and so its own places on the axis of s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Figure, Marker, PictureSpec, Quantity, Series, Summary
from engine.phenomena.max_margin.asymptotics import figures as asymptotics
from engine.phenomena.max_margin.config import DESCENT
from engine.phenomena.max_margin.convolutional import figures as convolutional
from engine.phenomena.max_margin.homogeneous import figures as homogeneous
from engine.phenomena.max_margin.mirror import figures as mirror
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.margin_runs import MarginRun
    from engine.phenomena.max_margin.solution import PathReadings, Solution
    from engine.theory.margins.margin_path import MarginCurves
    from engine.theory.margins.soudry_limit import SoudryLimit

Floats = NDArray[np.float64]

S = Axis("s = eta t", log=True)
DESCENT_FIGURES = (
    Figure("direction-error", "Direction error", S, Axis("|w/|w| - SVM's|", log=True), ("direction-error/*",),
           "distance of unit weights from w_hat/|w_hat|, w_hat the SVM's"),
    Figure("direction-law", "Direction error x ln s", S, Axis("product", lo=0.0), ("direction-law/*",), "tends to a constant"),
    Figure("norm", "Norm of the weights", S, Axis("|w|", lo=0.0), ("norm/*",), "slope |w_hat| on ln s"),
    Figure("validation", "Validation", S, Axis("mean loss, error rate", log=True), ("validation/*",),
           "1,000 held-out points: training points, noise as large as the margin"),
    Figure("optimisers", "Margin gap, own norm", Axis("step", log=True, lo=1), Axis("relative", log=True),
           ("optimisers/*",), "1 - margin over largest; GD, momentum, normalised: l2; sign, Adam: l_inf; coordinate: l1"),
    Figure("one-minus-cos", "Angle", S, Axis("1 - cos", log=True), ("one-minus-cos/*",)),
    Figure("margin-gap", "Margin gap", S, Axis("gamma - min z.w/|w|", log=True), ("margin-gap/*",)),
    Figure("loss", "Training loss", S, Axis("summed logistic", log=True), ("loss/*",)),
    Figure("other-data", "Other data", S, Axis("|w/|w| - SVM's|", log=True, hi=10), ("other-data/*",),
           "equal duals (Soudry's set): s^-1/4"),
)  # fmt: skip
FIGURES = (
    *(replace(figure, empty="fills with study descent", domain=(DESCENT,)) for figure in DESCENT_FIGURES),
    *asymptotics.FIGURES, *mirror.FIGURES, *homogeneous.FIGURES, *convolutional.FIGURES,
)  # fmt: skip
PICTURES = (
    PictureSpec("separator", "Data and separators", cursor=S.label, domain=(DESCENT,)),
    *mirror.PICTURES, *convolutional.PICTURES,
)  # fmt: skip
QUANTITIES = (
    Quantity("margin", "the SVM's margin", per="run"),
    Quantity("support vectors", "rows on the margin", per="run"),
    Quantity("KKT residual", "the SVM's", per="run"),
    Quantity("direction error", "descent from the SVM", per="seed", summary=Summary.MEDIAN_RANGE),
    Quantity("log loss", "log of descent's summed loss", per="seed", summary=Summary.MEDIAN_RANGE, finite=True),
    Quantity("own margin", "margin over the largest, in the optimiser's norm", summary=Summary.MEDIAN_RANGE),
    Quantity("draws", "draws", per="run"),
    Quantity("separable from", "least d/n that separates, mean over the draws", per="run"),
    Quantity("draw margin", "margin of unit weights, mean over the draws"),
    Quantity("draw error", "test error, mean over the draws"),
    Quantity("network log loss", "log of a network's summed loss", summary=Summary.MEDIAN_RANGE, finite=True),
    Quantity("network margin", "least q over |theta|^H of a network", summary=Summary.MEDIAN_RANGE),
    Quantity("network accuracy", "share of training images that a network gets right", summary=Summary.MEDIAN_RANGE),
    Quantity("two-layer test error", "test error of a two-layer network", summary=Summary.MEDIAN_RANGE, figure="network-error"),
    Quantity("network test error", "test error of a network", summary=Summary.MEDIAN_RANGE),
)

PARALLEL = 1e-10  # C below which the duals count as equal: w_tilde is parallel to w_hat
ROUNDING = 1e-15  # of a direction error; what is below says nothing
LEAST_GAP = 1e-6  # at which smaller gaps of an optimiser's margin are drawn: sign descent has none from its first step on
LATE = np.log(10.0)  # predictions for late times are drawn from s = 10 on

DISTANCES: dict[str, Callable[[MarginCurves, Floats], Floats]] = {
    "direction-error": lambda c, tau: c.direction_error,
    "direction-law": lambda c, tau: c.direction_error * tau,
    "one-minus-cos": lambda c, tau: c.one_minus_cos,
    "angle-law": lambda c, tau: c.one_minus_cos * tau**2,
    "margin-gap": lambda c, tau: c.margin_gap,
    "margin-law": lambda c, tau: c.margin_gap * tau,
    "norm": lambda c, tau: c.norm,
}  # by name, what is read at tau = ln s; figures show some of them
LOSSES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "loss": lambda log_loss, tau: np.exp(log_loss),
    "loss-law": lambda log_loss, tau: np.exp(log_loss + tau),
}
LIMITS: dict[str, Callable[[SoudryLimit], float]] = {
    "direction-law": lambda limit: limit.direction,
    "angle-law": lambda limit: limit.angle,
    "margin-law": lambda limit: limit.gap,
    "loss-law": lambda limit: limit.loss,
}  # the constants that the products with ln s or s tend to
DRAWN = tuple(figure.name for figure in DESCENT_FIGURES if figure.name in (*DISTANCES, *LOSSES))
ASYMPTOTIC: dict[str, Any] = {"kind": "theory", "basis": "asymptotic"}


def flow_curves(run: MaxMargin) -> Iterator[Series]:
    """What no step changes: the flows, what Theorems 3-5 predict of them, and those of the reference sets."""
    if run.solutions:
        yield from _flows(run)
    limited = [(solution, solution.limit) for solution in run.solutions if solution.limit is not None]
    if limited:
        yield from _two_terms(run, limited)
        yield from _limits(run, [limit for _, limit in limited])
    yield from _other_data(run)


def step_curves(run: MaxMargin) -> Iterator[Series]:
    """What true steps reach: those of the chosen optimiser at the flow's time, and each optimiser's margin."""
    walks = run.walks(run.config.optimiser)
    if walks:
        found = [readings for solution, walk in walks if (readings := _within_flow(run, solution, walk)) is not None]
        for figure in DRAWN:
            yield _dots(run, f"{figure}/steps", found, [shown(figure, item) for item in found], late=figure in LIMITS)
        yield _dots(run, "validation/steps", found, [item.held_out.loss for item in found], of="loss, ")
    for name in run.runs:
        walks = run.walks(name)
        if walks:
            k, method = min(len(walk.steps) for _, walk in walks), walks[0][1].method
            gaps = [np.maximum(1 - walk.shares(solution)[:k], LEAST_GAP) for solution, walk in walks]
            yield _medians(f"optimisers/{name}", method.label, walks[0][1].steps[:k], gaps, group=name)


def markers(run: MaxMargin) -> Iterator[Marker]:
    """Where the true steps end, and where directions drown in rounding."""
    for figure, solutions in (("other-data", run.references.values()), ("direction-error", run.solutions)):
        if any(item.along_flow.curves.direction_error.min() < ROUNDING for item in solutions):
            yield Marker(figure, "y", ROUNDING, "1e-15: rounding")
    ends = [walk.log_times(solution)[-1] for solution, walk in run.walks(run.config.optimiser)]
    if ends and run.done and np.all(np.isfinite(ends)):
        at = float(np.exp(np.median(ends)))
        for figure in (*DRAWN, "validation"):
            yield Marker(figure, "x", at, f"true steps end: s = {at:.2g}".replace("e+0", "e").replace("e+", "e"), brief="true steps end")
    gaps = [1 - walk.shares(solution).max() for name in run.runs for solution, walk in run.walks(name)]
    if gaps and min(gaps) < LEAST_GAP:
        yield Marker("optimisers", "y", LEAST_GAP, "1e-6 or less", brief="1e-6 or less")


def shown(figure: str, readings: PathReadings) -> Floats:
    """Return what a figure shows of weights, (k,)."""
    if figure in LOSSES:
        return LOSSES[figure](readings.log_loss, readings.log_s)
    return DISTANCES[figure](readings.curves, readings.log_s)


def _medians(name: str, label: str, x: Any, values: Sequence[Floats], **looks: Any) -> Series:
    """The median of values (seeds, k) with their range."""
    return summarised(name, label, x, np.array(values).T, Summary.MEDIAN_RANGE, **looks)


# ---------------------------------------------------------------- the flow


def _flows(run: MaxMargin) -> Iterator[Series]:
    found = [solution.along_flow for solution in run.solutions]
    after = run.log_s > 0

    def line(name: str, label: str, values: list[Floats], group: str = "flow", late: bool = False) -> Series:
        keep = after if late else np.full(len(after), True)
        return _medians(name, label, np.exp(run.log_s[keep]), [item[keep] for item in values], group=group, basis="flow")

    for figure in DRAWN:
        yield line(f"{figure}/flow", "gradient flow", [shown(figure, item) for item in found], late=figure in LIMITS)
    yield line("validation/loss", "loss, gradient flow", [item.held_out.loss for item in found])
    yield line("validation/error", "error, gradient flow", [item.held_out.error for item in found], group="error")


def _two_terms(run: MaxMargin, limited: list[tuple[Solution, SoudryLimit]]) -> Iterator[Series]:
    """Distances that w_hat ln s + w_tilde predicts; where w_tilde is parallel to w_hat, of the norm alone."""
    tau = run.log_s[run.log_s >= LATE]
    for figure in (name for name in DRAWN if name in DISTANCES and name not in LIMITS):  # limits have a line of their own
        read = DISTANCES[figure]
        chosen = [limit for _, limit in limited if figure == "norm" or limit.direction > PARALLEL]
        if chosen and len(tau):
            values = [read(limit.curves(tau), tau) for limit in chosen]
            yield _medians(f"{figure}/two-term", "two-term prediction", np.exp(tau), values, group="two-term", **ASYMPTOTIC)


def _limits(run: MaxMargin, limits: list[SoudryLimit]) -> Iterator[Series]:
    """The constants of the products, as lines, and the loss that belongs to its own."""
    ends = np.exp(run.log_s[[int(np.searchsorted(run.log_s, 0)), -1]])
    for figure in (name for name in DRAWN if name in LIMITS):
        values = np.round([[LIMITS[figure](limit)] * 2 for limit in limits], 14)
        yield _medians(f"{figure}/limit", "predicted limit", ends, list(values), group="limit", **ASYMPTOTIC)
    tau = run.log_s[run.log_s >= LATE]
    losses = [np.exp(np.log(limit.loss) - tau) for limit in limits]
    yield _medians("loss/limit", "1/(gamma^2 s)", np.exp(tau), losses, group="limit", **ASYMPTOTIC)


def _other_data(run: MaxMargin) -> Iterator[Series]:
    """The chosen data beside the reference sets: how fast each direction settles."""
    for solution in dict.fromkeys((*run.solutions[:1], *run.references.values())):
        found, config = solution.along_flow, solution.problem.config
        direction = found.curves.direction_error
        keep = (found.log_s > 0) & (direction > 0)
        name, group = ("chosen", "flow") if solution in run.solutions else (config.data, config.data)
        yield Series(f"other-data/{name}", config.label, np.exp(found.log_s[keep]), direction[keep], basis="flow", group=group)


# ---------------------------------------------------------------- true steps


def _within_flow(run: MaxMargin, solution: Solution, walk: MarginRun) -> PathReadings | None:
    """What is read off a run's weights as far as the flow reaches, without those that have not moved."""
    log_s = walk.log_times(solution)
    inside = np.isfinite(log_s) & (log_s <= run.log_s[-1]) & (np.abs(walk.path).max(axis=1) > 0)
    return solution.along(log_s[inside], walk.path[inside]) if inside.any() else None


def _dots(run: MaxMargin, name: str, found: list[PathReadings], values: list[Floats], late: bool = False, of: str = "") -> Series:
    log_s = np.concatenate([item.log_s for item in found]) if found else np.empty(0)
    y = np.concatenate(values) if found else np.empty(0)
    order = np.argsort(log_s, kind="stable")
    order = order[log_s[order] > 0] if late else order
    method = run.runs[run.config.optimiser][0].method
    return Series(
        name, f"{of}true {method.label} steps", np.exp(log_s[order]), y[order], basis="simulation", style="points", group=method.name
    )
