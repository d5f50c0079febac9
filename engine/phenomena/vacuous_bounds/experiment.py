"""The stages of a run, one after the other: SGD, SGD on half of the data, posteriors and their draws, networks over n."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.certifying import Certifying
from engine.phenomena.vacuous_bounds.claims import Certified
from engine.phenomena.vacuous_bounds.learning import Learning
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import Rates
from engine.phenomena.vacuous_bounds.problem import Problem, cut, draw_problem, outputs
from engine.phenomena.vacuous_bounds.readings import Trained, certified, read
from engine.phenomena.vacuous_bounds.scaling import Recipe, Scaling
from engine.phenomena.vacuous_bounds.standing import Member, Standing
from engine.phenomena.vacuous_bounds.table import COLUMNS, NAMES, TRUE
from engine.state import State
from engine.theory.bounds.norm_bounds import spectral_complexity

RANDOM_SHARE = 8 / 15  # of the posterior's steps that the random arm takes
PER_DECADE, EVERY = 5, 6  # measurements of SGD a decade, and of the posterior in all
Floats = NDArray[np.float64]


def recipe_of(follow: str, margin: float) -> Recipe | None:
    """Return how the network over n is trained, None where none is followed."""
    recipes = {
        "few": Recipe("digits196", (64, 64), 0.2, 0.9, margin, 64, 512),
        "digits": Recipe("digits196", (256, 256), 0.1, 0.9, margin, 64, 4096, random_at=1024),
        "deep": Recipe("digits5k", (1024,) * 5, 0.1, 0.0, margin, 128, 4096, epochs=1000),
        "sphere": Recipe("sphere", (300,), 0.5, 0.0, margin, 256, 4096, epochs=1000, dims=100, biases=True),
        "sphere-250": Recipe("sphere", (300,), 0.5, 0.0, margin, 256, 4096, epochs=1000, dims=250, biases=True),
        "wide-sphere": Recipe("sphere", (10_000,), 0.5, 0.0, margin, 1024, 8192, epochs=2000, dims=500, biases=True),
    }
    return recipes.get(follow)


class Experiment:
    """Everything that is trained; the second and later stages are made when the one before has finished.

    Attributes:
        standing: what was last measured; rows: finished networks over n; total: steps of all stages.
    """

    def __init__(self, config: Any, seeds: Sequence[int], device: str) -> None:
        self.config, self.seeds, self.device = config, tuple(seeds), device
        self.problems = [draw_problem(config.dataset, config.n, seed) for seed in seeds]
        self.epochs = [config.epochs if arm == TRUE else config.random_epochs for arm in config.arms]
        self.standing = Standing()
        self.notes = self.problems[0].notes
        self.learning = self._learn(self.problems)
        self.half: Learning | None = None
        self.certifying: Certifying | None = None
        self.scaling: Scaling | None = None
        self._recipe = recipe_of(config.follow, config.margin)
        self._recent: dict[int, Member] = {}

    # ------------------------------------------------------------ stages

    @property
    def _plan(self) -> list[int]:
        """Steps of each stage."""
        config = self.config
        half = max(self.epochs) * (config.n // 2 // min(100, config.n // 2)) if config.prior == "half-data" else 0
        followed = len(self._recipe.sizes_of_n) if self._recipe else 0
        return [self.learning.total, half, max(self._steps) + config.mc, followed]

    @property
    def _steps(self) -> list[int]:
        return [self.config.steps if arm == TRUE else max(1, int(RANDOM_SHARE * self.config.steps)) for arm in self.config.arms]

    @property
    def total(self) -> int:
        """Steps of all stages."""
        return sum(self._plan)

    @property
    def taken(self) -> int:
        """Steps taken in all stages."""
        return sum(stage.taken for stage in (self.learning, self.half, self.certifying, self.scaling) if stage is not None)

    @property
    def rows(self) -> Floats:
        """Finished networks over n, columns COLUMNS."""
        return self.scaling.rows if self.scaling else np.empty((0, len(COLUMNS)))

    @property
    def followed(self) -> bool:
        """Whether every network over n is finished."""
        return self.scaling is not None and self.scaling.taken == self.scaling.total

    def grid(self, geometric: Callable[[int, int], NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the steps to measure: geometric while SGD trains, then equally spaced, then after every n."""
        learning, half, certifying, followed = self._plan
        first = learning + half
        posterior = np.linspace(0, max(self._steps), EVERY + 1).astype(np.int64)[1:]
        draws = first + max(self._steps) + np.linspace(0, self.config.mc, 5).astype(np.int64)[1:]
        after = first + certifying + np.arange(followed + 1)
        return np.unique(np.concatenate([geometric(learning, PER_DECADE), first + posterior, draws, after]))

    def advance(self, target: int, deadline: float) -> None:
        """Work until the deadline on the stage whose turn it is, never past `target` steps in all."""
        plan, done = self._plan, 0
        for index, steps in enumerate(plan):
            if target > done and self.taken < done + steps:
                self._stage(index).advance(target - done, deadline)
                return
            done += steps

    def _stage(self, index: int) -> Learning | Certifying | Scaling:
        if index == 0:
            return self.learning
        if index == 1:
            self.half = self.half or self._learn([self._first_half(problem) for problem in self.problems])
            return self.half
        if index == 2:
            self.certifying = self.certifying or self._certify()
            return self.certifying
        if self.scaling is None and self._recipe is not None:  # a stage without steps is never reached
            self.scaling = Scaling(self._recipe, self.seeds, self.device)
        return cast(Scaling, self.scaling)

    def _learn(self, problems: Sequence[Problem]) -> Learning:
        config = self.config
        return Learning(problems, self.seeds, config.arms, self.epochs, config.sizes, config.lr, self.device)

    def _first_half(self, problem: Problem) -> Problem:
        half = self.config.n // 2
        signs = {arm: values[:half] for arm, values in problem.signs.items()}
        return Problem(problem.x[:half], problem.x_test, signs, problem.test_signs)

    def _certify(self) -> Certifying:
        config = self.config
        centre = self.half.weights if self.half else self.learning.initial
        start, first = (centre, config.n // 2) if self.half else (self.learning.weights, 0)
        return Certifying(
            self.problems, self.seeds, config.arms, config.sizes, start, centre, self._steps, config.mc, config.delta, first, Rates(),
            config.objective, config.surrogate, self.device,
        )  # fmt: skip

    # ------------------------------------------------------------ measuring

    def lost(self) -> str:
        """Return which arm's weights are no longer finite, or an empty string."""
        rows = self.learning.weights
        if self.certifying is not None:
            rows = rows + (self.certifying.posteriors.mean + self.certifying.posteriors.spread).cpu().numpy()
        bad = np.flatnonzero(~(np.abs(rows) < 1e15).all(axis=1))
        return f"the {self.config.arms[bad[0] // len(self.seeds)]} arm" if bad.size else ""

    def measure(self) -> None:
        """Bring `standing` up to date: bounds of the trained networks while they train, certificates afterwards."""
        if not self.standing.learned:
            weights = self.learning.weights
            members = [self._member(index, weights[index]) for index in range(len(weights))]
            self.standing = Standing(members, self.learning.taken >= self.learning.total)
        if self.certifying is not None and not self.standing.drawn:
            found, test_errors = self.certifying.certificates()
            for index, (certificate, test_error) in enumerate(zip(found, test_errors, strict=True)):
                member, posteriors = self.standing.members[index], self.certifying.posteriors
                bounds = certified(certificate, posteriors.objective, posteriors.surrogate, posteriors.weight(index))
                member.bounds |= {bound.name: bound for bound in bounds}
                member.certified = Certified(member.arm, certificate.value, certificate.pinsker, float(test_error))
            self.standing.drawn = self.certifying.taken >= self.certifying.total

    def _member(self, index: int, row: NDArray[np.float32]) -> Member:
        """Read one network; that of a resting arm is read once."""
        if index in self._recent:
            return self._recent[index]
        config, arm, seed = self.config, self.config.arms[index // len(self.seeds)], index % len(self.seeds)
        problem = self.problems[seed]
        layers, initial = cut(row, config.sizes), cut(self.learning.initial[index], config.sizes)
        net = Trained(layers, initial, problem.x, problem.signs[arm])
        margins, n_test = net.margins(), len(problem.x_test)
        test_error = float(np.mean(problem.test_signs[arm] * outputs(layers, problem.x_test)[:, 0] <= 0))
        found = read(net, margins, test_error, n_test, config.delta, config.margin)
        inputs_norm = next(bound for bound in found if bound.name == "spectral").constants["|X|_F"]
        scale = inputs_norm * spectral_complexity(*net.folded()) / net.n
        member = Member(arm, seed, float(np.mean(margins <= 0)), test_error, margins, scale, {bound.name: bound for bound in found})
        if self.learning.resting(index):
            self._recent[index] = member
        return member

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's data, networks and posteriors, and the networks over n."""
        problem, weights = self.problems[0], self.learning.weights
        found: dict[str, NDArray[Any]] = {"X": problem.x, "X_test": problem.x_test}
        for place, arm in enumerate(self.config.arms):
            index = place * len(self.seeds)
            found |= {f"y_{arm}": problem.signs[arm], f"y_test_{arm}": problem.test_signs[arm]}
            found |= {f"{arm}_{'Wb'[k % 2]}{k // 2 + 1}": block for k, block in enumerate(cut(weights[index], self.config.sizes))}
            if self.certifying is not None:
                w, s, w0, prior = self.certifying.posteriors.posterior(index)
                found |= {f"{arm}_w": w, f"{arm}_s": s, f"{arm}_w0": w0, f"{arm}_lambda": np.array(prior)}
            if self.standing.members:
                member = self.standing.members[index]
                values = [member.bounds[name].value if name in member.bounds else np.nan for name in NAMES]
                found |= {f"{arm}_margins": member.margins, f"{arm}_bounds": np.array(values)}
        return {**found, "over_n": self.rows, "over_n_columns": np.array(COLUMNS)}

    def state(self) -> State:
        """Return every stage that has begun, and what was last measured."""
        begun = {name: getattr(self, name) for name in STAGES}
        state = State.of({name: stage.state() for name, stage in begun.items() if stage is not None})
        state.scalars["standing"] = self.standing.plain()
        if self.standing.members:
            state.arrays["margins"] = np.stack([member.margins for member in self.standing.members])
        return state

    def restore(self, state: State) -> None:
        """Go on from a state."""
        for index, name in enumerate(STAGES):
            if name in state.scalars:
                self._stage(index).restore(state.part(name))
        margins = state.arrays.get("margins", np.empty((0, 0)))
        self.standing = Standing.read(state.scalars["standing"], margins)


STAGES = ("learning", "half", "certifying", "scaling")
