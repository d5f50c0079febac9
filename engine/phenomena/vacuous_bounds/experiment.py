"""Networks on true and on random labels, their bounds and certificates; the linear example; networks over n.

The stages follow one another: SGD, SGD on half of the data, posteriors and their draws, a narrow posterior, networks over n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Detail, Marker, Picture, Series, Spec
from engine.errors import Diverged
from engine.headline import Known
from engine.judging import Judges
from engine.phenomena.vacuous_bounds import SPEC, figures
from engine.phenomena.vacuous_bounds.certification import Certification
from engine.phenomena.vacuous_bounds.claims import JUDGES, SUFFICES, TOO_FEW
from engine.phenomena.vacuous_bounds.config import RANDOM, TRUE, Labels, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.details import bound_details, on_spheres
from engine.phenomena.vacuous_bounds.figures import BOUNDED
from engine.phenomena.vacuous_bounds.headline import clauses as headline_clauses
from engine.phenomena.vacuous_bounds.measurements import Measurements, NetworkMeasurement, measured
from engine.phenomena.vacuous_bounds.nagarajan_kolter import draw_examples
from engine.phenomena.vacuous_bounds.narrow_certificate import NarrowCertification
from engine.phenomena.vacuous_bounds.network_bounds import narrow_bound, posterior_bounds, rademacher
from engine.phenomena.vacuous_bounds.over_n import COLUMNS, TrainingOverN
from engine.phenomena.vacuous_bounds.problem import cut, draw_problem
from engine.phenomena.vacuous_bounds.recipes import recipe_of
from engine.phenomena.vacuous_bounds.scalars import READERS
from engine.phenomena.vacuous_bounds.sgd_training import SGDTraining
from engine.phenomena.vacuous_bounds.size import memory
from engine.phenomenon import Steps, Training, geometric_grid
from engine.readings import Network
from engine.scalars import Readers
from engine.state import State, Stateful
from engine.training.memory import require_memory

RATIOS = tuple(2**k for k in range(4, 13))  # D/m of the linear example, 16 .. 4096
PER_DECADE, EVERY, OF_DRAWS = 3, 6, 4  # measurements of SGD a decade; of the posterior, and of its draws, in all
DRAWS_DELTA = 0.01  # how often the error of what draws weights may lie above the bound on it
LARGEST = 1e15  # weight; beyond it, squares of products of layers may leave the doubles


class VacuousBounds(Training[VacuousBoundsConfig]):
    """Networks on true and on random labels, and the stages that follow.

    Attributes:
        problems: data by seed; examples: draws of the linear example, one a seed, by D/m.
        sgd, half, certification, narrow, over_n: the stages; half and over_n only where they are asked for, narrow on true labels.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: VacuousBoundsConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        count = len(config.conditions) * len(seeds)
        held = f"{config.n:,} training images of {config.dataset} and {count} network{'s' * (count > 1)} with posteriors"
        require_memory(memory(config, len(seeds)), held, device, "lower n, width or the number of seeds, or follow nothing")
        self.networks = [Network(condition, seed) for condition in config.conditions for seed in seeds]
        self.problems = [draw_problem(config.dataset, config.n, seed, config.dataset_sha256, config.training) for seed in seeds]
        self.examples = draw_examples(config.m, (*RATIOS, config.D_over_m, SUFFICES, TOO_FEW), seeds)
        self.measurements = Measurements()
        self._say_what_holds()
        seen = config.n // 2 if config.prior == "half-data" else 0
        recipe = recipe_of(config.follow, config.margin)
        learnt = config.conditions
        self.sgd = SGDTraining(config, self.problems, seeds, device, learnt)
        self.half = SGDTraining(config, [problem.first(seen) for problem in self.problems], seeds, device, learnt) if seen else None
        self.certification = Certification(config, self.problems, seeds, self.sgd.initial, seen, device)
        self.narrow = NarrowCertification(config, self.problems, seeds, device) if TRUE in learnt else None
        self.over_n = TrainingOverN(recipe, seeds, device) if recipe else None
        self._certification_from = self.sgd.total + (self.half.total if self.half else 0)
        self._certification_to = self._certification_from + self.certification.total
        self._narrow_to = self._certification_to + (self.narrow.total if self.narrow else 0)
        self.total = self._narrow_to + (self.over_n.total if self.over_n else 0)
        self.grid = self._planned(self.total)

    def _planned(self, total: int) -> Steps:
        """Return the steps to measure: geometric while SGD trains, then equally spaced, then after every n."""
        steps, begun = self.certification.steps, self._certification_from
        posterior = begun + np.linspace(0, steps, EVERY + 1).astype(np.int64)[1:]
        draws = begun + steps + np.linspace(0, self.config.mc, OF_DRAWS + 1).astype(np.int64)[1:]
        over_n = np.arange(self._narrow_to, total + 1)
        return np.unique(np.concatenate([geometric_grid(self.sgd.total, PER_DECADE), posterior, draws, over_n]))

    # ------------------------------------------------------------ training

    def train(self, target: int, budget: float) -> int:
        """Work on the stage whose turn it is."""
        if self.step == self._certification_from:
            start, centre = (self.half.weights, self.half.weights) if self.half else (self.sgd.weights, self.sgd.initial)
            self.certification.begin(start, centre)
        begun, deadline = 0, perf_counter() + budget
        for stage in (self.sgd, self.half, self.certification, self.narrow, self.over_n):
            if stage is not None and stage.taken < stage.total:
                stage.advance(target - begun, deadline)
                return begun + stage.taken
            begun += stage.total if stage else 0
        return begun

    # ------------------------------------------------------------ measuring

    @property
    def learned(self) -> bool:
        """Whether the trained networks have been measured."""
        return self.history.last >= self.sgd.total

    @property
    def certified(self) -> bool:
        """Whether the certificates of all draws have been measured."""
        return self.history.last >= self._certification_to

    @property
    def compared(self) -> bool:
        """Whether the narrow posterior has been certified too, where there is one."""
        return self.history.last >= self._narrow_to

    @property
    def measured(self) -> list[NetworkMeasurement]:
        """What is known of every network, in the order of `networks`; none before the first measurement."""
        return self.measurements.networks

    def measured_in(self, condition: Labels) -> list[NetworkMeasurement]:
        """Return what is known of the networks of a condition, one per seed."""
        return [found for network, found in zip(self.networks, self.measured, strict=False) if network.setting == condition]

    def measure(self) -> dict[str, Any]:
        """Return every network's errors and bounds: those of its weights while SGD trains, those of its posterior afterwards.

        Raises:
            Diverged: weights are no longer finite.
        """
        self._check_weights()
        record = dict(self.history.records[-1]) if self.learned else self._measure_weights()
        if self.step > self._certification_from and not self.certified:
            record |= self._measure_posteriors()
        if self.narrow and self.step == self._narrow_to:
            record |= self._measure_narrow(self.narrow)
        self._say()
        return record

    def _check_weights(self) -> None:
        posteriors = self.certification.posteriors
        weights = self.sgd.weights + (posteriors.mean + posteriors.spread).cpu().numpy()
        for network, row in zip(self.networks, weights, strict=True):
            if not (np.abs(row) < LARGEST).all():
                raise Diverged(f"the weights of the network on {network.setting.label} are no longer finite")

    def _measure_weights(self) -> dict[str, list[float]]:
        """Measure the networks; one that had finished at the last measurement is as it was."""
        weights, before = self.sgd.weights, self.measured
        self.measurements.networks = [
            before[place]
            if self.sgd.ends[place] <= self.history.last
            else measured(self.problems[place % len(self.seeds)], network.setting, weights[place], self.sgd.initial[place], self.config)
            for place, network in enumerate(self.networks)
        ]
        self._measure_class()
        errors = {
            "train-error": [network.train_error for network in self.measured],
            "test-error": [network.test_error for network in self.measured],
        }
        return {**errors, **self.measurements.values()}

    def _measure_class(self) -> None:
        """Add to every network the Rademacher bound of its class, from the random signs that the seed's network on them fits."""
        tried = self.measured_in(RANDOM)
        for place, network in enumerate(self.measured):
            fitted = 1 - tried[place % len(self.seeds)].train_error if tried else None
            network.bounds["Rademacher"] = rademacher(len(network.margins), network.train_error, self.config.delta, fitted)

    def _measure_narrow(self, narrow: NarrowCertification) -> dict[str, list[float]]:
        """Add the certificates of the narrow posteriors to the networks on true labels."""
        certificates, test_errors = narrow.certificates()
        for network, certificate, error in zip(self.measured_in(TRUE), certificates, test_errors.tolist(), strict=True):
            network.bounds["half data"] = narrow_bound(certificate, error)
        return {"half data": [certificate.value for certificate in certificates], "half-data-test-error": test_errors.tolist()}

    def _measure_posteriors(self) -> dict[str, list[float]]:
        """Add the bounds of the posteriors."""
        certificates, test_errors = self.certification.certificates()
        for place, certificate in enumerate(certificates):
            trained = self.certification.posteriors.weight(place)
            bounds = posterior_bounds(certificate, self.config.objective, self.config.surrogate, trained)
            self.measured[place].bounds.update({bound.name: bound for bound in bounds})
        errors = {
            "stochastic-train-error": [certificate.risk for certificate in certificates],
            "stochastic-test-error": test_errors.tolist(),
        }
        return {**errors, **self.measurements.values()}

    def _say(self) -> None:
        self._say_what_holds(*on_spheres(self.over_n))

    def _say_what_holds(self, *more: str) -> None:
        sure, drawn = (f"{100 * (1 - fails):g} %" for fails in (self.config.delta, self.config.delta + DRAWS_DELTA))
        holds = f"each bound holds with probability {sure}; PAC-Bayes, learnt prior with {drawn}"
        self.notes = (*self.problems[0].notes, holds, *more)

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Bars, curves over n, margins and the linear example."""
        return (*figures.bars(self), *figures.over_n(self), *figures.margins_below(self), *figures.two_sided(self))

    def pictures(self) -> tuple[Picture, ...]:
        """S and S' of the linear example."""
        return (figures.two_sided_plane(self),)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """1, chance, the measured error and gap; the chosen D/m."""
        return tuple(figures.markers(self))

    def details(self) -> tuple[Detail, ...]:
        """Every bound with its formula and constants."""
        return tuple(bound_details(self))

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y_true, y_random (n,) signs, X_test, y_test; in each condition W1, b1, ... trained weights (fan_in, fan_out), margins
        (n,) and bounds (in the order of `bounds`); posterior means w, variances s, prior means w0; two-sided errors; over n.
        """
        problem, weights = self.problems[0], self.sgd.weights
        found: dict[str, NDArray[Any]] = {"X": problem.x, "X_test": problem.x_test}
        for place, network in enumerate(self.networks[:: len(self.seeds)]):
            first, name = place * len(self.seeds), network.setting.name
            found |= {f"y_{name}": problem.signs[name], f"y_test_{name}": problem.test_signs[name]}
            found |= {f"{name}_{'Wb'[k % 2]}{k // 2 + 1}": block for k, block in enumerate(cut(weights[first], self.config.sizes))}
            if self.step > self._certification_from:
                w, s, w0, prior = self.certification.posteriors.posterior(first)
                found |= {f"{name}_w": w, f"{name}_s": s, f"{name}_w0": w0, f"{name}_lambda": np.array(prior)}
            if self.measured:
                bounds = self.measured[first].bounds
                values = np.array([bounds[bound].value if bound in bounds else np.nan for bound in BOUNDED])
                found |= {f"{name}_margins": self.measured[first].margins, f"{name}_bounds": values}
        errors = [[[one.test_error, one.flipped_error] for one in draws] for draws in self.examples.values()]
        return {
            **found, "over_n": self.over_n.rows if self.over_n else np.empty((0, len(COLUMNS))), "over_n_columns": np.array(COLUMNS),
            "bounds": np.array(BOUNDED), "D_over_m": np.array(list(self.examples)), "two_sided": np.array(errors),
        }  # fmt: skip

    def parts(self) -> Mapping[str, Stateful]:
        """What was last measured, and every stage that may have begun by the present step."""
        parts: dict[str, Stateful] = {"measurements": self.measurements, "sgd": self.sgd}
        if self.half and self.step >= self.sgd.total:
            parts["half"] = self.half
        if self.step >= self._certification_from:
            parts["certification"] = self.certification
        if self.narrow and self.step >= self._certification_to:
            parts["narrow"] = self.narrow
        if self.over_n and self.step >= self._narrow_to:
            parts["over-n"] = self.over_n
        return parts

    def restore(self, state: State) -> None:
        """Continue from a state."""
        super().restore(state)
        self._say()
