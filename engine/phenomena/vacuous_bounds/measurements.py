"""What is known of every network at the latest measurement, in a form that is saved and read back exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.config import Labels, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.network_bounds import TrainedNetwork, weight_bounds
from engine.phenomena.vacuous_bounds.problem import Problem, cut, outputs
from engine.state import State
from engine.theory.bounds.norm_bounds import normalised_margins
from engine.theory.bounds.risk_bounds import Bound

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NetworkMeasurement:
    """One network: its errors, training margins (n,), and bounds by name, those of its posterior once there is one."""

    train_error: float
    test_error: float
    margins: Floats
    bounds: dict[str, Bound]

    @property
    def normalised_margins(self) -> Floats | None:
        """The margins divided by `|X|_F R_A/n`; None for a network that is where it began."""
        entered = self.bounds["spectral"].constants
        if not entered["R_A"] > 0:
            return None
        return normalised_margins(self.margins, entered["R_A"], entered["|X|_F"], len(self.margins))


def measured(
    problem: Problem, condition: Labels, weights: NDArray[np.float32], initial: NDArray[np.float32], config: VacuousBoundsConfig
) -> NetworkMeasurement:
    """Measure one network of these weights and initial weights, (P,) each."""
    layers, signs = cut(weights, config.sizes), problem.signs[condition.name]
    net = TrainedNetwork(layers, cut(initial, config.sizes), problem.inputs, signs, problem.reach)
    margins = np.asarray(signs * outputs(layers, problem.inputs[:, :-1])[:, 0])
    test_error = float(np.mean(problem.test_signs[condition.name] * outputs(net.layers, problem.x_test)[:, 0] <= 0))
    bounds = weight_bounds(net, margins, test_error, len(problem.x_test), config.delta, config.margin)
    return NetworkMeasurement(float(np.mean(margins <= 0)), test_error, margins, {bound.name: bound for bound in bounds})


class Measurements:
    """Every network's measurement, in the order of the networks; none before the first."""

    def __init__(self) -> None:
        self.networks: list[NetworkMeasurement] = []

    def values(self) -> dict[str, list[float]]:
        """Return by name the bounds that every network has, of every network."""
        names = [name for name in self.networks[0].bounds if all(name in network.bounds for network in self.networks)]
        return {name: [network.bounds[name].value for network in self.networks] for name in names}

    def state(self) -> State:
        """Return everything but the margins as plain JSON."""
        rows = [asdict(network) for network in self.networks]
        margins = [row.pop("margins") for row in rows]
        return State({"margins": np.stack(margins)} if margins else {}, {"networks": rows})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self.networks = [
            NetworkMeasurement(**{**row, "margins": margins, "bounds": {name: Bound(**bound) for name, bound in row["bounds"].items()}})
            for row, margins in zip(state.scalars["networks"], state.arrays.get("margins", ()), strict=True)
        ]
