"""Draws interpolation of noise under several spectra, setting after setting of draw after draw; or the draws of task classification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec
from engine.headline import Known
from engine.judging import Judges
from engine.phenomena.benign_overfitting import SPEC, figures
from engine.phenomena.benign_overfitting.claims import JUDGES
from engine.phenomena.benign_overfitting.classification.figures import curves, told
from engine.phenomena.benign_overfitting.classification.figures import markers as classification_markers
from engine.phenomena.benign_overfitting.classification.study import Classification
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig
from engine.phenomena.benign_overfitting.digits import POOL, noise_risk
from engine.phenomena.benign_overfitting.draws import COLUMNS, solve, summary
from engine.phenomena.benign_overfitting.fits import fitted_pictures
from engine.phenomena.benign_overfitting.headline import clauses as headline_clauses
from engine.phenomena.benign_overfitting.scalars import READERS
from engine.phenomena.benign_overfitting.settings import Setting, curves_of, settings_of
from engine.phenomena.benign_overfitting.theory import expected, expected_curves, own_in_words, ranks_in_words, tuned_ridge
from engine.phenomenon import Pieces, geometric_grid
from engine.readings import Network
from engine.scalars import Readers
from engine.seeds import Streams, streams
from engine.state import Draws
from engine.theory.inputs import Floats
from engine.theory.spectra.effective_rank import benign_terms
from engine.theory.spectra.spectra import Family

PER_DECADE = 10  # measurements


class BenignOverfitting(Pieces[BenignOverfittingConfig]):
    """Interpolation of noise under three spectra, draw after draw; with task classification, what `classification` draws instead.

    Attributes:
        classification: all of task classification, which then has no settings; None with task regression.
        settings: every spectrum at every n; curves: the same curve by curve, each by n.
        expected: E0 of each setting with the ridge; terms: Theorem 4's quantities of each.
        draws: the `COLUMNS` (settings,) of each draw; those that are not drawn every time stay 0 between.
        digits: measured and predicted noise risk (sizes,) of each seed, at `digit_sizes`.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: BenignOverfittingConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.unit, self.total, self.grid = "draw", config.draws, geometric_grid(config.draws, PER_DECADE)
        self.sigma2 = config.sigma**2
        self.classification = Classification(config, seeds) if config.task == "classification" else None
        self.settings = settings_of(config) if self.classification is None else ()
        self.curves = curves_of(self.settings)
        self.networks = [Network(setting, seeds[0]) for setting in self.settings]
        self.expected = {one: 1 + expected(one, config.ridge)[0] for one in self.settings}
        self.terms = {one: benign_terms(one.eigenvalues, one.n, config.b) for one in self.settings}
        if self.settings:
            self.notes = (ranks_in_words(self.chosen, self.terms[self.chosen]), *own_in_words(self))
        else:
            self.notes = (f"q: n^{config.r:g} features have n^-q of the variance; the first one's sign is the class",)
        self.draws = Draws(config.draws if self.settings else 0, dict.fromkeys(COLUMNS, (len(self.settings),)))
        self.digit_sizes = [n for n in sorted(config.n) if n <= POOL]
        sizes = (len(self.digit_sizes),)
        self.digits = Draws(len(seeds) if config.digits and self.settings else 0, {"measured": sizes, "predicted": sizes})
        self._tuned = {one: tuned_ridge(one, self.sigma2) for one in self.settings}
        self._pictures = fitted_pictures(config.tau, seeds[0]) if self.settings else ()

    def parts(self) -> Mapping[str, Draws]:
        """All draws."""
        if self.classification is not None:
            return {"classification": self.classification.draws}
        return {"draws": self.draws, "digits": self.digits}

    @cached_property
    def chosen(self) -> Setting:
        """The setting whose ranks are printed: the chosen family, or the imported spectrum, at its largest n."""
        family = "own" if self.config.imported else self.config.family
        mine = [one for one in self.settings if one.family == family and (family != "power" or one.parameter == self.config.a)]
        return max(mine, key=lambda one: one.n)

    # ------------------------------------------------------------ drawing

    @property
    def complete(self) -> bool:
        """Whether the digits, which no measurement waits for, are there."""
        return self.digits.complete

    def pieces(self) -> Iterator[None]:
        """Solve setting after setting of draw after draw, then the digits; a draw that was cut short is drawn again."""
        if self.classification is not None:
            for _ in self.classification.pieces():
                self.step = self.classification.draws.done
                yield
        while not self.draws.complete:
            rows = np.zeros((len(self.settings), len(COLUMNS)))
            for index, setting in enumerate(self.settings):
                if self.step % setting.every == 0:
                    first = self.step // len(self.seeds) * setting.repeats
                    problems = [solve(setting, self._streams(index, first + repeat)) for repeat in range(setting.repeats)]
                    rows[index] = summary(problems, self.config.ridge, self._tuned[setting], self.sigma2)
                    yield
            self.draws.add(dict(zip(COLUMNS, rows.T, strict=True)))
            self.step = self.draws.done
            yield
        while not self.digits.complete:
            measured, predicted = noise_risk(self.digit_sizes, streams(self.seeds[self.digits.done]))
            self.digits.add({"measured": measured, "predicted": predicted})
            yield

    def _streams(self, index: int, number: int) -> Streams:
        """Streams of one problem: the seed takes turns, the draw's number tells settings and repeats apart."""
        return streams(self.seeds[self.step % len(self.seeds)], 1 + number * len(self.settings) + index)

    # ------------------------------------------------------------ what was drawn

    def drawn(self, setting: Setting, column: str) -> Floats:
        """Return a column of `COLUMNS` over the draws of a setting, (draws,)."""
        return self.draws[column][:: setting.every, self.settings.index(setting)]

    def noise(self, setting: Setting) -> float:
        """Return the mean noise risk per unit variance."""
        return float(self.drawn(setting, "noise").mean())

    def excess(self, setting: Setting) -> float:
        """Return the mean excess risk."""
        return float(self.sigma2 * self.drawn(setting, "noise").mean() + self.drawn(setting, "signal").mean())

    def of(self, group: str) -> list[Setting]:
        """Return the settings of a curve, by n."""
        return next(curve for curve in self.curves if curve[0].group == group)

    @property
    def shown_curves(self) -> list[list[Setting]]:
        """The curves that are drawn: those of several n, if there are any; the others are points that claims compare."""
        return [curve for curve in self.curves if len(curve) > 1] or self.curves

    def has_signal(self, curve: list[Setting]) -> bool:
        """Whether a curve's noise and signal are shown apart: by the knob, or by a signal of its own."""
        return self.config.signal > 0 or (curve[0].family == "own" and curve[0].signal > 0)

    def at(self, family: Family, n: int, parameter: float) -> Setting:
        """Return one setting."""
        return next(one for one in self.settings if (one.family, one.n, one.parameter) == (family, n, parameter))

    # ------------------------------------------------------------ what is measured and shown

    def measure(self) -> dict[str, Any]:
        """Return the mean excess risk of every setting, in the order of `arrays`, and the largest training residual."""
        record: dict[str, Any] = {"draws": float(self.step)}
        if self.step and self.classification is not None:
            record |= told(self.classification)
        elif self.step:
            record["excess-risk"] = [self.excess(setting) for setting in self.settings]
            record["largest-residual"] = float(self.draws["residual"].max())
        return record

    def series(self) -> tuple[Series, ...]:
        """Theory, and simulation over it."""
        if self.classification is not None:
            return tuple(curves(self.classification))
        return (*self._theory, *figures.simulated(self))

    @cached_property
    def _theory(self) -> tuple[Series, ...]:
        return tuple(expected_curves(self))

    def pictures(self) -> tuple[Picture, ...]:
        """One-dimensional fits of the same points with three spectra."""
        return self._pictures

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """Limits and k*."""
        return figures.markers(self) if self.classification is None else classification_markers(self.classification)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw of exp + eps, or of the imported spectrum, at the smallest n, and all risks.

        X (n, p), y (n,) noise of unit variance, w (p,) its interpolator of least norm, eigenvalues (p,) of the covariance;
        per setting: cell_family, risk_n, risk_p, risk_measured (mean noise risk per unit variance), risk_theory (E0 - 1).
        With task classification, `Classification.arrays`.
        """
        if self.classification is not None:
            return self.classification.arrays()
        settings, first = self.settings, self.of("own" if self.config.imported else "exp-eps")[0]
        drawn = streams(self.seeds[0], 1 + settings.index(first))
        X = drawn.data.standard_normal((first.n, first.p)) * np.sqrt(first.eigenvalues)
        y = drawn.noise.standard_normal(first.n)
        tables = {one: np.stack([self.drawn(one, column) for column in COLUMNS], axis=1) for one in settings}
        return {
            "X": X, "y": y, "w": np.linalg.lstsq(X, y, rcond=None)[0], "eigenvalues": first.eigenvalues,
            "cell_family": np.array([one.group for one in settings]), "risk_n": np.array([one.n for one in settings]),
            "risk_p": np.array([one.p for one in settings]), "risk_theory": np.array([self.expected[one] for one in settings]) - 1,
            "risk_measured": np.array([self.noise(one) for one in settings if self.step]), "columns": np.array(COLUMNS),
            **{f"draws_{one.group}_n{one.n}": table for one, table in tables.items()},
        }  # fmt: skip
