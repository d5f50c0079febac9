"""What a run of study homogeneous computes: two-layer networks, with ReLU and without, and the SVM beside them.

Lyu, Li 2020, arXiv:1906.05890.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Series
from engine.errors import ProblemError
from engine.headline import Known
from engine.optimiser_runs import OptimiserRun, bring
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.homogeneous import figures
from engine.phenomena.max_margin.homogeneous.headline import clauses
from engine.phenomena.max_margin.homogeneous.pairs import draw_pair
from engine.phenomena.max_margin.homogeneous.two_layer import DEGREE, LEAST, LOG_LOSS, SLACK, SQUARED, LogLossDescent, TwoLayer
from engine.phenomena.max_margin.study import Study
from engine.phenomenon import geometric_grid
from engine.readings import Network
from engine.seeds import streams
from engine.state import Stateful
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import HardMargin, hard_margin_svm
from engine.theory.margins.homogeneous import FITTED, largest_fall, smoothed_logistic_margin


@dataclass(frozen=True)
class Activation:
    """The setting of a curve."""

    name: str
    short: str

    @property
    def label(self) -> str:
        """What a legend calls it."""
        return f"{self.short} network"


RELU, IDENTITY = Activation("relu", "ReLU"), Activation("identity", "linear")


class Homogeneous(Study):
    """Attributes: settings: activations; pairs: images, one per seed; svms: one per seed, None where no hyperplane separates the labels;
    runs: by activation, one per seed.
    """

    def __init__(self, config: MaxMarginConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds = config, seeds
        self.total, self.grid = config.steps, geometric_grid(config.steps)
        self.settings = [setting for setting in (RELU, IDENTITY) if config.act in ("both", setting.name)]
        self.pairs = [draw_pair(config.images, config.examples, streams(seed)) for seed in seeds]
        self.svms: list[HardMargin | None] = [_svm(one.X * one.y[:, None]) for one in self.pairs]
        self.networks = [Network(setting, seed) for setting in self.settings for seed in seeds]
        self.runs = {setting: [self._run(setting, place) for place in range(len(seeds))] for setting in self.settings}
        lost = [str(seed) for seed, svm in zip(seeds, self.svms, strict=True) if svm is None]
        said = [f"no hyperplane through the origin separates the labels of seed {', '.join(lost)}: no SVM to compare with"] if lost else []
        self.notes = tuple(dict.fromkeys([*said, *(one.note for one in self.pairs if one.note)]))

    def _run(self, setting: Activation, place: int) -> OptimiserRun[LogLossDescent]:
        pair, c = self.pairs[place], self.config
        network = TwoLayer(pair.X, pair.y, c.width, setting is RELU)
        return OptimiserRun(LogLossDescent(network, c.steps, streams(self.seeds[place]).init), self.grid)

    def pieces(self) -> Iterator[None]:
        """Make steps."""
        for place in range(int(np.searchsorted(self.grid, self.step)), len(self.grid)):
            yield from bring((run for runs in self.runs.values() for run in runs), place)
            self.step = int(self.grid[place])
            yield

    # ------------------------------------------------------------ what is read

    def trails(self, setting: Activation) -> list[Floats]:
        """Return (steps + 1, 5) of the steps that are made and measured, seed by seed; see `LogLossDescent`."""
        return [run.stepper.trail[: self.step + 1] for run in self.runs[setting]]

    def margins(self, setting: Activation) -> list[Floats]:
        """Return the least q over |theta|^2, (steps + 1,), seed by seed."""
        return [trail[:, LEAST] / trail[:, SQUARED] for trail in self.trails(setting)]

    def smoothed(self, setting: Activation) -> list[Floats]:
        """Return the smoothed margin, (steps + 1,), seed by seed."""
        return [smoothed_logistic_margin(trail[:, LOG_LOSS], np.sqrt(trail[:, SQUARED]), DEGREE) for trail in self.trails(setting)]

    def fitted_at(self, setting: Activation) -> Floats:
        """Return the first step with a loss below log 2, (seeds,); nan where there was none."""
        below = [np.flatnonzero(trail[:, LOG_LOSS] < np.log(FITTED)) for trail in self.trails(setting)]
        return np.array([float(places[0]) if len(places) else np.nan for places in below])

    def growth(self, setting: Activation) -> Floats:
        """Return the present margin over that at the first step with a loss below log 2, (seeds,); nan where there was none."""
        fitted, margins = self.fitted_at(setting), self.margins(setting)
        return np.array([one[-1] / one[int(at)] if np.isfinite(at) else np.nan for one, at in zip(margins, fitted, strict=True)])

    def falls(self, setting: Activation) -> Floats:
        """Return by how much the smoothed margin falls at most once the loss is below log 2, relative, (seeds,); nan before."""
        fitted, smoothed = self.fitted_at(setting), self.smoothed(setting)
        return np.array([largest_fall(one[int(at) :]) if np.isfinite(at) else np.nan for one, at in zip(smoothed, fitted, strict=True)])

    def ratios(self, setting: Activation) -> Floats:
        """Return the present margin over half the SVM's, (seeds,); nan where there is no SVM."""
        return np.array([one[-1] for one in self.margins(setting)]) / self.halves()

    def slackness(self, setting: Activation) -> Floats:
        """Return the present slackness, (seeds,)."""
        return np.array([trail[-1, SLACK] for trail in self.trails(setting)])

    def motions(self, setting: Activation) -> Floats:
        """Return 1 - cos of theta with its motion over the last 200 steps, (seeds,); nan before so many."""
        found = [run.stepper.motion[: self.step // figures.WINDOW] for run in self.runs[setting]]
        return np.array([motion[-1] if len(motion) else np.nan for motion in found])

    def halves(self) -> Floats:
        """Return half the SVM's margin, (seeds,); nan where there is none."""
        return np.array([np.nan if svm is None else svm.margin / 2 for svm in self.svms])

    def test_errors(self, setting: Activation) -> Floats:
        """Return the present test error, (seeds,)."""
        found = []
        for pair, run in zip(self.pairs, self.runs[setting], strict=True):
            outputs = run.stepper.network.outputs(run.stepper.theta, pair.X_test)
            found.append(float(np.mean(pair.y_test * outputs <= 0)) if len(pair.y_test) else np.nan)
        return np.array(found)

    def measure(self) -> dict[str, Any]:
        """Return log loss, margin, slackness and test error of every network."""
        rows = np.array([trail[-1] for setting in self.settings for trail in self.trails(setting)])
        return {
            "network log loss": rows[:, LOG_LOSS].tolist(), "network margin": (rows[:, LEAST] / rows[:, SQUARED]).tolist(),
            "two-layer test error": np.concatenate([self.test_errors(setting) for setting in self.settings]).tolist(),
        }  # fmt: skip

    # ------------------------------------------------------------ what is shown and kept

    def curves(self) -> Iterable[Series]:
        """See `figures`."""
        return figures.curves(self)

    def markers(self) -> Iterable[Marker]:
        """Where the labels are fitted."""
        return figures.markers(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen."""
        return clauses(self, known)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's X (n, d), y (n,), X_test, y_test, w_hat (d,) where there is one; per activation W (d, h), a (h,), trail."""
        pair, svm = self.pairs[0], self.svms[0]
        found: dict[str, NDArray[Any]] = {"X": pair.X, "y": pair.y, "X_test": pair.X_test, "y_test": pair.y_test}
        found |= {} if svm is None else {"w_hat": svm.w}
        for setting, runs in self.runs.items():
            stepper = runs[0].stepper
            W, a = stepper.network.split(stepper.theta)
            found |= {f"W_{setting.name}": W.copy(), f"a_{setting.name}": a.copy(), f"trail_{setting.name}": self.trails(setting)[0].copy()}
        return found

    def parts(self) -> Mapping[str, Stateful]:
        """Weights and trails."""
        return {
            f"{setting.name}/{seed}": run for setting, runs in self.runs.items() for seed, run in zip(self.seeds, runs, strict=True)
        }  # fmt: skip


def _svm(rows: Floats) -> HardMargin | None:
    try:
        return hard_margin_svm(rows)
    except ProblemError:
        return None
