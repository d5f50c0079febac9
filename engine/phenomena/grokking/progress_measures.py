"""Progress measures: what the waves of a+b alone achieve, what is left without them, the held-out margin, single-frequency neurons.

Nanda, Chan, Lieberum, Smith, Steinhardt 2023, arXiv:2301.05217, Section 5. Logits are (..., pairs, classes) in float64, with
any leading axes (members, steps). `combined` holds a+b mod p (a-b for subtraction) of every pair, all of Z_p equally often.

Restricted loss needs a control: functions of a+b average training logits into test cells, so that a pure memoriser scores
well on all frequencies. The held-out margin and the per-neuron share (`fourier`) do not have this defect.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from engine.phenomena.grokking.settings import Task
from engine.theory.conditions import Floats, require
from engine.theory.modular_arithmetic import fourier
from engine.theory.modular_arithmetic.operations import ADDITIVE, CYCLIC, cyclic_order
from engine.theory.quantities import finite

KEY_POWER = 0.8  # the key frequencies hold this share of the embedding's power
Loss = Callable[[Floats, NDArray[np.int64]], Floats]


def measures(task: Task, outputs: Floats, embeddings: Floats, loss: Loss) -> dict[str, float]:
    """Return the margin; for rotations share and Gini coefficient of the spectrum; for add and sub restricted and excluded loss.

    outputs: (P, k) for the task's pairs; embeddings: (1 or 2, tokens, N). Key frequencies are the present ones.
    """
    table, train = task.table, task.train
    found = {"margin": float(held_out_margin(outputs[~train], table.labels[~train]))}
    if table.name in CYCLIC:
        power = spectrum(table.name, embeddings)
        found["gini"] = float(fourier.gini(power.sum(axis=1)))
        if len(embeddings) > 1:  # columns are neurons; the transformer's are directions of its residual stream
            found["share"] = float(np.median(fourier.single_frequency_share(power)))
    if table.name in ADDITIVE:
        found["restricted"], found["excluded"] = circuit_losses(task, outputs, key_waves(table.name, embeddings), loss)
    return found


def spectrum(op: str, embeddings: Floats) -> Floats:
    """Return the power (frequencies, 1 or 2 N) of all sides' neurons, (1 or 2, tokens, N), over the group in which op is a rotation."""
    order = cyclic_order(op, embeddings.shape[1])
    return np.concatenate([fourier.power_spectrum(side[order]) for side in embeddings], axis=1)


def key_waves(op: str, embeddings: Floats) -> NDArray[np.int64]:
    """Return the frequencies that hold 80 % of the embedding's power, strongest first; embeddings: (1 or 2, tokens, N)."""
    power = spectrum(op, embeddings)
    return fourier.key_frequencies(power, fourier.frequencies_for(power, KEY_POWER))


def circuit_losses(task: Task, outputs: Floats, keys: NDArray[np.int64], loss: Loss) -> tuple[float, float]:
    """Return restricted loss (on all pairs) and excluded loss (on training pairs) for these key frequencies; outputs: (P, k).

    task: of addition or subtraction, so that the label itself is a+b or a-b.
    """
    labels, train = task.table.labels, task.train
    waves = wave_part(outputs, labels, keys, task.table.tokens)
    excluded = outputs[train] - waves[labels[train]]
    return float(loss(restricted(outputs, waves), np.arange(len(waves)))), float(loss(excluded, labels[train]))


def wave_part(logits: ArrayLike, combined: ArrayLike, frequencies: ArrayLike, p: int) -> Floats:
    """Return the projection of logits on the unit vectors along `cos(w c)` and `sin(w c)`, w = 2 pi f/p, c the combined value.

    The projection depends on a pair through c alone, so it is computed from the p means over pairs of equal c, and given once for each c.

    Args:
        logits: (..., pairs, classes).
        combined: (pairs,) whole numbers in 0..p-1, each equally often.
        frequencies: (K,) distinct, in 1..(p-1)/2.
        p: odd.

    Returns:
        (..., p, classes): row c is that of the pairs with value c. The excluded logits are the logits less their pair's row.

    Raises:
        ProblemError: shapes or values outside these.
    """
    outputs, values, waves = _logits(logits), np.asarray(combined), np.asarray(frequencies)
    _check(outputs, values, waves, p)
    order = np.argsort(values, kind="stable").reshape(p, -1)  # (p, pairs/p): row c holds the pairs with value c
    means = outputs[..., order, :].mean(axis=-2)  # (..., p, classes)
    angles = 2 * np.pi * (np.outer(np.arange(p), waves) % p) / p  # (p, K)
    directions = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * (2 / p) ** 0.5  # orthonormal columns on Z_p
    return np.asarray(directions @ (directions.T @ means))


def restricted(logits: ArrayLike, waves: Floats) -> Floats:
    """Return the waves alone, (..., p, classes) from `wave_part`, plus the mean over inputs of (original - waves)."""
    return np.asarray(waves + (_logits(logits).mean(axis=-2, keepdims=True) - waves.mean(axis=-2, keepdims=True)))


def log_softmax(logits: ArrayLike) -> Floats:
    """Return log-probabilities over the last axis in float64, where float32 would round small losses to 0."""
    outputs = _logits(logits)
    return np.asarray(outputs - logsumexp(outputs, axis=-1, keepdims=True))


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Floats:
    """Return the mean over pairs of `-ln softmax(logits)[label]`, (...).

    Raises:
        ProblemError: labels that do not fit the logits.
    """
    return np.asarray(-_correct(log_softmax(logits), labels).mean(axis=-1))


def squared_error(logits: ArrayLike, labels: ArrayLike) -> Floats:
    """Return the squared error against one-hot labels, summed over outputs, mean over pairs (Gromov's loss), (...).

    Raises:
        ProblemError: labels that do not fit the logits.
    """
    outputs = _logits(logits)
    _correct(outputs, labels)
    residual = outputs - np.eye(outputs.shape[-1])[np.asarray(labels)]
    return np.asarray((residual**2).sum(axis=-1).mean(axis=-1))


def accuracy(logits: ArrayLike, labels: ArrayLike) -> Floats:
    """Return the share of pairs whose largest logit is the label's, (...).

    Raises:
        ProblemError: labels that do not fit the logits.
    """
    outputs = _logits(logits)
    _correct(outputs, labels)
    return np.asarray(np.mean(outputs.argmax(axis=-1) == np.asarray(labels), axis=-1))


def held_out_margin(logits: ArrayLike, labels: ArrayLike) -> Floats:
    """Return the mean over (test) pairs of correct logit less mean logit, (...); above 0 once the rule acts on unseen pairs.

    Raises:
        ProblemError: labels that do not fit the logits, no pair.
    """
    outputs = _logits(logits)
    return np.asarray((_correct(outputs, labels) - outputs.mean(axis=-1)).mean(axis=-1))


def _logits(logits: ArrayLike) -> Floats:
    outputs = finite("logits", logits)
    require(outputs.ndim >= 2, f"logits must have axes (pairs, classes), got shape {outputs.shape}")
    return outputs


def _correct(outputs: Floats, labels: ArrayLike) -> Floats:
    right = np.asarray(labels)
    pairs, classes = outputs.shape[-2:]
    require(right.shape == (pairs,), f"there must be one label a pair, got {right.shape} for {pairs} pairs")
    require(bool(((right >= 0) & (right < classes)).all()), f"labels must lie in 0..{classes - 1}, got {right.min()}..{right.max()}")
    return np.asarray(outputs[..., np.arange(pairs), right])


def _check(outputs: Floats, combined: NDArray[np.int64], frequencies: NDArray[np.int64], p: int) -> None:
    require(p >= 3 and p % 2 == 1, f"p must be odd and at least 3, got {p}")
    require(
        combined.shape == outputs.shape[-2:-1], f"there must be one combined value a pair, got {combined.shape} for {outputs.shape[-2]}"
    )
    inside = bool(((combined >= 0) & (combined < p)).all())
    require(inside, f"combined values must lie in 0..{p - 1}, got {combined.min()}..{combined.max()}")
    counts = np.bincount(combined, minlength=p)
    require(bool((counts == counts[0]).all()), f"every combined value must occur equally often, got {counts.min()} to {counts.max()} times")
    known = bool(((frequencies >= 1) & (frequencies <= p // 2)).all()) and frequencies.ndim == 1 and frequencies.size > 0
    require(known, f"frequencies must be a list of numbers in 1..{p // 2}, got {frequencies.tolist()}")
    require(len(np.unique(frequencies)) == frequencies.size, f"frequencies must be distinct, got {frequencies.tolist()}")
