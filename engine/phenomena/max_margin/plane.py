"""The picture: data, the SVM with its margin strip, and a separator that turns towards it, in the plane where it turns.

Data with one or two features are shown as they are. Otherwise the plane is spanned by w_hat and by what the flow's last weights have
across it: in it distances to the SVM's separator are true, and the flow's direction moves within it in the long run.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.contract import Layer, Picture
from engine.phenomena.max_margin.margin_runs import MarginRun
from engine.phenomena.max_margin.solution import Solution
from engine.theory.inputs import Floats

WIDE = 4 / 3  # width over height of the plane of built-in points of two features
MOST_STRETCHED = 5.0  # ratio of the axes' ranges from which each gets a scale of its own


class Plane:
    """Coordinates for one problem.

    basis: (2, d) rows orthonormal, d without an appended constant; points: (n, 2); centre (2,), reach (2,): the middle of what is shown,
    and how far it goes from there. Imported points are shown where they lie, others with the origin in the middle.
    """

    def __init__(self, solution: Solution) -> None:
        problem = solution.problem
        self.d = problem.X.shape[1] - problem.config.bias
        self.native, self.imported = self.d <= 2, bool(problem.config.sha256)
        self.basis = np.eye(2, self.d) if self.native else self._turning_plane(solution)
        self.points = problem.X[:, : self.d] @ self.basis.T
        self.centre, self.reach = np.zeros(2), np.full(2, 1.15 * float(np.abs(self.points).max()))
        if self.native and not self.imported:
            self.reach[0] *= WIDE
        if self.imported:
            self._look_at_points(origin=not problem.config.bias)

    def _look_at_points(self, origin: bool) -> None:
        """Show the points, and the origin where every separator goes through it; both axes alike unless they differ fivefold."""
        shown = np.vstack([self.points, np.zeros((1, 2))]) if origin else self.points
        low, high = shown.min(axis=0), shown.max(axis=0)
        half = (high - low) / 2
        alike = half.min() == 0 or half.max() < MOST_STRETCHED * half.min()
        half = np.full(2, half.max() or 1.0) if alike else half
        self.centre, self.reach = (low + high) / 2, 1.15 * half

    @property
    def equal(self) -> bool:
        """Whether both axes have one scale: not those of imported points whose ranges differ too much."""
        return bool(self.reach[0] == self.reach[1]) or not self.imported

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """What is shown: x0, x1, y0, y1."""
        (x0, y0), (x1, y1) = self.centre - self.reach, self.centre + self.reach
        return float(x0), float(x1), float(y0), float(y1)

    def _turning_plane(self, solution: Solution) -> Floats:
        w_hat, across = solution.svm.w[: self.d], solution.flow.remainder[-1][: self.d]
        first = w_hat / np.linalg.norm(w_hat)
        candidates = [across, *np.eye(self.d)]
        for vector in candidates:
            rest = vector - (vector @ first) * first
            if np.linalg.norm(rest) > 1e-6 * np.linalg.norm(vector):
                break
        return np.array([first, rest / np.linalg.norm(rest)])

    def lines(self, w: Floats, level: float = 0.0) -> Floats:
        """Ends (k, 2, 2) of the lines on which weights (k, d) have the value `level`."""
        normal = w[:, : self.d] @ self.basis.T  # (k, 2)
        size = np.linalg.norm(normal, axis=1)
        size = np.where(size > 0, size, 1.0)
        bias = w[:, self.d] if w.shape[1] > self.d else np.zeros(len(w))
        angle = np.arctan2(normal[:, 1], normal[:, 0])
        off = (level - bias - normal @ self.centre) / size  # from the centre
        foot = self.centre + off[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        along = 2 * self.reach.max() * np.stack([-np.sin(angle), np.cos(angle)], axis=1)
        return np.stack([foot - along, foot + along], axis=1)

    def line(self, w: Floats, level: float = 0.0) -> Floats:
        """Ends (2, 2) of the line on which w (d,) has the value `level`."""
        line: Floats = self.lines(w[None], level)[0]
        return line


KINDS: tuple[tuple[Literal["points", "rings"], str, bool], ...] = (("points", "", False), ("rings", ", support", True))  # of examples


def picture(solution: Solution, run: MarginRun) -> Picture:
    """Draw a problem; with the linked cursor over s the flow's separator turns. The run's stands at its present step, if it made one."""
    plane, svm, flow, y = Plane(solution), solution.svm, solution.flow, solution.problem.y
    s, last = np.exp(flow.log_s), f"flow s=1e{flow.log_s[-1] / np.log(10):.0f}"
    names = solution.problem.classes
    layers = [
        Layer(kind, plane.points[(y == sign) & (svm.support == chosen)], f"{name}{words}", f"label {sign:+.0f}")
        for name, sign in ((names[1], 1.0), (names[0], -1.0))
        for kind, words, chosen in KINDS
        if np.any(y == sign)
    ]
    layers += [
        Layer("line", plane.line(svm.w), "SVM", "svm"),
        Layer("line", plane.line(svm.w, 1.0), "", "svm"),
        Layer("line", plane.line(svm.w, -1.0), "", "svm"),
        Layer("line", plane.line(flow.w[-1]), last, "flow", s, plane.lines(flow.w), tuple(f"flow s={time:.2g}" for time in s)),
    ]
    if np.any(run.stepper.w):
        layers.append(Layer("line", plane.line(run.stepper.w), f"true {run.method.label}", run.method.name))
    x, up, note = ("x1", "x2", "") if plane.native else ("along w_hat", "across, as it turns", "the plane in which the flow turns")
    return Picture(
        "separator", "Data and separators", layers=tuple(layers), extent=plane.extent, x=x, y=up, equal=plane.equal, note=note
    )  # fmt: skip
