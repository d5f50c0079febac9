"""The picture: data, the SVM with its margin strip, and a separator that turns towards it, in the plane where it turns.

Data with two features are shown as they are. Otherwise the plane is spanned by w_hat and by what the flow's last weights have
across it: in it distances to the SVM's separator are true, and the flow's direction moves within it in the long run.
"""

from __future__ import annotations

import numpy as np

from engine.contract import Layer, Picture
from engine.phenomena.max_margin.lanes import LABELS, Lane
from engine.phenomena.max_margin.solved import Solved
from engine.theory.inputs import Floats


class Plane:
    """Coordinates for one problem. basis: (2, d) rows orthonormal, d without an appended constant."""

    def __init__(self, solved: Solved) -> None:
        self.solved, self.problem = solved, solved.problem
        self.bias = self.problem.wanted.bias
        d = self.problem.X.shape[1] - self.bias
        self.features = self.problem.X[:, :d]
        self.native = d == 2
        self.basis = np.eye(2) if self.native else self._turning_plane(d)
        self.points = self.features @ self.basis.T  # (n, 2)
        self.reach = 1.15 * float(np.abs(self.points).max())

    def _turning_plane(self, d: int) -> Floats:
        w_hat, across = self.solved.svm.w[:d], self.solved.flow.remainder[-1][:d]
        first = w_hat / np.linalg.norm(w_hat)
        candidates = [across, *np.eye(d)]
        for vector in candidates:
            rest = vector - (vector @ first) * first
            if np.linalg.norm(rest) > 1e-6 * np.linalg.norm(vector):
                break
        return np.array([first, rest / np.linalg.norm(rest)])

    def turned(self, w: Floats) -> tuple[Floats, Floats]:
        """Return the angle of the normal and the offset from the origin of the separators of weights (k, d), each (k,)."""
        d = self.features.shape[1]
        normal = w[:, :d] @ self.basis.T
        size = np.maximum(np.linalg.norm(normal, axis=1), 1e-300)
        return np.arctan2(normal[:, 1], normal[:, 0]), (w[:, d] if self.bias else np.zeros(len(w))) / size

    def line(self, w: Floats, level: float = 0.0) -> Floats:
        """Ends (2, 2) of the line on which w (d,) has the value `level`."""
        (angle,), (offset,) = self.turned(w[None])
        size = float(np.linalg.norm(w[: self.features.shape[1]] @ self.basis.T)) or 1.0
        foot = (level / size - offset) * np.array([np.cos(angle), np.sin(angle)])
        along = 2 * self.reach * np.array([-np.sin(angle), np.cos(angle)])
        return np.array([foot - along, foot + along])


def picture(solved: Solved, lane: Lane | None) -> Picture:
    """Draw a problem; the lane's separator at its present step, if it has made one."""
    plane, svm, y = Plane(solved), solved.svm, solved.problem.y
    layers = [Layer("line", plane.line(svm.w), "SVM", "svm")]
    layers += [Layer("line", plane.line(svm.w, level), "margin" if level > 0 else "", "strip") for level in (1.0, -1.0)]
    layers.append(Layer("line", plane.line(solved.flow.w[-1]), f"flow 1e{solved.flow.log_s[-1] / np.log(10):.0f}", "flow"))
    if lane is not None and np.any(lane.stepper.w):
        layers.append(Layer("line", plane.line(lane.stepper.w), f"true {LABELS[lane.name]}", lane.name))
    for label, sign in (("+1", 1.0), ("-1", -1.0)):
        if np.any(y == sign):
            layers.append(Layer("points", plane.points[y == sign], label, f"label {label}"))
    layers.append(Layer("rings", plane.points[svm.support], "support", "svm"))
    reach = plane.reach
    x, up, note = ("x1", "x2", "") if plane.native else ("along w_hat", "across, as it turns", "the plane in which the flow turns")
    return Picture(
        "separator", "Data and separators", layers=tuple(layers), extent=(-reach, reach, -reach, reach), x=x, y=up, equal=True, note=note
    )
