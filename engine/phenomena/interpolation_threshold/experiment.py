"""Draws least squares on nested features, piece by piece in an order that never depends on how long a piece may take.

A sweep over d per draw; the spectrum at one chosen d; training error and separability over (n, d); and, if asked for, pixels of
real digits. The curves come first, the rest follows in proportion, so that everything is there when the last sweep is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec
from engine.headline import Known
from engine.judging import Judges
from engine.phenomena.interpolation_threshold import SPEC, digits, figures
from engine.phenomena.interpolation_threshold.claims import JUDGES, spectral_distance
from engine.phenomena.interpolation_threshold.config import InterpolationThresholdConfig
from engine.phenomena.interpolation_threshold.counts import DIGITS, MAPS
from engine.phenomena.interpolation_threshold.design import Problem, drawn_design
from engine.phenomena.interpolation_threshold.headline import clauses as headline_clauses
from engine.phenomena.interpolation_threshold.maps import separability_edge, separability_map, train_error_map
from engine.phenomena.interpolation_threshold.own_rows import OwnDesign, own_in_words
from engine.phenomena.interpolation_threshold.scalars import READERS
from engine.phenomena.interpolation_threshold.sweep import REFERENCES, SHOWN, SWEPT, sweep, sweep_widths
from engine.phenomena.interpolation_threshold.theory import expected_curves, expected_risk
from engine.phenomenon import Pieces, geometric_grid
from engine.scalars import Readers
from engine.seeds import Streams, streams
from engine.state import Draws, State
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_fits import nested_fits

PER_DECADE = 10  # measurements
AT_ONCE = 0.03  # seconds for the spectrum when d is turned
SLOW = 100_000  # entries of X from which the first draw takes so long that theory is shown before it
SIDE, LARGEST_MAP = 20, 100  # cells along an axis of a map, or up to twice as many; most samples and features on it
AHEAD = 20  # spectra per sweep: one costs a fortieth of it, and a histogram needs many

ON_DIGITS = "digits: 100 images a draw and 1,000 to test, ten one-hot outputs whose errors and squared norms are added"
NOISELESS = "without label noise every fit below n is exact too, and neither test error nor norm peaks"


class InterpolationThreshold(Pieces[InterpolationThresholdConfig]):
    """Least squares on nested features; draw j uses the j // K-th streams of seed j mod K, K seeds, as a solo run with that seed does.

    Attributes:
        design: what every draw shares; widths: the d (k,) of a sweep; digit_widths, digit_gammas: d and d/n of one through pixels.
        sweeps: quantities `SWEPT` (k,) of each draw, and its spectra (min(n, d),) at some d, `references`.
        shown: eigenvalues (min(n, d),) of X^T X/n at the shown d. digits: quantities `SHOWN` over the pixels.
        maps: training error of pure noise and whether random labels are separable (0 or 1), over `map_sizes` as n and as d.
        cover: Cover's probability of the latter.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(
        self, config: InterpolationThresholdConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick"
    ) -> None:  # fmt: skip
        super().__init__(config, seeds, device, preset)
        n, draws = config.n, config.draws
        self.unit, self.total = "draw", draws
        self.rows = OwnDesign(config.dataset, config.dataset_sha256, n, config.order) if config.own_rows else None
        self.design, self._own = drawn_design(config), own_in_words(config)
        most = config.most_features() or self.design.variances.size
        self.widths, self.digit_widths = sweep_widths(n, min(config.d_max, most / n)), sweep_widths(digits.N, config.d_max)
        self.most = most
        self.digit_gammas = self.digit_widths / digits.N
        self.references = {int(d): f"spectrum-{d}" for d in self.widths if d in {round(share * n) for share in REFERENCES}}
        side = min(n, LARGEST_MAP)
        self.map_sizes = np.arange(max(1, side // SIDE), side + 1, max(1, side // SIDE))
        self.cover = separability_map(self.map_sizes, self.map_sizes)
        spectra = {name: (min(n, d),) for d, name in self.references.items()}
        self.sweeps = Draws(draws, {**dict.fromkeys(SWEPT, self.widths.shape), **spectra})
        self.maps = Draws(0 if self.rows else min(MAPS, draws), dict.fromkeys(("train-error", "separable"), self.cover.shape))
        self.digits = Draws(min(DIGITS, draws) if config.digits else 0, dict.fromkeys(SHOWN, self.digit_widths.shape))
        self.shown = self._no_spectra()
        self.grid = geometric_grid(draws, PER_DECADE)
        if n * self.widths[-1] <= SLOW:
            self.grid = self.grid[1:]
        self.notes = self._said()

    def parts(self) -> Mapping[str, Draws]:
        """All draws."""
        return {"sweeps": self.sweeps, "shown": self.shown, "maps": self.maps, "digits": self.digits}

    # ------------------------------------------------------------ drawing

    @property
    def complete(self) -> bool:
        """Whether all draws, and the maps and spectra that go with them, are there."""
        return all(part.complete for part in self.parts().values())

    def pieces(self) -> Iterator[None]:
        """Draw what is missing; a draw that is given up half-finished begins anew."""
        while not self.complete:
            if self._is_behind(self.shown, AHEAD):
                self._draw_spectrum()
                yield
            elif self._is_behind(self.maps):
                yield from self._draw_maps()
            elif self._is_behind(self.digits):
                self.digits.add(digits.pixel_sweep(self.digit_widths, self._streams(self.digits.done)))
                yield
            else:
                yield from self._draw_sweep()

    def _is_behind(self, part: Draws, ahead: int = 1) -> bool:
        """Whether the sweeps allow for another draw of a part."""
        return part.done < min(part.count, math.ceil(ahead * part.count * self.sweeps.done / self.sweeps.count))

    def _draw_sweep(self) -> Iterator[None]:
        problem = (self.rows or self.design).draw(self._streams(self.sweeps.done), int(self.widths[-1]))
        rows: list[dict[str, float]] = []
        spectra = {}
        for quantities, eigenvalues in sweep(problem, self.widths):
            d = int(self.widths[len(rows)])
            rows.append(quantities)
            if d in self.references:
                spectra[self.references[d]] = eigenvalues
            yield
        self.sweeps.add({**{name: [row[name] for row in rows] for name in SWEPT}, **spectra})
        self.step = self.sweeps.done
        yield

    def _draw_spectrum(self) -> None:
        d = self.shown_d
        fit = next(nested_fits((self.rows or self.design).draw(self._streams(self.shown.done), d).X, [d]))
        self.shown.add({"eigenvalues": fit.eigenvalues / self.design.n})

    def _draw_maps(self) -> Iterator[None]:
        sizes = self.map_sizes
        problem = self.design.draw(self._streams(self.maps.done), int(sizes[-1]), int(sizes[-1]))
        error = train_error_map(problem.X, problem.noise, sizes, sizes)
        edges = []
        for edge in separability_edge(problem.labels[:, None] * problem.X, sizes, sizes):
            edges.append(edge)
            yield
        self.maps.add({"train-error": error, "separable": np.arange(sizes.size) >= np.array(edges)[:, None]})
        yield

    def _streams(self, draw: int) -> Streams:
        return streams(self.seeds[draw % len(self.seeds)], draw // len(self.seeds))

    def _no_spectra(self) -> Draws:
        return Draws(self.config.draws, {"eigenvalues": (min(self.config.n, self.shown_d),)})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        super().restore(state)
        self.notes = self._said()

    def set_knob(self, name: str, value: Any) -> None:
        """Show the eigenvalues at another d, of the first draws at once; the sweeps stay."""
        super().set_knob(name, value)
        self.shown = self._no_spectra()
        self.restart()
        deadline = perf_counter() + AT_ONCE
        while self._is_behind(self.shown, AHEAD) and perf_counter() < deadline:
            self._draw_spectrum()

    # ------------------------------------------------------------ what is measured and shown

    def measure(self) -> dict[str, Any]:
        """Return medians at d = n, the largest residual from n on, and the distance of the spectrum to its law."""
        n = self.design.n
        record: dict[str, Any] = {"draws": self.step}
        if self.step:
            record |= {f"{name}-at-n": np.median(self.at_n(name)) for name in SHOWN}
            record["residual-from-n"] = self.sweeps["residual"][:, self.widths >= n].max()
            record["singular-share"] = 1 - self.regular.mean()
        if self.shown.done and self.isotropic:
            record["spectral-distance"] = spectral_distance(n, self.shown_d, self.shown["eigenvalues"])
        self.notes = self._said()
        return {name: float(value) for name, value in record.items() if np.isfinite(value)}

    def _said(self) -> tuple[str, ...]:
        """What no figure shows, as sentences."""
        singular = int((~self.regular).sum())
        lacking = (
            f"{singular} of {self.sweeps.done} draws are singular: at some d their features lack full rank, and from n on not all is fitted"
        )
        noiseless = self.config.sigma == 0 and self.rows is None
        pairs = ((self.config.digits, ON_DIGITS), (noiseless, NOISELESS), (singular > 0, lacking))
        return (*(said for there, said in pairs if there), *self._own)

    @property
    def shown_d(self) -> int:
        """Features whose eigenvalues are shown."""
        return min(self.config.shown_d, self.most)

    @property
    def isotropic(self) -> bool:
        """Whether the rows are drawn, with features of variance 1."""
        return self.rows is None and self.design.is_isotropic

    @property
    def regular(self) -> NDArray[np.bool_]:
        """Which draws have full rank at every d of the sweep, (draws,)."""
        return np.asarray(np.isfinite(self.sweeps["condition-number"]).all(axis=1))

    def median(self, quantity: str, chosen: NDArray[np.bool_]) -> Floats:
        """Return the median of a quantity over chosen draws (draws,) at every d of the sweep, (k,)."""
        return np.asarray(np.median(self.sweeps[quantity][chosen], axis=0))

    def peak(self, quantity: str, chosen: NDArray[np.bool_]) -> int:
        """Return the place among the d of the sweep where that median is largest."""
        return int(np.argmax(self.median(quantity, chosen)))

    def at_n(self, quantity: str) -> Floats:
        """Return a quantity at d = n, (draws,)."""
        return self.sweeps[quantity][:, self.widths == self.design.n].ravel()

    def mean_map(self, name: str) -> Floats:
        """Return a map averaged over its draws, (n, d); 0 before the first."""
        return np.asarray(self.maps[name].sum(axis=0) / max(1, self.maps.done))

    def series(self) -> tuple[Series, ...]:
        """Medians with quartiles over draws, theory, and the histogram of eigenvalues."""
        return (*self._theory, *figures.simulated(self))

    @cached_property
    def _theory(self) -> tuple[Series, ...]:
        return () if self.rows else tuple(expected_curves(self.design, self.widths))

    def pictures(self) -> tuple[Picture, ...]:
        """Training error and separability over n and d."""
        return figures.pictures(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """The threshold, the spectrum's edges, the lowest test error beyond."""
        return figures.markers(self)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw at the shown d, and all curves.

        X (n, d), y (n,), w_star (d,) the true and w (d,) the fitted weights; eigenvalues (d,) of X^T X/n; risk_p (k,) numbers of
        features with risk_measured (median) and risk_theory (mean) test MSE; sweeps (draws, k, quantities);
        map_n, map_d, train_error and separable (map_n, map_d), cover alike: Cover's probability. Imported rows
        have no w_star, no theory and no maps.
        """
        d, n, sweeps = self.shown_d, self.design.n, self.sweeps
        problem = (self.rows or self.design).draw(self._streams(0), d)
        fit = next(nested_fits(problem.X, [d]))
        found = {
            "X": problem.X, "y": problem.targets(d), "w": fit.solve(problem.targets(d)),
            "eigenvalues": np.append(np.zeros(max(0, d - n)), fit.eigenvalues / n), "risk_p": self.widths,
            "risk_measured": np.median(sweeps["test-mse"], axis=0) if sweeps.done else np.zeros(0),
            "quantities": np.array(SWEPT), "sweeps": np.stack([sweeps[name] for name in SWEPT], axis=-1),
        }  # fmt: skip
        if not isinstance(problem, Problem):
            return found
        return found | {
            "w_star": problem.weights(d), "risk_theory": expected_risk(self.design, self.widths),
            "map_n": self.map_sizes, "map_d": self.map_sizes, "train_error": self.mean_map("train-error"),
            "separable": self.mean_map("separable"), "cover": self.cover,
        }  # fmt: skip
