"""The walks themselves: every step size and seed at once, `walks` of them each; theory is drawn over the measurement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.headline import Known, number
from engine.phenomenon import Training, geometric_grid
from engine.readings import Network
from engine.seeds import streams
from engine.state import State, Stateful
from genlab_noise_floor import SPEC, NoiseFloorConfig
from genlab_noise_floor.claims import JUDGES

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepSize:
    """The setting of a curve."""

    eta: float

    @property
    def name(self) -> str:
        """The key of its series: `risk/0.1`."""
        return f"{self.eta:g}"

    @property
    def label(self) -> str:
        """What the legend says."""
        return f"eta {self.eta:g}"


class Walks:
    """The part that has a state: the weights (networks, walks, d), one stream of noise per network."""

    def __init__(self, networks: list[Network[StepSize]], walks: int, lam: Floats, sigma: float) -> None:
        self.lam, self.sigma, self.taken = lam, sigma, 0
        self.eta = np.array([network.setting.eta for network in networks])[:, None, None]
        self.noise = [streams(network.seed).noise for network in networks]  # alike at every step size
        self.w = np.ones((len(networks), walks, len(lam)))

    def step(self) -> None:
        """Take one step with every walk."""
        drawn = np.stack([rng.standard_normal(self.w.shape[1:]) for rng in self.noise])
        self.w -= self.eta * (self.lam * self.w + self.sigma * drawn)
        self.taken += 1

    def risks(self) -> Floats:
        """Return every walk's excess risk, (networks, walks)."""
        return np.asarray(0.5 * np.square(self.w) @ self.lam)

    def state(self) -> State:
        """Return the weights, and where each stream stands."""
        return State({"w": self.w}, {"taken": self.taken, "streams": [rng.bit_generator.state for rng in self.noise]})

    def restore(self, state: State) -> None:
        """Go on from there."""
        self.w, self.taken = state.arrays["w"].copy(), state.scalars["taken"]
        for rng, place in zip(self.noise, state.scalars["streams"], strict=True):
            rng.bit_generator.state = place


class NoiseFloor(Training[NoiseFloorConfig]):
    """A few step sizes side by side."""

    spec = SPEC
    judges: ClassVar = JUDGES

    def __init__(self, config: NoiseFloorConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.total, self.grid = config.steps, geometric_grid(config.steps)
        self.settings = [StepSize(eta) for eta in dict.fromkeys(config.etas)]
        self.networks = [Network(setting, seed) for setting in self.settings for seed in seeds]
        self.walks = Walks(list(self.networks), config.walks, 1 / np.arange(1.0, config.d + 1), config.sigma)

    def train(self, target: int, budget: float) -> int:
        """Take steps towards `target` for about `budget` seconds."""
        deadline = perf_counter() + budget
        while self.walks.taken < target and perf_counter() < deadline:
            self.walks.step()
        return self.walks.taken

    def measure(self) -> dict[str, Any]:
        """Return the risk of every network: a mean over its walks."""
        return {"risk": self.walks.risks().mean(axis=1).tolist()}

    def clauses(self, known: Known) -> Iterator[str]:
        """The headline: the risk of the largest step size beside what the closed form expects of it now."""
        largest, step = max(self.settings, key=lambda setting: setting.eta), self.history.last
        expected = number([self.expected(largest.eta, step)])
        yield f"eta {largest.eta:g} at step {step:,}: risk {number(self.readings.latest('risk', largest.name))}, expected {expected}"

    def series(self) -> tuple[Series, ...]:
        """The declared curves, and the closed form over each."""
        steps = self.grid[self.grid > 0]
        lines = [
            Series(f"risk/exact/{setting.name}", f"exact, {setting.label}", steps.astype(float),
                   np.array([self.expected(setting.eta, int(step)) for step in steps]), kind="theory", basis="exact", group=setting.name)
            for setting in self.settings
        ]  # fmt: skip
        return (*super().series(), *lines)

    def expected(self, eta: float, step: int) -> float:
        """Return the expected risk after `step` steps from w = 1: `E w^2 = a^2t + eta^2 sigma2 (1 - a^2t)/(1 - a^2)`, a = 1 - eta lam."""
        lam, a2t = self.walks.lam, (1 - eta * self.walks.lam) ** (2 * step)
        second = a2t + eta * self.config.sigma**2 * (1 - a2t) / (lam * (2 - eta * lam))
        return float(0.5 * lam @ second)

    def final(self, setting: StepSize) -> tuple[float, float]:
        """Return the mean risk of a setting's walks at the last step, and its standard error."""
        risks = self.walks.risks()[self.readings.columns(setting.name)].ravel()
        return float(risks.mean()), float(risks.std(ddof=1) / np.sqrt(risks.size))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """w (networks, walks, d), lam (d,), eta (networks,)."""
        return {"w": self.walks.w, "lam": self.walks.lam, "eta": self.walks.eta[:, 0, 0]}

    def parts(self) -> Mapping[str, Stateful]:
        """What has to be saved."""
        return {"walks": self.walks}
