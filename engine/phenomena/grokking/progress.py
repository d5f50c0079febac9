"""The progress measures of the main arm at one moment, from its outputs and embeddings.

Nanda et al. 2023, arXiv:2301.05217, Section 5; the held-out margin and the share per neuron need no control (see notes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.grokking.arms import COMBINED, Task, wave_order

KEY_POWER = 0.8  # the key frequencies hold this share of the embedding's power
Floats = NDArray[np.float64]


def spectrum(op: str, embeddings: Floats) -> Floats:
    """Return the power (frequencies, 2 N) of both sides' neurons, (2, tokens, N), over the group in which op is a rotation."""
    from engine.theory.modular_arithmetic.fourier import power_spectrum

    order = wave_order(op, embeddings.shape[1])
    return np.concatenate([power_spectrum(side[order]) for side in embeddings], axis=1)


def measures(op: str, task: Task, outputs: Floats, embeddings: Floats, loss: Callable[[Floats, Any], Floats]) -> dict[str, float]:
    """Return margin, share, Gini coefficient of the spectrum; for add and sub restricted and excluded loss.

    outputs: (P, k) for the task's pairs; embeddings: (1 or 2, tokens, N). Key frequencies are the present ones.
    """
    from engine.phenomena.grokking.progress_measures import held_out_margin
    from engine.theory.modular_arithmetic.fourier import gini, single_frequency_share

    table, train = task.table, task.train
    found = {"margin": float(held_out_margin(outputs[~train], table.labels[~train]))}
    if op not in WAVES:
        return found
    power = spectrum(op, embeddings)
    if len(embeddings) > 1:  # Gromov's columns are neurons; the transformer's are directions of its residual stream
        found["share"] = float(np.median(single_frequency_share(power)))
    found["gini"] = float(gini(power.sum(axis=1)))
    if op in COMBINED:
        restricted, excluded = circuit_losses(task, outputs, key_waves(op, embeddings), loss)
        found |= {"restricted": restricted, "excluded": excluded}
    return found


def key_waves(op: str, embeddings: Floats) -> NDArray[np.int64]:
    """Return the frequencies that hold 80 % of the embedding's power, strongest first; embeddings: (1 or 2, tokens, N)."""
    from engine.theory.modular_arithmetic.fourier import frequencies_for, key_frequencies

    power = spectrum(op, embeddings)
    return key_frequencies(power, frequencies_for(power, KEY_POWER))


def circuit_losses(task: Task, outputs: Floats, keys: NDArray[np.int64], loss: Callable[[Floats, Any], Floats]) -> tuple[float, float]:
    """Return restricted loss (on all pairs) and excluded loss (on training pairs) for these key frequencies; outputs: (P, k).

    Args:
        task: of addition or subtraction, so that the label itself is a+b or a-b.
    """
    from engine.phenomena.grokking.progress_measures import wave_part

    labels, train = task.table.labels, task.train
    waves = wave_part(outputs, labels, keys, task.table.tokens)
    rest = outputs - waves
    one = np.unique(labels, return_index=True)[1]  # restricted outputs depend on a pair through a+b alone, and all are equally frequent
    restricted = waves[one] + rest.mean(axis=0)
    return float(loss(restricted, labels[one])), float(loss(rest[train], labels[train]))


WAVES = ("add", "sub", "mul", "div")  # operations that are a rotation of a cyclic group


def analytic_accuracy(p: int, neurons: int, seed: int) -> float:
    """Return the accuracy of Gromov's analytic network on all pairs."""
    from engine.phenomena.grokking.progress_measures import accuracy
    from engine.theory.modular_arithmetic.operations import operation
    from engine.theory.modular_arithmetic.quadratic_network import analytic_network

    network = analytic_network(p, neurons, np.random.default_rng(seed))
    return float(accuracy(network.logits(), operation("add", p).labels))


def look_up_difference(seed: int, device: str, p: int = 113, pairs: int = 500) -> float:
    """Return the largest difference between the transformer's logits by table look-up and in the plain form, first weights."""
    import torch

    from engine.phenomena.grokking.plain_transformer import plain_logits
    from engine.phenomena.grokking.transformer import Transformer, nanda_weights
    from engine.seeds import streams

    rng = streams(seed)
    network = Transformer(p, 512, 1, torch.float32, device)
    network.load(0, nanda_weights(p, 512, rng.init))
    cells = torch.from_numpy(rng.data.permutation(p * p)[:pairs]).to(device)
    asked = torch.stack([cells // p, cells % p], dim=1)
    plain = plain_logits([block[0] for block in network.blocks], asked)
    return float((network.predict(0, asked).T - plain).abs().max())
