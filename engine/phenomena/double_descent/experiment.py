"""The work of a run, task after task: the main draws, two checks, real digits, random ReLU features.

A task is one draw of one seed, or a tenth of a curve on digits, and counts as one step. Draw j of every seed comes before
draw j+1, and each has random streams of its own: draws of several seeds are pooled, none depends on the others or on pauses.
Studies multiple-descent and early-stopping have draws of their own instead, study fourier-features fits, study network epochs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec
from engine.headline import Known
from engine.judging import Judges
from engine.phenomena.double_descent import SPEC
from engine.phenomena.double_descent.checks import Checks
from engine.phenomena.double_descent.claims import JUDGES
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.curves import Kind, Ridges, Tally, Valleys, pieces, ridgeless, valleys, with_ridges
from engine.phenomena.double_descent.digits import PARTS, TESTS, DigitCurves, Digits
from engine.phenomena.double_descent.figures import VALLEYS, companion_curves, main_curves, markers, ridge_curves
from engine.phenomena.double_descent.fitted import fitted, picture
from engine.phenomena.double_descent.fourier.study import FourierFeatures
from engine.phenomena.double_descent.gaussian import PROFILES, Anisotropic, Isotropic, weights
from engine.phenomena.double_descent.headline import clauses as headline_clauses
from engine.phenomena.double_descent.mean_fit import MeanFit, min_norm_weights
from engine.phenomena.double_descent.model import LEAST, SMALL, Draw, Model, Prediction, Whole, coarse, shown
from engine.phenomena.double_descent.multiple.study import MultipleDescent
from engine.phenomena.double_descent.own_data import own_covariance, own_in_words, own_rows
from engine.phenomena.double_descent.relu import Relu
from engine.phenomena.double_descent.scalars import READERS
from engine.phenomena.double_descent.stopping.study import EarlyStopping
from engine.phenomena.double_descent.study import Study
from engine.phenomenon import Pieces
from engine.scalars import Readers
from engine.seeds import Streams, streams
from engine.state import Stateful
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.linear_models.nested_ridge import ridge_steps
from engine.theory.spectra.spectra import power

if TYPE_CHECKING:
    from engine.phenomena.double_descent.network.study import TrainedNetworks

Work = Generator[None, None, None]

COMPANION_N, COMPANION_FEATURES, COMPANION_D, COMPANION_TESTS = 180, 1200, 60, 1000
"""The size at which Mei and Montanari's limit is checked: n/d = 3, N/d to 20."""

MAIN_TESTS = 500
"""Test points of a main curve that needs them."""

THEORY_POINTS = 60
"""Points of a curve of theory that costs a root search each."""

MEAN_POINTS = 30
"""Numbers of features at which the mean fit over training sets is followed."""

MEASURED = np.array((1, 2, 3, 5, 8))
"""Draws at which something is measured, and these times ten, a hundred, ..."""


class DoubleDescent(Pieces[DoubleDescentConfig]):
    """Draws of one nested problem, with theory over them.

    Attributes:
        study: that beside the nested features which is made instead; None where there is none, and what follows is of them alone.
        kind: which ridge the main curve has: none, a small one, or the best at every p.
        model, ridges, p: of the main curve; p (k,) is where its draws are kept.
        main, relu: curves of the draws so far. early: the first draw while its ridges are not done.
        digits: a curve a seed. checks: what they found.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: DoubleDescentConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.study = study_of(config, seeds, device)
        if self.study is None:
            self.unit = "task"
            self._begin_nested()
        else:
            self.unit, self.total, self.grid, self.notes = self.study.unit, self.study.total, self.study.grid, self.study.notes

    @property
    def multiple(self) -> MultipleDescent | None:
        """Study multiple-descent; None of another."""
        return self.study if isinstance(self.study, MultipleDescent) else None

    @property
    def stopping(self) -> EarlyStopping | None:
        """Study early-stopping; None of another."""
        return self.study if isinstance(self.study, EarlyStopping) else None

    @property
    def fourier(self) -> FourierFeatures | None:
        """Study fourier-features; None of another."""
        return self.study if isinstance(self.study, FourierFeatures) else None

    @property
    def network(self) -> TrainedNetworks | None:
        """Study network; None of another."""
        return cast("TrainedNetworks", self.study) if self.config.study == "network" else None

    def _begin_nested(self) -> None:
        c, seeds = self.config, self.seeds
        count = len(seeds)
        self.kind: Kind = "best" if c.tuned else "small" if c.ridge > 0 else "zero"
        self.model, self.notes = main_model(c), own_in_words(c)
        self.p = shown(c.n, self.model.D)
        self.ridges = _ridges(self.model, c.ridge)
        self.relu_model = Relu(COMPANION_N, COMPANION_FEATURES, COMPANION_D, c.sigma, c.r2, COMPANION_TESTS)
        self.relu_p = shown(COMPANION_N, COMPANION_FEATURES)
        self.digits = DigitCurves(Digits(c.digits, c.digit_features, c.noise, TESTS) if c.digits else None, seeds)
        self.main, self.relu, self.early, self.checks = Tally(), Tally(), Tally(), Checks()
        self.mean_fit = _mean_fit(self.model)
        self.main_tasks, self.digit_tasks, self.relu_tasks = c.draws * count, PARTS * count if c.digits else 0, c.relu_draws * count
        self.total = self.main_tasks + self.digit_tasks + self.relu_tasks
        self.grid = self._grid(self.main_tasks, self.main_tasks + self.digit_tasks)
        self._picture = picture(fitted(streams(seeds[0]), c.sigma))

    def _grid(self, drawn: int, digits: int) -> Whole:
        """The first curve, draws 1, 2, 3, 5, 8, 10, 20, ..., the last of a kind, and tenths on digits."""
        counts = np.outer(10 ** np.arange(7), MEASURED).ravel()
        start = [0] if self.kind == "zero" else []  # other ridges wait for the first draw to be finished
        companions = digits + counts[counts < self.relu_tasks]
        return np.unique(np.r_[start, counts[counts < drawn], drawn : digits + 1, companions, digits + self.relu_tasks]).astype(np.int64)

    # ------------------------------------------------------------ the work

    @property
    def ready(self) -> bool:
        """Whether the first curve is there; later every step has something to be measured."""
        return self.study is not None or self.step > 0 or self.early.count > 0

    @property
    def complete(self) -> bool:
        """Whether all is there that no measurement waits for."""
        return self.study is None or self.study.complete

    def pieces(self) -> Iterator[None]:
        """Do task after task, pausing within them too; one that was interrupted begins again."""
        if self.study is not None:
            for _ in self.study.pieces():
                self.step = self.study.step
                yield
            return
        while self.step < self.main_tasks + self.digit_tasks + self.relu_tasks:
            yield from self._task(self.step)
            self.step += 1
            yield

    def _task(self, index: int) -> Work:
        if index < self.main_tasks:
            return self._main(index)
        index -= self.main_tasks
        return self.digits.grow(index) if index < self.digit_tasks else self._relu(index - self.digit_tasks)

    def _main(self, index: int) -> Work:
        draw, every, found = yield from ridgeless(self.model, self._streams(index))
        kept = {name: values[self.p] for name, values in found.items()}
        if index == 0:
            self.early.add(kept, {})
            yield
        kept |= yield from with_ridges(self.model, self.ridges, draw)
        fits = None if self.mean_fit is None else min_norm_weights(draw.X, draw.Y[:, 0], self.mean_fit.p)
        yield
        summed = (yield from self._summed(self.model, draw, every)) if isinstance(self.model, Isotropic) else {}
        if index == self.main_tasks - 1:
            yield from self.checks.work(self.model, self.seeds[0])
        self.main.add(kept, summed)  # last: a state saved before this knows nothing of the draw
        if self.mean_fit is not None and fits is not None:
            self.mean_fit.add(fits)

    def _summed(self, model: Isotropic, draw: Draw, every: NestedCurves) -> Generator[None, None, dict[str, Floats]]:
        """Curves at every p that serve claims: test MSE of each profile, variance per unit noise, bias of single features, tuned risk."""
        assert every.excess_risk is not None and draw.b is not None
        flat = 2 + PROFILES.index("flat")
        used = np.linspace(0, 1, model.D + 1) * float(draw.b[:, flat] @ draw.b[:, flat])
        best = model.best(self.ridges.p, used, used[::-1])
        tuned = (yield from pieces(ridge_steps(draw.X, draw.Y[:, flat], self.ridges.p, best, draw.b[:, flat]))).excess_risk
        assert tuned is not None
        profiles = {str(name): every.excess_risk[:, 2 + i] + model.sigma**2 for i, name in enumerate(PROFILES)}
        single = every.excess_risk[:, 2 + len(PROFILES) :].mean(1)
        test = every.excess_risk[:, 0] + model.sigma**2
        return {**profiles, "test": test, "gain": every.noise_gain, "single": single, "flat-tuned": tuned}

    def _relu(self, index: int) -> Work:
        draw = self.relu_model.draw(self._streams(index))
        found = self.relu_model.read((yield from pieces(nested_steps(draw.X, draw.Y, test=draw.test))))
        self.relu.add({"test": found["test"][self.relu_p]}, {})

    def _streams(self, index: int) -> Streams:
        return streams(self.seeds[index % len(self.seeds)], index // len(self.seeds))

    # ------------------------------------------------------------ what is measured

    def measure(self) -> dict[str, Any]:
        """Return where peak and valleys of the simulation and of the theory lie, and what the check of the fast path found."""
        if self.study is not None:
            return self.study.measured()
        record: dict[str, Any] = {"draws": self.drawn.count}
        for source, found in (("simulated", self.simulated()), ("predicted", self.predicted)):
            if found is not None:
                record |= {f"{source}-{name}": value for name, value in zip(VALLEYS, astuple(found), strict=True)}
        if self.checks.disagreement is not None:
            record["fast-path-difference"] = self.checks.disagreement
        return record

    @property
    def drawn(self) -> Tally:
        """The draws to be shown: at the very beginning the first without its ridges."""
        return self.main if self.main.count else self.early

    def curves(self, kind: Kind, quantity: str, seed: int | None = None) -> tuple[Whole, Floats] | None:
        """Return p (k,) and a quantity of the draws so far (draws, k) with this ridge; None where there is none.

        seed: the place of one of the seeds, whose draws alone are wanted.
        """
        if not self.drawn.has(f"{kind}/{quantity}"):
            return None
        p, drawn = (self.p, self.drawn.stack(f"zero/{quantity}")) if kind == "zero" else (self.ridges.p, self.drawn.best(kind, quantity))
        mine = drawn if seed is None else drawn[seed :: len(self.seeds)]
        return (p, mine) if len(mine) else None

    def simulated(self, seed: int | None = None) -> Valleys | None:
        """Peak of the main curve's median, for near the threshold means are infinite; valleys of its mean, away from there."""
        found = self.curves(self.kind, "test", seed)
        if found is None:
            return None
        p, n = found[0].astype(np.float64), self.model.n
        away = np.where(np.abs(p - n) >= LEAST, found[1].mean(axis=0), np.nan)
        return replace(valleys(p, away, n), **_peak(valleys(p, np.median(found[1], axis=0), n)))

    @cached_property
    def predicted(self) -> Valleys | None:
        """Peak and valleys of the main curve's theory."""
        theory = self.theory[self.kind]
        return None if theory is None else valleys(theory.p, theory.test, self.model.n)

    @cached_property
    def theory(self) -> dict[Kind, Prediction | None]:
        """Theory for each ridge, where there is one."""
        model, ridges = self.model, self.ridges
        p = np.arange(model.D + 1) if model.cheap else coarse(model.n, model.D, THEORY_POINTS)
        best = (p, model.ladder(np.maximum(p, 1))[0]) if isinstance(model, Isotropic) else (ridges.p, ridges.best[0])
        return {"zero": model.predict(p), "small": model.predict(p, np.full(p.size, ridges.constant)), "best": model.predict(*best)}

    # ------------------------------------------------------------ what is shown and stored

    def series(self) -> tuple[Series, ...]:
        """Medians with quartiles over draws, theory beside them."""
        if self.study is not None:
            return tuple(self.study.series())
        return (*main_curves(self), *ridge_curves(self), *companion_curves(self))

    def pictures(self) -> tuple[Picture, ...]:
        """The fitted functions of one variable, or the study's."""
        return (self._picture,) if self.study is None else self.study.pictures()

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known) if self.study is None else self.study.clauses(known)

    def markers(self) -> tuple[Marker, ...]:
        """The threshold in every figure, or the study's."""
        return tuple(markers(self) if self.study is None else self.study.markers())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first draw with its ridgeless solution on all D features, and the ridgeless curves over p.

        risk_mean with risk_standard_error and risk_median are over draws, at risk_p; risk_theory is the mean, at risk_theory_p. Within
        3 of n a mean over draws has no finite expectation. Of other studies their `arrays`.
        """
        if self.study is not None:
            return self.study.arrays()
        model, draw = self.model, self.model.draw(streams(self.seeds[0]))
        y = draw.Y if isinstance(model, Digits) else draw.Y[:, 0]
        found: dict[str, NDArray[Any]] = {"X": draw.X, "y": y, "w": np.linalg.lstsq(draw.X, y, rcond=None)[0]}
        if isinstance(model, Isotropic | Anisotropic):
            found |= {"w_star": model.b, "eigenvalues": model.eigenvalues}
        if self.main.count:
            p, tested = self.p, self.main.stack("zero/test")
            mean, error = mean_and_error(tested)
            found |= {"risk_p": p, "risk_mean": mean, "risk_standard_error": error, "risk_median": np.median(tested, axis=0)}
            theory = model.predict(self.p[self.p > 0])
            if theory is not None:
                found |= {"risk_theory_p": theory.p, "risk_theory": theory.test}
        return found

    def parts(self) -> Mapping[str, Stateful]:
        """Everything computed so far; a draw that was interrupted begins again."""
        if self.study is not None:
            return self.study.parts()
        parts: dict[str, Stateful] = {"main": self.main, "relu": self.relu, "digits": self.digits, "checks": self.checks}
        return parts if self.mean_fit is None else {**parts, "mean-fit": self.mean_fit}


def study_of(config: DoubleDescentConfig, seeds: tuple[int, ...], device: str) -> Study | None:
    """Return the study that a config names; None of the nested features."""
    if config.study == "multiple-descent":
        return MultipleDescent(config, seeds)
    if config.study == "early-stopping":
        return EarlyStopping(config, seeds)
    if config.study == "fourier-features":
        return FourierFeatures(config, seeds)
    if config.study == "network":
        from engine.phenomena.double_descent.network.study import TrainedNetworks  # the only one that needs torch

        return TrainedNetworks(config, seeds, device)
    return None


def main_model(config: DoubleDescentConfig) -> Model:
    """Return the model of the main curve."""
    c = config
    if c.features == "relu":
        return Relu(c.n, c.D, c.d, c.sigma, c.r2, MAIN_TESTS)
    if c.features == "fourier":
        return Digits(c.n, c.D, c.noise, MAIN_TESTS)
    if c.own_rows:
        return own_rows(c)
    if c.own_spectrum:
        return own_covariance(c)
    b = {profile: weights(profile, c.D, c.r2, c.head_k, c.head_share) for profile in PROFILES}
    if c.spectrum == "power":
        eigenvalues = power(c.D, c.decay)
        return Anisotropic(c.n, b[c.profile], c.sigma, eigenvalues * c.D / eigenvalues.sum())
    return Isotropic(c.n, b[c.profile], c.sigma, np.column_stack(list(b.values())))


def _mean_fit(model: Model) -> MeanFit | None:
    """Return what follows the mean fit over training sets, of Gaussian features only: others are drawn anew with every training set."""
    if not isinstance(model, Isotropic | Anisotropic):
        return None
    p = np.append(0, coarse(model.n, model.D, MEAN_POINTS))
    return MeanFit(model.eigenvalues, model.b, p[np.abs(p - model.n) >= LEAST])


def _peak(found: Valleys) -> dict[str, float]:
    return {"peak": found.peak, "height": found.height}


def _ridges(model: Model, ridge: float) -> Ridges:
    """Return the ridges of a run: the knob's (or a small one where it is 0) and the best, on a coarse grid of p."""
    p = coarse(model.n, model.D, 24 if isinstance(model, Isotropic | Anisotropic) else 16)
    return Ridges(p, ridge or SMALL * model.n, model.ladder(p))
