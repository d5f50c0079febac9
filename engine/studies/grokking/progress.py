"""The progress measures of the main arm at one moment, from its outputs and embeddings.

Nanda et al. 2023, arXiv:2301.05217, Section 5; the held-out margin and the share per neuron need no control (see notes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.studies.grokking.arms import Task, combined, wave_order

KEY_POWER = 0.8  # the key frequencies hold this share of the embedding's power
Floats = NDArray[np.float64]


def spectrum(op: str, embeddings: Floats) -> Floats:
    """Return the power (frequencies, 2 N) of both sides' neurons, (2, tokens, N), over the group in which op is a rotation."""
    from engine.theory.fourier import power_spectrum

    order = wave_order(op, embeddings.shape[1])
    return np.concatenate([power_spectrum(side[order]) for side in embeddings], axis=1)


def measures(op: str, task: Task, outputs: Floats, embeddings: Floats, loss: Callable[[Floats, Any], Floats]) -> dict[str, float]:
    """Return margin and share, and for addition and subtraction restricted (all pairs) and excluded loss (training pairs).

    outputs: (P, k) for the task's pairs; embeddings: (2, tokens, N). Key frequencies are the present ones that hold 80 % of
    the embedding's power.
    """
    from engine.theory.fourier import frequencies_for, key_frequencies, single_frequency_share
    from engine.theory.progress import excluded_logits, held_out_margin, restricted_logits

    table, train = task.table, task.train
    found = {"margin": float(held_out_margin(outputs[~train], table.labels[~train]))}
    if op not in WAVES:
        return found
    power = spectrum(op, embeddings)
    found["share"] = float(np.median(single_frequency_share(power)))
    values = combined(op, table)
    if values is not None:
        keys = key_frequencies(power, frequencies_for(power, KEY_POWER))
        found["restricted"] = float(loss(restricted_logits(outputs, values, keys, table.tokens), table.labels))
        excluded = excluded_logits(outputs, values, keys, table.tokens)[train]
        found["excluded"] = float(loss(excluded, table.labels[train]))
    return found


WAVES = ("add", "sub", "mul", "div")  # operations that are a rotation of a cyclic group


def analytic_accuracy(p: int, neurons: int, seed: int) -> float:
    """Return the accuracy of Gromov's analytic network on all pairs."""
    from engine.theory.operations import operation
    from engine.theory.progress import accuracy
    from engine.theory.quadratic_network import analytic_network

    network = analytic_network(p, neurons, np.random.default_rng(seed))
    return float(accuracy(network.logits(), operation("add", p).labels))
