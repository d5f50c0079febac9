"""Restricted and excluded loss over the whole training, with the key frequencies of the final model.

Nanda et al. 2023, arXiv:2301.05217, Section 5, take the key frequencies from the network at the end of training, which is not known
before. So the main setting's weights are kept at some of the measured steps, and when training is over their outputs are computed again.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.grokking.ensembles import Ensembles
from engine.phenomena.grokking.progress_measures import circuit_losses, key_waves
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.theory.modular_arithmetic.operations import ADDITIVE

MEMORY = 2**26  # bytes of kept weights at most
DENSITIES = (20, 15, 10, 8, 6, 5, 4, 3, 2, 1)  # steps a decade at which weights are kept: the first that fits
Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


class Hindsight:
    """What the main setting's past looks like once its final model is known.

    Attributes:
        keys: the key frequencies of each seed's final model; empty before the end.
        steps, found: the steps looked at again so far, (k,), and their (restricted, excluded) losses by seed, each (2, seeds).
    """

    def __init__(self, ensembles: Ensembles, op: str, total: int) -> None:
        self._ensembles, self._op, self._seeds = ensembles, op, range(ensembles.watched)
        self._asked = op in ADDITIVE
        size = ensembles.groups[0].network.layout.parameters * 4 * len(self._seeds)
        fits = (density for density in DENSITIES if len(geometric_grid(total, density)) * size <= MEMORY)
        self._density = next(fits, DENSITIES[-1])
        self._grid = set(geometric_grid(total, self._density).tolist())
        self._kept: dict[int, Weights] = {}
        self.keys: list[NDArray[np.int64]] = []
        self.steps: list[int] = []
        self.found: list[Floats] = []

    def lengthen(self, total: int) -> None:
        """Let training end at a later step."""
        last = max(self._grid)
        self._grid |= {step for step in geometric_grid(total, self._density).tolist() if step > last}

    def wants(self, step: int) -> bool:
        """Whether the weights at this step are to be kept."""
        return self._asked and step in self._grid and step not in self._kept

    def keep(self, step: int, weights: Weights) -> None:
        """Keep the main setting's weights, (seeds, parameters)."""
        self._kept[step] = weights

    @property
    def complete(self) -> bool:
        """Whether everything has been looked at again."""
        return not self._asked or (bool(self.keys) and len(self.steps) == len(self._kept))

    def work(self, step: int, seconds: float) -> None:
        """Look at kept steps again for about this long, at least at one; call when training has ended, at its last step."""
        deadline = perf_counter() + seconds
        if self.wants(step):
            self._conclude(step)
        for past in sorted(self._kept)[len(self.steps) :] if self._asked else ():
            self.found.append(np.stack([self._losses(seed, self._kept[past][seed]) for seed in self._seeds], axis=1))
            self.steps.append(past)
            if perf_counter() >= deadline:
                return

    def _conclude(self, step: int) -> None:
        """Take the key frequencies from the final model; from one that has diverged nothing is to be learned."""
        self.keep(step, np.stack([self._ensembles.row(seed) for seed in self._seeds]))
        final = [self._ensembles.replay(seed, row) for seed, row in enumerate(self._kept[step])]
        self._asked = all(np.isfinite(seen.outputs).all() for seen in final)
        self.keys = [key_waves(self._op, seen.embeddings) for seen in final if self._asked]

    def _losses(self, seed: int, weights: Weights) -> Floats:
        outputs = self._ensembles.replay(seed, weights).outputs
        return np.array(circuit_losses(self._ensembles.tasks[seed], outputs, self.keys[seed], self._ensembles.loss))

    def losses(self, quantity: str) -> tuple[Floats, Floats]:
        """Return the steps (k,) and the "restricted" or "excluded" losses (k, seeds) once all are there."""
        if not self.steps:
            return np.empty(0), np.empty((0, len(self._seeds)))
        return np.array(self.steps, dtype=np.float64), np.stack(self.found)[:, ("restricted", "excluded").index(quantity)]

    def sentences(self) -> tuple[str, ...]:
        """Name the final model's key frequencies, seed after seed, once they are known."""
        return tuple(f"{len(found)} key frequencies of the final model: " + ", ".join(map(str, np.sort(found))) for found in self.keys)

    def state(self) -> State:
        """Return the kept weights and what has been found."""
        arrays: dict[str, NDArray[Any]] = {f"kept-{place}": weights for place, weights in enumerate(self._kept.values())}
        arrays |= {f"keys-{seed}": found for seed, found in enumerate(self.keys)}
        arrays["losses"] = np.array(self.found)
        return State(arrays, {"kept": list(self._kept), "steps": list(self.steps)})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self._kept = {step: state.arrays[f"kept-{place}"] for place, step in enumerate(state.scalars["kept"])}
        self.keys = [state.arrays[name] for name in (f"keys-{seed}" for seed in self._seeds) if name in state.arrays]
        self.steps, self.found = list(state.scalars["steps"]), list(state.arrays["losses"])
