"""Presets of deep double descent: digits and signals within seconds or minutes, the paper's networks on CIFAR-10, and each one's sister."""

from __future__ import annotations

from typing import Any

from engine.contract import Preset

SIGNALS: dict[str, Any] = {
    "dataset": "mnist1d", "h": (2, 4, 8, 12, 20, 36, 64, 100, 150, 200, 300, 500, 1500), "n": 1000, "tests": 2000, "lr": 0.01,
    "steps": 1000, "convention": "uniform", "samples": (0,),
}  # fmt: skip
NOTEBOOK: dict[str, Any] = {
    "dataset": "mnist1d", "h": (9, 12, 16, 27, 36, 47, 61, 104, 135, 300), "n": 4000, "tests": 12_000, "noise": 0.15,
    "convention": "uniform", "loss": "ce", "depth": 2, "lr": 0.01, "optimizer": "sgd", "batch": 100, "steps": 20_000, "clean": True,
    "samples": (0,),
}  # fmt: skip
STANDARD: dict[str, Any] = {"clean": True, "samples": (1, 2, 4, 8, 16, 31, 62, 125, 250, 400, 1200), "sample_h": 50}

CIFAR: dict[str, Any] = {
    "dataset": "cifar10", "n": 50_000, "tests": 10_000, "noise": 0.2, "convention": "incorrect", "loss": "ce", "batch": 128,
    "augment": True, "samples": (0,), "h": (*range(1, 15), 16, 18, 20, 24, 28, 32, 40, 48, 56, 64),
}  # fmt: skip
RESNET: dict[str, Any] = {**CIFAR, "model": "resnet", "optimizer": "adam", "lr": 1e-4, "steps": 1_560_000}
CNN: dict[str, Any] = {
    **CIFAR, "model": "cnn", "optimizer": "sgd", "momentum": 0.0, "lr": 0.1, "schedule": "inverse-root", "steps": 500_000,
    "samples": (12_500, 25_000), "sample_h": 64,
}  # fmt: skip
SMALL: dict[str, Any] = {
    "dataset": "digits196", "tests": 1500, "noise": 0.4, "convention": "incorrect", "loss": "ce", "batch": 50, "samples": (0,),
}  # fmt: skip
RESNET_SMALL: dict[str, Any] = {
    **SMALL, "model": "resnet", "h": (1, 2, 3, 4, 8, 16), "n": 3000, "batch": 100, "optimizer": "adam", "lr": 1e-3, "schedule": "linear",
    "steps": 560,
}  # fmt: skip
CNN_SMALL: dict[str, Any] = {
    **SMALL, "model": "cnn", "h": (1, 2, 3, 5, 8), "n": 1000, "optimizer": "sgd", "momentum": 0.0, "lr": 0.1,
    "schedule": "inverse-root", "steps": 800,
}  # fmt: skip

PRESETS = (
    Preset("quick", "eleven widths on 700 digits, a fifth of the labels wrong", {},
           "arXiv:1912.02292, Fig. 1, with the network of arXiv:1812.11118, Fig. 4"),
    Preset("standard", "noisy and true labels, twelve sample sizes, three seeds", STANDARD, "arXiv:1912.02292, Fig. 1 and 11", seeds=3),
    Preset("mnist1d", "thirteen widths on 1000 noisy signals", SIGNALS, "arXiv:1912.02292, Fig. 1, on MNIST-1D (arXiv:2011.14439)"),
    Preset("mnist1d-notebook", "the published notebook: two hidden layers, 4000 signals, SGD for 500 epochs, 15 % noise",
           NOTEBOOK, "arXiv:2011.14439, deep double descent notebook"),
    Preset("nakkiran-resnet", "pre-activation ResNet18 of 24 widths k up to 64 on CIFAR-10, 20 % of the labels wrong, 4000 epochs of Adam",
           RESNET, "arXiv:1912.02292, Fig. 1 and 4", needs="cifar10 and a GPU"),
    Preset("nakkiran-cnn", "five-layer CNN of 24 widths k up to 64 on CIFAR-10 and on parts of it, 20 % wrong labels, 500,000 steps of SGD",
           CNN, "arXiv:1912.02292, Fig. 5 and 11", needs="cifar10 and a GPU"),
    Preset("nakkiran-resnet-small",
           "the pre-activation ResNet18 of six widths k up to 16 on 3,000 digits, 40 % wrong labels, Adam's rate falls to 0, six seeds",
           RESNET_SMALL, "arXiv:1912.02292, Fig. 1, on digits", seeds=6),
    Preset("nakkiran-cnn-small", "the five-layer CNN of five widths k up to 8, the paper's SGD, on 1,000 digits, 40 % of the labels wrong",
           CNN_SMALL, "arXiv:1912.02292, Fig. 5, on digits"),
)  # fmt: skip
