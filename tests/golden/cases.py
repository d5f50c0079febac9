"""Reduced runs, about two seconds each, that together touch every model, data kind and branch of every phenomenon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One run: a phenomenon, what differs from preset `quick`, its seeds."""

    phenomenon: str
    name: str
    knobs: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)

    @property
    def id(self) -> str:
        """The case's file name."""
        return f"{self.phenomenon}--{self.name}"


RANDOM = {"width": 32, "n": 200, "epochs": 4, "levels": (0.5,), "batch": 50}
BOUNDS = {"n": 300, "width": 12, "epochs": 6, "random_epochs": 12, "steps": 60, "mc": 100, "follow": "nothing", "m": 20, "D_over_m": 64}
NORM = {"steps": 300, "draws": 10, "d": 20, "side": 6}
DESCENT = {"n": 30, "D": 90, "draws": 4, "relu_draws": 0, "digits": 0}
MULTIPLE = {"study": "multiple-descent", "spectrum": "blocks", "blocks": (4, 10, 16), "draws": 3}
STOPPED = {"study": "early-stopping", "n": 20, "sizes": (10, 20), "draws": 3, "weight_draws": 20}
FOURIER = {"study": "fourier-features", "images": "digits196", "examples": 60, "most_features": 240, "noise": 0.1, "draws": 1}
NETWORK = {"study": "network", "images": "digits196", "examples": 60, "widths": (1, 2, 3, 12), "epochs": 6, "batch": 20, "noise": 0.1}
DEEP = {
    "dataset": "mnist1d", "convention": "uniform", "lr": 0.01, "h": (4, 12, 24), "n": 100, "tests": 200, "steps": 120, "samples": (25, 50),
    "sample_h": 12,
}  # fmt: skip
GROK = {"p": 17, "width": 60, "fraction": 0.5, "steps": 200}
BENIGN = {"n": (20, 40), "draws": 6}
LAZY = {"alpha": (0.1, 1.0, 10.0), "d": 8, "n": 40, "m": 20, "widths": (10, 40), "steps": 300}

CASES = (
    Case("random-labels", "digits196", {**RANDOM, "dataset": "digits196"}),
    Case("random-labels", "digits5k-incorrect", {**RANDOM, "noise": "incorrect", "inputs": "shuffled", "depth": 2, "corruption": 0.8}),
    Case("random-labels", "mnist1d-cnn", {**RANDOM, "dataset": "mnist1d", "model": "both", "depth": 2, "wd": 0.001}, (0, 1)),
    Case("interpolation-threshold", "isotropic", {"n": 30, "draws": 8}),
    Case("interpolation-threshold", "power-digits", {"n": 20, "draws": 3, "spectrum": "power", "digits": True, "d_max": 2.0}, (0, 1)),
    Case("interpolation-threshold", "rademacher", {"n": 24, "draws": 6, "entries": "rademacher", "spectrum": "exponential", "d": 2.0}),
    Case("min-norm", "linear", NORM),
    Case("min-norm", "adam-from-elsewhere", {**NORM, "optimiser": "adam", "w0": 1.0, "eta": 0.9}, (0, 1)),
    Case("min-norm", "diagonal", {**NORM, "param": "diagonal", "alpha": 0.1}),
    Case("min-norm", "deep-matrix", {**NORM, "param": "deep-matrix", "eta": 0.3}),
    Case("min-norm", "label-noise", {**NORM, "param": "label-noise", "alpha": 0.5, "noise_step": 0.01}, (0, 1)),
    Case("min-norm", "mirror", {**NORM, "param": "mirror", "eta": 0.2, "p": 1.75}),
    Case("max-margin", "four-point", {"gd_steps": 3000}),
    Case("max-margin", "soudry", {"gd_steps": 500, "data": "soudry", "decades": 20, "optimiser": "sign"}, (0, 1)),
    Case("max-margin", "gauss", {"gd_steps": 500, "data": "gauss", "n": 20, "d": 6, "bias": True, "optimiser": "momentum"}),
    Case("max-margin", "mnist1d", {"gd_steps": 300, "data": "mnist1d", "n": 30, "decades": 10, "adam_eps": 1e-6, "optimiser": "adam"}),
    Case("max-margin", "asymptotics", {"study": "asymptotics", "n": 30, "draws": 3, "psi": (0.1, 1.0, 2.0)}, (0, 1)),
    Case("max-margin", "mirror", {"study": "mirror", "n": 8, "d": 20, "steps": 300}, (0, 1)),
    Case("max-margin", "homogeneous", {"study": "homogeneous", "examples": 20, "width": 40, "steps": 220}, (0, 1)),
    Case("max-margin", "convolutional", {"study": "convolutional", "examples": 20, "batch": 5, "epochs": 40, "channels": 0.1, "lr": 0.3,
                                        "rates": "constant"}),
    Case("double-descent", "head", DESCENT),
    Case("double-descent", "power-tuned", {**DESCENT, "spectrum": "power", "profile": "flat", "tuned": True}, (0, 1)),
    Case("double-descent", "well-specified-ridge", {**DESCENT, "profile": "well-specified", "ridge": 1.0}),
    Case("double-descent", "relu", {**DESCENT, "features": "relu", "d": 15, "relu_draws": 1}),
    Case("double-descent", "fourier", {**DESCENT, "features": "fourier", "noise": 0.2, "n": 40, "D": 120}),
    Case("double-descent", "digits", {**DESCENT, "digits": 60, "digit_features": 200, "draws": 2}),
    Case("double-descent", "multiple-descent", MULTIPLE, (0, 1)),
    Case("double-descent", "early-stopping", STOPPED, (0, 1)),
    Case("double-descent", "fourier-features", FOURIER, (0, 1)),
    Case("double-descent", "network", NETWORK, (0, 1)),
    Case("benign-overfitting", "exp-eps", BENIGN),
    Case("benign-overfitting", "signal-ridge", {**BENIGN, "family": "power", "a": 3.0, "signal": 1.0, "ridge": 0.5}, (0, 1)),
    Case("benign-overfitting", "classification", {"task": "classification", "n": (20, 40), "c": (0.5, 1.5, 3.0), "draws": 8}, (0, 1)),
    Case("benign-overfitting", "digits", {**BENIGN, "family": "log", "draws": 2, "digits": True}),
    Case("deep-double-descent", "mnist1d", DEEP, (0, 1)),
    Case("deep-double-descent", "digits-ce-clean", {**DEEP, "dataset": "digits196", "loss": "ce", "clean": True, "wd": 0.1, "depth": 2}),
    Case("deep-double-descent", "sgd-batches", {**DEEP, "optimizer": "sgd", "batch": 20, "convention": "incorrect", "lr": 0.05}),
    Case("grokking", "gromov", GROK, (0, 1)),
    Case("grokking", "sweep-mul", {**GROK, "op": "mul", "sweep": True, "steps": 120}),
    Case("grokking", "mlp-perp-grad", {**GROK, "model": "mlp", "speedup": "perp-grad", "wd": 0.0, "beta2": 0.99, "steps": 100}),
    Case("grokking", "mlp-stablemax", {**GROK, "model": "mlp", "speedup": "stablemax", "optimizer": "sgd", "op": "x3+xy", "steps": 100}),
    Case("grokking", "transformer", {**GROK, "model": "transformer", "speedup": "grokfast", "lr": 0.001, "steps": 100}),
    Case("grokking", "s5", {**GROK, "model": "mlp", "op": "s5", "steps": 100, "fraction": 0.05, "width": 50}),
    Case("grokking", "decoder", {**GROK, "model": "decoder", "p": 11, "width": 56, "op": "div-or-sub", "batch": 20, "wd": 0.0,
                                  "steps": 100}),
    Case("grokking", "images", {"task": "images", "n": 40, "width": 50, "steps": 100, "wd": 0.15, "lr": 0.006, "sweep": True}, (0, 1)),
    Case("lazy-training", "kernel", LAZY, (0, 1)),
    Case("lazy-training", "published", {**LAZY, "rule": "published", "symmetrise": False, "widths": (20,), "lr": 1.0}),
    Case("lazy-training", "lazy-scales", {**LAZY, "alpha": (1.0, 10.0, 100.0, 1000.0), "widths": (20, 40)}),
    Case("edge-of-stability", "tanh", {"edges": (10.0,), "n": 60, "width": 8, "steps": 100, "every": 20}, (0, 1)),
    Case("neural-collapse", "both", {"per_class": 6, "tests": 10, "width": 12, "steps": 60, "batch": 20}, (0, 1)),
    Case("neural-collapse", "cross-entropy-random", {"per_class": 5, "tests": 5, "width": 8, "depth": 1, "steps": 40, "batch": 25,
                                                     "loss": "cross-entropy", "labels": "random", "free_features": 4}),
    Case("vacuous-bounds", "arms", BOUNDS, (0, 1)),
    Case("vacuous-bounds", "quadratic", {**BOUNDS, "objective": "quadratic", "surrogate": "bounded", "prior": "half-data", "depth": 2}),
    Case("vacuous-bounds", "lambda-digits5k", {**BOUNDS, "objective": "lambda", "dataset": "digits5k", "n": 200, "labels": "true"}),
    Case("vacuous-bounds", "followed", {**BOUNDS, "follow": "few", "epochs": 2, "random_epochs": 2, "steps": 10}),
)  # fmt: skip
