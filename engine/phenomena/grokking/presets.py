"""Presets of grokking: addition within seconds, the papers' own settings, and for the largest one that shows the same in minutes."""

from __future__ import annotations

from engine.contract import Preset

PRESETS = (
    Preset("quick", "addition mod 59 with and without weight decay; half of the table mod 53 without", {}, "arXiv:2301.02679"),
    Preset(
        "standard", "data fractions .2 to .6 times weight decays 0 to 3, three seeds of each", {"sweep": True, "steps": 3000},
        "arXiv:2301.02679; arXiv:2201.02177, Fig. 1", seeds=3,
    ),
    Preset(
        "long-delay", "a smaller table, memorised within 30 steps and understood thousands of steps later; three seeds",
        {"p": 41, "width": 160, "fraction": 0.35, "steps": 4000}, "arXiv:2301.02679", seeds=3,
    ),
    Preset(
        "nanda", "the one-layer transformer of 226,816 parameters as published; tens of minutes on a CPU",
        {
            "model": "transformer", "p": 113, "width": 512, "wd": 1.0, "lr": 0.001, "steps": 40_000, "every": 100,
        },
        "arXiv:2301.05217, Sec. 3 and 5",
    ),
    Preset(
        "prieto", "a perceptron without weight decay: perp-Grad groks within 300 steps, its control does not",
        {
            "model": "mlp", "p": 113, "width": 200, "fraction": 0.4, "wd": 0.0, "lr": 0.01, "beta2": 0.99, "steps": 300, "every": 10,
            "speedup": "perp-grad",
        },
        "arXiv:2501.04697, Fig. 1",
    ),
    Preset(
        "power", "division mod 97, half of the table, the two-layer decoder of 419,328 parameters, no weight decay: the headline of 2022",
        {
            "model": "decoder", "p": 97, "op": "div", "width": 128, "fraction": 0.5, "wd": 0.0, "lr": 0.001, "batch": 512,
            "steps": 1_000_000, "every": 1000,
        },
        "arXiv:2201.02177, Fig. 1 left and Appendix A.1", needs="a GPU",
    ),
    Preset(
        "power-small", "division mod 31, the decoder half as wide; with weight decay 1, unlike the headline: without any none grokked here",
        {
            "model": "decoder", "p": 31, "op": "div", "width": 64, "fraction": 0.7, "wd": 1.0, "lr": 0.003, "batch": 256, "steps": 5000,
            "every": 50,
        },
        "arXiv:2201.02177, Fig. 1 left and Appendix A.1",
    ),
    Preset(
        "omnigrok", "1,000 images of MNIST, all first weights times 8; beside it times 1, and without decay",
        {
            "task": "images", "dataset": "mnist", "n": 1000, "alpha": 8.0, "depth": 2, "width": 200, "batch": 200, "wd": 0.01,
            "lr": 0.001, "beta2": 0.999, "precision": "double", "steps": 100_000, "every": 1000,
        },
        "arXiv:2210.01117, Fig. 3", needs="mnist",
    ),
    Preset(
        "omnigrok-small", "200 digits and one hidden layer, all first weights times 8; beside it times 1, no decay, and two other decays",
        {
            "task": "images", "alpha": 8.0, "wd": 0.15, "lr": 0.006, "beta2": 0.999, "steps": 2000, "sweep": True,
        },
        "arXiv:2210.01117, Fig. 3, on digits",
    ),
)  # fmt: skip
