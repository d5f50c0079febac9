"""The work of a run, task after task: the main draws, two checks, real digits, random ReLU features.

A task is one draw of one seed, or a tenth of a curve on digits, and counts as one step. Draw j of every seed comes before
draw j+1, and each has random streams of its own: draws of several seeds are pooled, none depends on the others or on pauses.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.double_descent.checks import against_lstsq, noise_errors
from engine.phenomena.double_descent.curves import Tally, pieces, ridgeless, with_ridges
from engine.phenomena.double_descent.digits import DigitCurve, DigitWork
from engine.phenomena.double_descent.gaussian import Isotropic
from engine.phenomena.double_descent.model import Draw, shown
from engine.phenomena.double_descent.setup import PROFILES, Knobs, digit_companion, main_model, relu_companion, ridges_of
from engine.seeds import Streams, streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.linear_models.nested_ridge import ridge_steps

Work = Generator[None, None, None]
DIGIT_PARTS = 10


class Experiment:
    """Everything a run has computed.

    Attributes:
        model, ridges, p: of the main curve; p (k,) is where its draws are kept.
        main, relu: curves of the draws so far. early: the first draw while its ridges are not done.
        digits: a curve a seed, the last as far as it goes.
        disagreement: of the fast path from lstsq, once known. noise: (3, draws) errors of the noise check, once known.
    """

    def __init__(self, knobs: Knobs, seeds: tuple[int, ...], draws: int, relu_draws: int) -> None:
        self.knobs, self.seeds = knobs, seeds
        self.model = main_model(knobs)
        self.ridges = ridges_of(self.model, knobs.ridge)
        self.p = shown(knobs.n, knobs.D)
        self.relu_model, self.digit_model = relu_companion(knobs), digit_companion(knobs)
        self.relu_p = shown(self.relu_model.n, self.relu_model.D)
        self.main_tasks, self.relu_tasks = draws * len(seeds), relu_draws * len(seeds)
        self.digit_tasks = DIGIT_PARTS * len(seeds) if self.digit_model else 0
        self.tasks = self.main_tasks + self.digit_tasks + self.relu_tasks
        self.main, self.relu, self.early = Tally(), Tally(), Tally()
        self.digits: list[DigitCurve] = []
        self._growing: tuple[int, DigitWork] | None = None
        self.disagreement: float | None = None
        self.noise: Floats | None = None

    def task(self, index: int) -> Work:
        """Return the work of a task, in pieces."""
        if index < self.main_tasks:
            return self._main(index)
        index -= self.main_tasks
        return self._digits(index) if index < self.digit_tasks else self._relu(index - self.digit_tasks)

    def first_draw(self) -> Draw:
        """Return the first draw of the first seed again."""
        return self.model.draw(streams(self.seeds[0]))

    def _main(self, index: int) -> Work:
        draw, every, found = yield from ridgeless(self.model, self._streams(index))
        kept = {name: values[self.p] for name, values in found.items()}
        if index == 0:
            self.early.add(kept, {})
            yield
        kept |= yield from with_ridges(self.model, self.ridges, draw)
        summed = (yield from self._summed(self.model, draw, every)) if isinstance(self.model, Isotropic) else {}
        if index == self.main_tasks - 1:
            yield from self._checks()
        self.main.add(kept, summed)  # last: a state saved before this knows nothing of the draw

    @property
    def drawn(self) -> Tally:
        """The draws to be shown: at the very beginning the first without its ridges."""
        return self.main if self.main.count else self.early

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
        return {
            **profiles,
            "test": every.excess_risk[:, 0] + model.sigma**2,
            "gain": every.noise_gain,
            "single": single,
            "flat-tuned": tuned,
        }

    def _checks(self) -> Work:
        yield
        self.noise = noise_errors(streams(self.seeds[0]))
        yield
        draw = self.first_draw()
        curves = yield from pieces(nested_steps(draw.X, draw.Y, draw.b, draw.test))
        self.disagreement = yield from against_lstsq(draw, curves)

    def _relu(self, index: int) -> Work:
        draw = self.relu_model.draw(self._streams(index))
        found = self.relu_model.read((yield from pieces(nested_steps(draw.X, draw.Y, test=draw.test))))
        self.relu.add({"test": found["test"][self.relu_p]}, {})

    def _digits(self, index: int) -> Work:
        """Carry the curve of a seed a tenth further; begin it anew where the work so far is not at hand."""
        model = self.digit_model
        assert model is not None
        seed, part = divmod(index, DIGIT_PARTS)
        if self._growing is None or self._growing[0] != seed:
            self._growing = seed, DigitWork(model, self.seeds[seed])
        curve = yield from self._growing[1].upto(-(-model.D * (part + 1) // DIGIT_PARTS))
        self.digits[seed:] = [curve]
        if part == DIGIT_PARTS - 1:
            self._growing = None

    @property
    def whole_digits(self) -> list[DigitCurve]:
        """The curves on digits that are complete."""
        return [curve for curve in self.digits if self.digit_model and curve.N[-1] >= self.digit_model.D - 1]

    def _streams(self, index: int) -> Streams:
        return streams(self.seeds[index % len(self.seeds)], index // len(self.seeds))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return everything computed, to be stored."""
        found = {**self.main.arrays("main/"), **self.relu.arrays("relu/")}
        for index, curve in enumerate(self.digits):
            found |= {f"digits/{index}/{name}": values for name, values in vars(curve).items()}
        if self.noise is not None:
            found["noise"] = self.noise
        return found if self.disagreement is None else {**found, "disagreement": np.array(self.disagreement)}

    def restore(self, arrays: Mapping[str, NDArray[np.float64]]) -> None:
        """Take up what `arrays` returned."""
        self.main.restore(arrays, "main/")
        self.relu.restore(arrays, "relu/")
        count = sum(name.startswith("digits/") and name.endswith("/N") for name in arrays)
        names = ("N", "mse", "error", "norm")
        self.digits = [DigitCurve(**{name: arrays[f"digits/{index}/{name}"].copy() for name in names}) for index in range(count)]
        self.noise = arrays["noise"].copy() if "noise" in arrays else None
        self.disagreement = float(arrays["disagreement"]) if "disagreement" in arrays else None
