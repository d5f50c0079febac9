"""Presets of the randomisation test: those of the paper on CIFAR-10, and for each one that shows the same on digits within a minute."""

from __future__ import annotations

from typing import Any

from engine.contract import Preset

ZHANG: dict[str, Any] = {
    "dataset": "cifar10", "n": 50_000, "crop": 28, "scaling": "image", "schedule": "epochwise", "momentum": 0.9, "batch": 128,
    "epochs": 100, "levels": (0.2, 0.4, 0.6, 0.8),
}  # fmt: skip
TABLE_1 = "arXiv:1611.03530, Fig. 1 and Table 1"

PRESETS = (
    Preset(
        "quick", "one seed of every condition on 1,000 real digits", {},
        "arXiv:1611.03530, Fig. 1 and Table 1 (MLP 1x512), on MNIST digits",
    ),
    Preset(
        "standard",
        "MLP 2x512 and a CNN on MNIST-1D, six corruption levels, five seeds",
        {"dataset": "mnist1d", "n": 4000, "model": "both", "depth": 2, "levels": (0.2, 0.4, 0.6, 0.8), "epochs": 45},
        "arXiv:2011.14439 (shuffled MNIST-1D) with the conditions of arXiv:1611.03530",
        seeds=5,
    ),
    Preset(
        "zhang-inception", "the small Inception on CIFAR-10, all conditions; batch size and first weights are unpublished",
        {**ZHANG, "model": "inception", "lr": 0.1}, f"{TABLE_1} (Inception)", needs="cifar10 and a GPU",
    ),
    Preset(
        "zhang-alexnet", "the small AlexNet on CIFAR-10, all conditions; batch size and first weights are unpublished",
        {**ZHANG, "model": "alexnet", "lr": 0.01}, f"{TABLE_1} (AlexNet)", needs="cifar10 and a GPU",
    ),
    Preset(
        "zhang-mlp1", "one hidden layer of 512 on CIFAR-10, all conditions; batch size and first weights are unpublished",
        {**ZHANG, "lr": 0.01}, f"{TABLE_1} (MLP 1x512)", needs="cifar10",
    ),
    Preset(
        "zhang-mlp3", "three hidden layers of 512 on CIFAR-10, all conditions; batch size and first weights are unpublished",
        {**ZHANG, "lr": 0.01, "depth": 3}, f"{TABLE_1} (MLP 3x512)", needs="cifar10",
    ),
    Preset(
        "zhang-inception-small", "the small Inception an eighth as wide, on 300 digits instead of CIFAR-10",
        {"dataset": "digits196", "n": 300, "scaling": "image", "schedule": "epochwise", "batch": 30, "epochs": 40, "levels": (1.0,),
         "model": "inception", "width_multiplier": 0.125, "lr": 0.1},
        f"{TABLE_1} (Inception)",
    ),
    Preset(
        "zhang-alexnet-small", "the small AlexNet a quarter as wide and the paper's learning rate, on 200 digits instead of CIFAR-10",
        {"dataset": "digits196", "n": 200, "scaling": "image", "batch": 10, "epochs": 250, "levels": (0.5,), "corrupted_pixels": False,
         "model": "alexnet", "width_multiplier": 0.25, "lr": 0.01},
        f"{TABLE_1} (AlexNet)",
    ),
    Preset(
        "zhang-mlp1-small", "one hidden layer of 512 and the paper's learning rate, on digits instead of CIFAR-10",
        {"lr": 0.01, "epochs": 200}, "arXiv:1611.03530, Table 1 (MLP 1x512)",
    ),
    Preset(
        "zhang-mlp3-small", "three hidden layers of 512 and the paper's learning rate, on digits instead of CIFAR-10",
        {"depth": 3, "lr": 0.01, "epochs": 200}, "arXiv:1611.03530, Table 1 (MLP 3x512)",
    ),
    Preset(
        "pluskid-wrn", "WRN-28-1 on CIFAR-10, true and random labels",
        {"dataset": "cifar10", "n": 50_000, "scaling": "channel", "schedule": "drops", "momentum": 0.9, "batch": 128, "epochs": 300,
         "levels": (1.0,), "corrupted_pixels": False, "model": "wrn", "lr": 0.1, "wd": 1e-4},
        "pluskid/fitting-random-labels", needs="cifar10 and a GPU",
    ),
    Preset(
        "pluskid-wrn-small", "a wide residual network of ten layers, half as wide, on 300 digits, true and random labels",
        {"dataset": "digits196", "n": 300, "scaling": "channel", "schedule": "drops", "batch": 30, "epochs": 60, "levels": (1.0,),
         "corrupted_pixels": False, "model": "wrn", "wrn_depth": 10, "width_multiplier": 0.5, "lr": 0.1, "wd": 1e-4},
        "pluskid/fitting-random-labels",
    ),
)  # fmt: skip
