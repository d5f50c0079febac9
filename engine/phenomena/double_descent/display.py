"""The curves, markers and the picture of a run: medians with quartiles over draws, theory in the same colour beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from engine.contract import Basis, Layer, Marker, Picture, Series
from engine.phenomena.double_descent.experiment import Experiment
from engine.phenomena.double_descent.fitted import SIZES, Fitted
from engine.phenomena.double_descent.gaussian import Isotropic
from engine.phenomena.double_descent.model import Prediction, Whole, coarse
from engine.phenomena.double_descent.relu import Relu
from engine.phenomena.double_descent.valleys import Valleys, valleys
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import quartiles
from engine.theory.linear_models.ridgeless import noise_lower_bound

Kind = Literal["zero", "small", "best"]
KINDS: tuple[Kind, ...] = ("zero", "small", "best")
HEIGHT = 3.0  # of the picture's plane, up and down
ROUNDING = 1e-10  # a squared bias below this is 0: the risk of a fit in the span of the features is a difference of numbers near 1
THEORY_POINTS = 60  # of a curve whose every point is a root search


class Curves:
    """What is drawn of an experiment. `kind`: which ridge the main curve has; the theory is computed once."""

    def __init__(self, run: Experiment, kind: Kind) -> None:
        self.run, self.kind = run, kind
        self.names = {"zero": "min-norm", "small": f"ridge {run.ridges.constant:g}", "best": "tuned"}
        self.theory = {ridge: self._predict(ridge) for ridge in KINDS}

    def _predict(self, kind: Kind) -> Prediction | None:
        model, ridges = self.run.model, self.run.ridges
        if kind == "best" and not isinstance(model, Isotropic):
            return model.predict(ridges.p, ridges.best[0])
        p = self._theory_sizes()
        if kind == "zero":
            return model.predict(p)
        return model.predict(p, np.full(p.size, ridges.constant) if kind == "small" else self._exact_best(p))

    def _theory_sizes(self) -> Whole:
        model = self.run.model
        return np.arange(model.D + 1) if isinstance(model, Isotropic | Relu) else coarse(model.n, model.D, THEORY_POINTS)

    def _exact_best(self, p: Whole) -> Floats:
        return np.asarray(self.run.model.ladder(np.maximum(p, 1))[0])

    # ------------------------------------------------------------ curves

    def series(self) -> tuple[Series, ...]:
        """Every curve, simulation before theory."""
        return (*self._main(), *self._ridge(), *self._relu(), *self._digits())

    def _main(self) -> Iterator[Series]:
        """The figures of the main curve: test MSE with the tuned curve, bias and variance, norm."""
        kinds: tuple[Kind, ...] = (self.kind,) if self.kind == "best" else (self.kind, "best")
        for kind in kinds:
            yield from self._pair("test-mse", kind, "test", self.names[kind], kind)
        yield from self._minima()
        for quantity, label in (("variance", "variance"), ("bias", "bias^2")):
            yield from self._pair("bias-variance", self.kind, quantity, label, quantity)
        if self.kind == "zero" and "variance" in self.run.model.quantities and self.run.knobs.sigma > 0:
            p = self.run.p[1:]
            bound = noise_lower_bound(self.run.model.n, p, self.run.knobs.sigma**2)
            yield Series(
                "bias-variance/bound",
                "bound",
                p / self.run.model.n,
                bound,
                kind="theory",
                basis="bound",
                group="bound",
            )
        yield from self._pair("norm", self.kind, "norm", self.names[self.kind], self.kind)

    def _minima(self) -> Iterator[Series]:
        """Both minima, of theory where there is one, and in the label which is lower."""
        theory, found = self.theory[self.kind], self.predicted() or self.simulated()
        if found is not None and found.second_below is not None:
            x, y = np.array([found.first, found.second]) / self.run.model.n, np.array([found.first_low, found.second_low])
            words = f"second below first: {'yes' if found.second_below else 'no'}"
            basis: Basis = "simulation" if theory is None else theory.basis
            yield Series("test-mse/minima", words, x, y, basis=basis, style="points", group="minima")

    def _ridge(self) -> Iterator[Series]:
        for kind in KINDS:
            yield from self._pair("ridge", kind, "test", self.names[kind], kind)

    def _pair(self, figure: str, kind: Kind, quantity: str, label: str, group: str) -> Iterator[Series]:
        """Simulation and theory of one quantity."""
        run = self.run
        if run.drawn.has(f"{kind}/{quantity}"):
            draws = run.drawn.stack(f"zero/{quantity}") if kind == "zero" else run.drawn.best(kind, quantity)
            p = run.p if kind == "zero" else run.ridges.p
            yield banded(f"{figure}/{group}", label, p / run.model.n, np.where(draws < ROUNDING, 0.0, draws), group)
        theory = self.theory[kind]
        found = None if theory is None else getattr(theory, quantity)
        if theory is not None and found is not None:
            words = "exact" if theory.basis == "exact" else "limit"
            yield Series(f"{figure}/{group}-theory", words, theory.p / run.model.n, found, kind="theory", basis=theory.basis, group=group)

    def _relu(self) -> Iterator[Series]:
        run, model = self.run, self.run.relu_model
        if run.relu.count:
            yield banded("random-features/simulation", "min-norm", run.relu_p / model.n, run.relu.stack("test"), "zero")
        if run.relu_tasks:
            theory = model.predict(np.arange(model.D + 1))
            if theory is not None:
                yield Series(
                    "random-features/theory",
                    "Mei-Montanari",
                    theory.p / model.n,
                    theory.test,
                    kind="theory",
                    basis="asymptotic",
                    group="zero",
                )

    def _digits(self) -> Iterator[Series]:
        """Whole curves, or the first as far as it goes."""
        curves = self.run.whole_digits or self.run.digits[:1]
        for quantity, label in (("mse", "test MSE"), ("error", "test error")) if curves else ():
            yield banded(f"rff/{quantity}", label, curves[0].N, np.array([getattr(curve, quantity) for curve in curves]), quantity)

    # ------------------------------------------------------------ markers

    def simulated(self) -> Valleys | None:
        """Peak and valleys of the main curve's median."""
        run = self.run
        if not run.drawn.has(f"{self.kind}/test"):
            return None
        draws = run.drawn.stack("zero/test") if self.kind == "zero" else run.drawn.best(self.kind, "test")
        p = run.p if self.kind == "zero" else run.ridges.p
        return valleys(p.astype(np.float64), np.median(draws, axis=0), run.model.n)

    def predicted(self) -> Valleys | None:
        """Peak and valleys of the main curve's theory."""
        theory = self.theory[self.kind]
        return None if theory is None else valleys(theory.p, theory.test, self.run.model.n)

    def markers(self) -> tuple[Marker, ...]:
        """The threshold in every figure."""
        marks = [Marker(figure, "x", 1.0, "p=n") for figure in ("test-mse", "bias-variance", "norm", "ridge")]
        marks.append(Marker("random-features", "x", 1.0, "N=n"))
        if self.run.digit_model is not None:
            marks.append(Marker("rff", "x", self.run.digit_model.n, "N=n"))
        return tuple(marks)

    def words(self) -> tuple[str, ...]:
        """Which valley is lower, in a sentence: by theory, and by the median of the draws."""
        found = [
            f"{'yes' if valley.second_below else 'no'} by {source} ({valley.first_low:.4g} at p={valley.first:g}, "
            f"{valley.second_low:.4g} at p={valley.second:g})"
            for source, valley in (("theory", self.predicted()), (f"{self.run.drawn.count} draws", self.simulated()))
            if valley is not None and valley.second_below is not None
        ]
        return (f"second below first: {', '.join(found)}",) if found else ()


def banded(name: str, label: str, x: Floats, draws: Floats, group: str) -> Series:
    """Return the median of draws (k, points) with their quartiles; one draw has no band."""
    count = len(draws)
    if count == 1:
        return Series(name, label, x, draws[0], basis="simulation", group=group)
    low, middle, high = quartiles(draws)
    return Series(name, label, x, middle, low, high, f"quartiles of {count} draws", basis="simulation", group=group)


def picture(found: Fitted) -> Picture:
    """Return the fitted functions over the points and the truth."""
    fits = [
        Layer("path", np.column_stack([found.grid, values]), f"p={p}", group)
        for p, values, group in zip(SIZES, found.fits, ("below", "at", "above"), strict=True)
    ]
    truth = Layer("line", np.column_stack([found.grid, found.truth]), "truth", "truth")
    points = Layer("points", np.column_stack([found.x, found.y]), f"n={found.x.size} points", "data")
    title = "Fits below, at and above n"
    return Picture("fits", title, layers=(truth, *fits, points), extent=(-1.0, 1.0, -HEIGHT, HEIGHT), x="x", y="y")
