"""What is drawn of optimisers on their way to an interpolator: simulation, closed form or flow on the same axes, and where minima lie.

The training figures follow the parameterisation that was chosen: linear (six optimisers), diagonal (a network from each alpha) or
deep-matrix (a product of each depth). Several seeds give a median with their range.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Basis, Marker, Series
from engine.phenomena.min_norm.draws import NormDraws
from engine.phenomena.min_norm.linear import LinearPart
from engine.phenomena.min_norm.matrix import MatrixPart
from engine.phenomena.min_norm.network import SWEPT, NetworkPart
from engine.phenomena.min_norm.readings import followed
from engine.phenomena.min_norm.records import GONE, Records
from engine.theory.implicit_bias.interpolators import Order, norm
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.norm_law import expected_squared_norm

TRAINED = {"distance": "distance", "null-component": "null", "train-loss": "loss"}  # figure -> reading
NORMS = {"linear": ("l1", "l2", "l∞"), "network": ("l1", "l2", "l∞"), "matrix": ("nuclear", "Frobenius", "spectral")}
ORDERS: tuple[Order, ...] = ("l1", "l2", "linf")
LABELS = {"sgd": "SGD", "momentum": "momentum", "nesterov": "Nesterov", "adam": "Adam", "sign": "sign descent"}


@dataclass
class MinNormCurves:
    """Turns parts and records into series and markers.

    shown: which part the training figures follow. steps: last step. results: what the tasks have found, by key.
    """

    shown: str
    linear: Sequence[LinearPart]
    network: Sequence[NetworkPart]
    matrix: Sequence[MatrixPart]
    draws: NormDraws
    records: Records
    results: Mapping[Hashable, Any]
    grid: NDArray[np.int64]
    widths: NDArray[np.int64]

    def series(self, method: str, depth: int) -> tuple[Series, ...]:
        """Return every curve. method, depth: whose norms and directions are shown, where optimisers or depths are."""
        chosen = {"linear": method, "network": self.network[0].arms[self.network[0].chosen], "matrix": f"depth-{depth}"}[self.shown]
        return (
            *self._training(method),
            *self._norms(chosen),
            *self._directions(chosen),
            *self._sweep(),
            *self._completion(),
            *self._norm_vs_d(),
        )

    # ------------------------------------------------------------ training

    @property
    def _part(self) -> Sequence[LinearPart] | Sequence[NetworkPart] | Sequence[MatrixPart]:
        return {"linear": self.linear, "network": self.network, "matrix": self.matrix}[self.shown]  # type: ignore[return-value]

    def _x(self, part: str) -> Floats:
        """Steps (k,) that a part had made at the measurements."""
        points = np.searchsorted(self.grid, self.records.steps(part))
        goals = {"linear": self.grid, "network": self.network[0].goals, "matrix": self.matrix[0].goals}[part]
        return goals[points].astype(np.float64)

    def _measured(self, name: str, part: str, reading: str, arm: str, **looks: Any) -> Series:
        """A simulated curve, up to where its arm diverges."""
        end = self.records.end(part, arm)
        stop = None if end is None else end + 1
        return banded(name, self._x(part)[:stop], self.records.of(part, reading, arm)[:stop], **looks)

    def label(self, arm: str) -> str:
        """Return what an arm is called."""
        if arm == "gd":
            return "GD"
        if arm == "gd-other":
            start = float(np.linalg.norm(self.linear[0].starts[1]))
            return f"GD, |w0|={start:.3g}" if start else "GD from 0"
        kind, _, value = arm.partition("-")
        return LABELS.get(arm) or (f"alpha={value}" if kind == "alpha" else f"{value} factors")

    def _training(self, method: str) -> list[Series]:
        curves = []
        for figure, reading in TRAINED.items():
            for arm in self._part[0].arms:
                hidden = (arm == "sign" and method != "sign") or (arm == "gd-other" and reading == "loss")
                if hidden:
                    continue
                style = "points" if arm in self._predicted else "line"
                name = f"{figure}/{arm}"
                curves.append(self._measured(name, self.shown, reading, arm, label=self.label(arm), group=arm, style=style))
                if arm in self._predicted:
                    curves.append(self._theory(f"{name}/theory", reading, arm, self._predicted[arm]))
        return curves

    @property
    def _predicted(self) -> dict[str, str]:
        """Arms with a curve from theory, and what it is."""
        if self.shown == "linear":
            return {"gd": "closed form"}
        if self.shown == "network" and self.results.get(("flow", 0)) is not None:
            return {self.network[0].arms[self.network[0].chosen]: "flow"}
        return {}

    def _theory(self, name: str, reading: str, arm: str, label: str, direction: int = 0, group: str = "") -> Series:
        basis: Basis = "exact" if self.shown == "linear" else "flow"
        table = np.stack([seed[reading].reshape(len(self._fine), -1)[:, direction] for seed in self._paths(arm)], axis=1)
        away = np.stack([seed["distance"] for seed in self._paths(arm)], axis=1)
        lost = (away > GONE).any(axis=1)
        stop = int(np.argmax(lost)) + 1 if lost.any() else None
        return banded(name, self._fine[:stop], table[:stop], label=label, kind="theory", basis=basis, group=group or arm)

    def _paths(self, arm: str) -> list[dict[str, Floats]]:
        """Predicted readings (k, ...) of an arm, per seed."""
        if self.shown == "linear":
            return [seed[self.linear[0].arms.index(arm)] for seed in self._closed]
        return [self.results["flow", seed] for seed in range(len(self.network)) if self.results.get(("flow", seed))]

    @property
    def _fine(self) -> Floats:
        """Steps of the curves from theory."""
        return np.asarray(self.grid[self.grid >= 1], dtype=np.float64)

    @cached_property
    def _closed(self) -> list[list[dict[str, Floats]]]:
        return [run.closed_form(self._fine) for run in self.linear]

    # ------------------------------------------------------------ norms and directions

    def _norms(self, chosen: str) -> list[Series]:
        curves = []
        for order, word in zip(ORDERS, NORMS[self.shown], strict=True):
            style = "points" if chosen in self._predicted else "line"
            curves.append(self._measured(f"norms/{order}", self.shown, order, chosen, label=word, group=order, style=style))
            if chosen in self._predicted:
                curves.append(self._theory(f"norms/{order}/theory", order, chosen, f"{word}, {self._predicted[chosen]}", group=order))
        return curves

    def _least(self, order: str) -> float | None:
        """Smallest norm of an interpolator of the first seed, where it is known."""
        if self.shown != "matrix":
            found: float | None = self.results.get((self.shown, order, 0))
            return found
        problem = self.matrix[0]
        if order == "l2":
            return float(np.linalg.norm(problem.filled))
        return self._nuclear if order == "l1" else None

    @property
    def _nuclear(self) -> float | None:
        splitting = self.matrix[0].nuclear
        return float(np.linalg.svd(splitting.completion, compute_uv=False).sum()) if splitting.converged else None

    def _directions(self, chosen: str) -> list[Series]:
        values, end = self._singular_values, self.records.end(self.shown, chosen)
        table = self.records.directions(self.shown, "progress", chosen)[: None if end is None else end + 1]
        style = "points" if chosen in self._predicted else "line"
        curves = []
        for index, value in enumerate(values):
            name, label, group = f"directions/{index}", f"s={value:.3g}", f"direction-{index}"
            if len(table):
                x = self._x(self.shown)[: len(table)]
                curves.append(banded(name, x, table[:, :, index], label=label, group=group, style=style, positive=False))
            if chosen in self._predicted:
                words = f"{label}, {self._predicted[chosen]}"
                curves.append(self._theory(f"{name}/theory", "progress", chosen, words, index, group))
        return curves

    @property
    def _singular_values(self) -> Floats:
        if self.shown == "matrix":
            return self.matrix[0].targets
        problem = self.linear[0].problem.squares if self.shown == "linear" else self.network[0].problem
        return problem.singular_values[followed(problem)]

    # ------------------------------------------------------------ beside the training

    def _sweep(self) -> list[Series]:
        """Norms of the networks' limits against alpha, and those that true descent reached."""
        limits = [[self.results.get(("limit", seed, alpha)) for alpha in SWEPT] for seed in range(len(self.network))]
        there = [index for index in range(len(SWEPT)) if all(row[index] is not None for row in limits)]
        known = [np.array([row[index] for row in limits], dtype=np.float64) for index in there]  # (seeds, d) each
        alphas, curves = np.array(self.network[0].alphas), []
        for order in ORDERS[:2]:
            reached = self.records.flat("network", order)[1]
            if len(reached):
                label = f"{order}, descent"
                curves.append(banded(f"alpha-sweep/{order}", alphas, reached[-1].T, label=label, group=order, style="points"))
            if there:
                table = np.stack([norm(limit, order) for limit in known])
                name, label = f"alpha-sweep/{order}/limit", f"{order}, predicted"
                curves.append(banded(name, SWEPT[there], table, label=label, kind="theory", basis="exact", group=order))
        return curves

    def _completion(self) -> list[Series]:
        """Error of the products over all entries."""
        return [
            self._measured(f"matrix-completion/{arm}", "matrix", "error", arm, label=self.label(arm), group=arm)
            for arm in self.matrix[0].arms
        ]

    def _norm_vs_d(self) -> list[Series]:
        design, draws = self.linear[0].design, self.draws
        fine = np.unique(np.concatenate([self.widths, draws.widths, np.arange(design.n + 2, design.n + 20)]))
        fine = fine[(fine >= design.n + 2) & (fine <= self.widths[-1])]
        mean = np.array([expected_squared_norm(design.n, int(d), design.r2, design.sigma**2) for d in fine])
        looks: dict[str, Any] = {"kind": "theory", "basis": "exact", "group": "norm-mean"}
        curves = [Series("norm-vs-d/expected", "√E|w*|²", fine / design.n, np.sqrt(mean), **looks)]
        if draws.done > 1:
            square, error = mean_and_error(draws.squares[: draws.done])
            low, high = (np.sqrt(np.maximum(square + sign * error, 0)) for sign in (-1, 1))
            curves.append(
                Series("norm-vs-d/draws", f"rms of {draws.done} draws", draws.widths / design.n, np.sqrt(square), low, high,
                       "1 standard error", basis="simulation", group="norm-mean", style="points")
            )  # fmt: skip
        if self.results.get(("nested", 0)) is not None:
            nested = np.stack(
                [self.results["nested", seed] for seed in range(len(self.linear)) if ("nested", seed) in self.results], axis=1
            )
            curves.append(banded("norm-vs-d/nested", self.widths / design.n, nested, label="one y, more columns", group="norm-nested"))
        return curves

    # ------------------------------------------------------------ markers

    def markers(self) -> tuple[Marker, ...]:
        """Return minima, what a start keeps, rounding, where arms diverge, the chosen alpha, the threshold and the chosen d."""
        return (*self._minima(), *self._landmarks(), *self._divergences())

    def _minima(self) -> list[Marker]:
        least = [("norms", order, word, self._least(order)) for order, word in zip(ORDERS, NORMS[self.shown], strict=True)]
        least += [("alpha-sweep", order, order, self.results.get(("network", order, 0))) for order in ORDERS[:2]]
        found = [Marker(figure, "y", value, f"{word} minimum", order) for figure, order, word, value in least if value is not None]
        errors = [part.problem.error(part.nuclear.completion) for part in self.matrix if part.nuclear.converged]
        return found + [Marker("matrix-completion", "y", float(np.median(errors)), "nuclear minimum") for _ in errors[:1]]

    def _landmarks(self) -> list[Marker]:
        run, alpha = self.linear[0], self.network[0].alpha
        n, d = run.design.n, run.design.d
        found = [Marker("alpha-sweep", "x", alpha, f"alpha={alpha:g}"), Marker("norm-vs-d", "x", 1.0, "d = n")]
        if d > n:
            found.append(Marker("norm-vs-d", "x", d / n, f"d = {d}"))
        if self.shown == "linear":
            squares, start = run.problem.squares, run.starts[:2][int(np.argmax(np.linalg.norm(run.starts[:2], axis=1)))]
            kept = float(np.linalg.norm(squares.null_component(start)) / np.linalg.norm(squares.solution))
            found.append(Marker("null-component", "y", 1e-12, "1e-12"))
            found += [Marker("distance", "y", kept, "null part of w0")] if kept > 1e-12 else []
        return found

    def _divergences(self) -> list[Marker]:
        ends = {arm: self.records.end(self.shown, arm) for arm in self._part[0].arms}
        x = self._x(self.shown)
        return [Marker("distance", "x", x[end], f"{self.label(arm)} diverges", arm) for arm, end in ends.items() if end is not None]


def banded(
    name: str,
    x: Floats,
    table: Floats,
    *,
    label: str,
    group: str,
    kind: Any = "measured",
    basis: Basis = "simulation",
    style: Any = "line",
    positive: bool = True,
) -> Series:
    """Return the median over seeds of (k, seeds) with their range; one seed has no band.

    positive: leave out what a logarithmic axis cannot show: step 0, and values of 0 before anything has moved.
    """
    keep = (x > 0) & ((table > 0).all(axis=1) | (not positive))
    x, table = x[keep], table[keep]
    looks: dict[str, Any] = {"kind": kind, "basis": basis, "style": style, "group": group}
    if table.shape[1] == 1:
        return Series(name, label, x, table[:, 0], **looks)
    band = f"range of {table.shape[1]} seeds"
    return Series(name, label, x, np.median(table, axis=1), table.min(axis=1), table.max(axis=1), band, **looks)
