"""The curves of a run: the flow of the chosen data, its predictions, true steps as dots, the reference sets for comparison.

With several seeds, lines are medians with their range; dots are those of all seeds, because each seed has its own step size
and so its own places on the axis of s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from engine.contract import Marker, Series
from engine.phenomena.max_margin.experiment import Experiment
from engine.phenomena.max_margin.lanes import LABELS, Lane
from engine.phenomena.max_margin.solved import Readings, Solved
from engine.theory.inputs import Floats
from engine.theory.margins.margin_path import MarginCurves
from engine.theory.margins.soudry_limit import SoudryLimit

PARALLEL = 1e-10  # C below which the duals count as equal: w_tilde is parallel to w_hat
ROUNDING = 1e-15  # of a direction error; what is below says nothing
LATE = np.log(10.0)  # predictions for late times are drawn from s = 10 on

Reading = Callable[[Readings], Floats]
FLOW_FIGURES: dict[str, Reading] = {
    "direction-error": lambda r: r.direction,
    "direction-law": lambda r: r.direction * r.log_s,
    "one-minus-cos": lambda r: r.angle,
    "angle-law": lambda r: r.angle * r.log_s**2,
    "margin-gap": lambda r: r.gap,
    "margin-law": lambda r: r.gap * r.log_s,
    "norm": lambda r: r.norm,
    "loss": lambda r: np.exp(r.log_loss),
    "loss-law": lambda r: np.exp(r.log_loss + r.log_s),
}
LAWS: dict[str, Callable[[SoudryLimit], float]] = {
    "direction-law": lambda limit: limit.direction, "angle-law": lambda limit: limit.angle, "margin-law": lambda limit: limit.gap,
    "loss-law": lambda limit: limit.loss,
}  # fmt: skip
TWO_TERM: dict[str, Callable[[MarginCurves, Floats], Floats]] = {
    "direction-error": lambda c, tau: c.direction_error,
    "direction-law": lambda c, tau: c.direction_error * tau,
    "one-minus-cos": lambda c, tau: c.one_minus_cos,
    "angle-law": lambda c, tau: c.one_minus_cos * tau**2,
    "margin-gap": lambda c, tau: c.margin_gap,
    "margin-law": lambda c, tau: c.margin_gap * tau,
    "norm": lambda c, tau: c.norm,
}


class Curves:
    """What is drawn of an experiment. shown: the optimiser whose steps are the dots beneath the flow."""

    def __init__(self, run: Experiment, shown: str) -> None:
        self.run, self.shown = run, shown
        self._fixed: tuple[tuple[int, int], tuple[Series, ...]] = ((-1, -1), ())

    def series(self) -> tuple[Series, ...]:
        """Every curve; those that no step changes are made once."""
        sizes = len(self.run.main), len(self.run.reference)
        if self._fixed[0] != sizes:
            fixed = (*self._flows(), *self._two_terms(), *self._limits(), *self._loss_law(), *self._others(), *self._turning())
            self._fixed = sizes, fixed
        return (*self._fixed[1], *self._dots(), *self._race())

    # ------------------------------------------------------------ the flow

    def _flows(self) -> Iterator[Series]:
        """The flow itself, in every figure over s."""
        found = [solved.along_flow for solved in self.run.main]
        if not found:
            return
        for figure, read in FLOW_FIGURES.items():
            yield self._line(f"{figure}/flow", "flow", [read(item) for item in found], late="-law" in figure)
        yield self._line("margin/flow", "margin", [item.margin for item in found])
        yield self._line("margin/smoothed", "smoothed", [item.smoothed for item in found], group="smoothed", late=True)
        yield self._line("validation/loss", "loss", [item.held_out_loss for item in found])
        yield self._line("validation/error", "error", [item.held_out_error for item in found], group="error")

    def _line(self, name: str, label: str, values: list[Floats], group: str = "flow", late: bool = False) -> Series:
        keep = self.run.log_s > 0 if late else slice(None)
        y, x = np.array(values)[:, keep], np.exp(self.run.log_s[keep])
        return banded(name, label, x, y, group, Series("", "", x, x, basis="flow"))

    # ------------------------------------------------------------ what Theorems 3-5 predict

    @property
    def _limited(self) -> list[tuple[Solved, SoudryLimit]]:
        return [(solved, solved.limit) for solved in self.run.main if solved.limit is not None]

    def _two_terms(self) -> Iterator[Series]:
        tau = self.run.log_s[self.run.log_s >= LATE]
        unequal = [(solved, limit) for solved, limit in self._limited if limit.direction > PARALLEL]
        for figure, read in TWO_TERM.items():
            chosen = self._limited if figure == "norm" else unequal
            if chosen and len(tau):
                y = np.array([read(solved.two_term(limit, tau), tau) for solved, limit in chosen])
                like = Series("", "", tau, tau, kind="theory", basis="asymptotic")
                yield banded(f"{figure}/two-term", "two terms", np.exp(tau), y, "two-term", like)

    def _limits(self) -> Iterator[Series]:
        """The constants of the products, as lines."""
        ends = np.exp(self.run.log_s[[int(np.searchsorted(self.run.log_s, 0)), -1]])
        for figure, constant in LAWS.items():
            values = np.array([[constant(limit)] * 2 for _, limit in self._limited])
            if len(values):
                like = Series("", "", ends, ends, kind="theory", basis="asymptotic")
                yield banded(f"{figure}/limit", f"limit {np.median(values):.5g}", ends, np.round(values, 14), "limit", like)

    def _loss_law(self) -> Iterator[Series]:
        if self._limited:
            tau = self.run.log_s[self.run.log_s >= LATE]
            y = np.array([np.exp(np.log(limit.loss) - tau) for _, limit in self._limited])
            like = Series("", "", tau, tau, kind="theory", basis="asymptotic")
            yield banded("loss/limit", "1/(gam^2 s)", np.exp(tau), y, "limit", like)

    # ------------------------------------------------------------ other data

    def _others(self) -> Iterator[Series]:
        """The chosen data beside the reference sets: how fast each direction settles."""
        shown = [*self.run.main[:1], *(item for item in self.run.reference.values() if item not in self.run.main)]
        for solved in shown:
            found, wanted = solved.along_flow, solved.problem.wanted
            chosen = solved in self.run.main
            keep = (found.log_s > 0) & (found.direction > 0)
            x, y = np.exp(found.log_s[keep]), found.direction[keep]
            name, group = ("chosen", "flow") if chosen else (wanted.data, wanted.data)
            yield Series(f"other-data/{name}", wanted.label, x, y, basis="flow", group=group)

    # ------------------------------------------------------------ true steps

    def _dots(self) -> Iterator[Series]:
        """True steps of the shown optimiser, at the flow's time."""
        lanes = [lane for lane in self.run.named(self.shown) if lane.steps]
        if not lanes:
            return
        found = [reading for lane in lanes if (reading := self._read(lane)) is not None]
        for figure, read in FLOW_FIGURES.items():
            yield self._points(f"{figure}/steps", found, read, late="-law" in figure)
        yield self._points("margin/steps", found, lambda r: r.margin)
        yield self._points("validation/steps", found, lambda r: r.held_out_loss)

    def _read(self, lane: Lane) -> Readings | None:
        log_s = lane.log_times()
        inside = np.isfinite(log_s) & (log_s <= self.run.log_s[-1]) & (np.abs(lane.path).max(axis=1) > 0)
        return lane.solved.along(log_s[inside], lane.path[inside]) if inside.any() else None

    def _points(self, name: str, found: list[Readings], read: Reading, late: bool = False) -> Series:
        log_s = np.concatenate([item.log_s for item in found]) if found else np.empty(0)
        y = np.concatenate([read(item) for item in found]) if found else np.empty(0)
        order = np.argsort(log_s, kind="stable")
        order = order[log_s[order] > 0] if late else order
        label = f"true {LABELS[self.shown]}"
        return Series(name, label, np.exp(log_s[order]), y[order], basis="training", style="points", group=self.shown)

    def _race(self) -> Iterator[Series]:
        """Each optimiser's margin in its own norm over the largest."""
        for name, label in LABELS.items():
            lanes = [lane for lane in self.run.named(name) if lane.steps]
            if lanes:
                k = min(len(lane.steps) for lane in lanes)
                x = np.array(lanes[0].steps[:k], dtype=np.float64)
                y = np.array([lane.shares()[:k] for lane in lanes])
                yield banded(f"optimisers/{name}", label, x, y, name, Series("", "", x, x))

    # ------------------------------------------------------------ for the picture, and events

    def _turning(self) -> Iterator[Series]:
        """The flow's separator in the picture's plane at each time: its normal's angle and its offset. In no figure."""
        if self.run.main:
            from engine.phenomena.max_margin.plane import Plane

            solved = self.run.main[0]
            plane, s = Plane(solved), np.exp(self.run.log_s)
            angle, offset = plane.turned(solved.flow.w)
            yield Series("separator/angle", "angle of w", s, angle, basis="flow", group="flow")
            yield Series("separator/offset", "offset of the separator", s, offset, basis="flow", group="flow")

    def markers(self) -> tuple[Marker, ...]:
        """Where the true steps end, each optimiser's goal, and where directions drown in rounding."""
        marks = [Marker("optimisers", "y", 1.0, "optimum")]
        if any(item.along_flow.direction.min() < ROUNDING for item in self.run.reference.values()):
            marks.append(Marker("other-data", "y", ROUNDING, "rounding below"))
        if any(item.along_flow.direction.min() < ROUNDING for item in self.run.main):
            marks.append(Marker("direction-error", "y", ROUNDING, "rounding below"))
        lanes = [lane for lane in self.run.named(self.shown) if lane.steps]
        if lanes and self.run.done:
            ends = [lane.log_times()[-1] for lane in lanes]
            if np.all(np.isfinite(ends)):
                at = float(np.exp(np.median(ends)))
                marks += [Marker(figure, "x", at, "true steps end") for figure in (*FLOW_FIGURES, "margin", "validation")]
        return tuple(marks)


def banded(name: str, label: str, x: Floats, values: Floats, group: str, like: Series) -> Series:
    """Return the median of values (seeds, k) with their range; one seed has no band. like: kind and basis."""
    count = len(values)
    if count == 1:
        return Series(name, label, x, values[0], kind=like.kind, basis=like.basis, group=group)
    low, high = values.min(axis=0), values.max(axis=0)
    middle = np.asarray(np.median(values, axis=0))
    return Series(name, label, x, middle, low, high, f"range of {count} seeds", kind=like.kind, basis=like.basis, group=group)
