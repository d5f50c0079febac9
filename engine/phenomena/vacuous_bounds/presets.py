"""Presets of vacuous bounds: those of the papers at their own size, and for each one that shows the same within a minute or two."""

from __future__ import annotations

from typing import Any

from engine.contract import Preset

TABLE_1 = "arXiv:1703.11008, Table 1"
PUBLISHED: dict[str, Any] = {
    "dataset": "mnist", "n": 55_000, "lr": 0.01, "epochs": 20, "random_epochs": 120, "training": "published", "steps": 550_000,
    "mc": 150_000, "follow": "nothing",
}  # fmt: skip
SMALL: dict[str, Any] = {"epochs": 20, "steps": 6000, "mc": 3000, "follow": "nothing"}
NETWORKS = {"T600": (600, 1), "T1200": (1200, 1), "T300x2": (300, 2), "T600x2": (600, 2), "T1200x2": (1200, 2), "T600x3": (600, 3)}
NARROWER = 12  # times, on 196 pixels for 784
CORNER: dict[str, Any] = {"n": 1000, "random_epochs": 300, "steps": 600, "mc": 200}  # where networks over n are what is looked at


def _shape(width: int, depth: int) -> str:
    """As the paper writes it: 600, or 600 x 600."""
    return "-".join([str(width)] * depth)


def _of_table_1() -> list[Preset]:
    found = []
    for name, (width, depth) in NETWORKS.items():
        found.append(
            Preset(f"dziugaite-{name}", f"MNIST's 55,000, 784-{_shape(width, depth)}-1, true labels, as published",
                   {**PUBLISHED, "width": width, "depth": depth, "labels": "true"}, TABLE_1, needs="mnist and a GPU")
        )  # fmt: skip
    found.append(
        Preset("dziugaite-R600", "MNIST's 55,000, 784-600-1, random labels, as published", {**PUBLISHED, "width": 600, "labels": "random"},
               TABLE_1, needs="mnist and a GPU")
    )  # fmt: skip
    for name, (width, depth) in NETWORKS.items():
        narrow = width // NARROWER
        found.append(
            Preset(f"dziugaite-{name}-small", f"4,000 digits, 196-{_shape(narrow, depth)}-1, true labels; a posterior of 6,000 steps",
                   {**SMALL, "width": narrow, "depth": depth, "labels": "true"}, f"{TABLE_1}, reduced")
        )  # fmt: skip
    found.append(
        Preset("dziugaite-R600-small", "4,000 digits, 196-50-1, random labels; a posterior of 3,200 steps", {**SMALL, "labels": "random"},
               f"{TABLE_1}, reduced")
    )  # fmt: skip
    return found


PRESETS = (
    Preset("quick", "both labels, a PAC-Bayes certificate and the linear example on 4,000 digits; a small network over n", {},
           "arXiv:1703.11008, Table 1, reduced"),
    Preset(
        "standard", "three seeds, 3,000 steps, 1,000 draws, and a network followed from n=64 to 4096",
        {"steps": 3000, "mc": 1000, "follow": "digits"}, "arXiv:1703.11008, Table 1; arXiv:1902.04742, Fig. 1", seeds=3,
    ),
    Preset(
        "perez-ortiz", "their quadratic objective and bounded loss around weights learnt on half of the data",
        {"objective": "quadratic", "surrogate": "bounded", "prior": "half-data", "lr": 0.01, "epochs": 30, "steps": 3000, "mc": 1000,
         "follow": "nothing"},
        "arXiv:2007.12911, reduced",
    ),
    Preset(
        "dziugaite-T600-5k", "784-600-1 on 4,000 of the 5,000 digits that are here, not MNIST's 55,000; posterior in 3,000 steps",
        {"dataset": "digits5k", "width": 600, "lr": 0.01, "epochs": 20, "random_epochs": 120, "steps": 3000, "follow": "nothing"},
        "arXiv:1703.11008, Table 1, T-600 and R-600, reduced",
    ),
    Preset("sphere", "two spheres for a CPU: 100 dimensions for 500, width 300 for 10,000, n to 4096, margin 3 for 8",
           {"follow": "sphere", "margin": 3.0}, "arXiv:1902.04742, Section 3.2, reduced"),
    Preset("sphere-250", "the same in 250 dimensions, where the network errs on S' up to n = 4096",
           {"follow": "sphere-250", "margin": 3.0}, "arXiv:1902.04742, Section 3.2, reduced"),
    *_of_table_1(),
    Preset("nagarajan-mnist", "five hidden layers of 1024 on MNIST, n to 32,768", {**CORNER, "follow": "mnist", "margin": 10.0},
           "arXiv:1902.04742, Section 2 and Fig. 1", needs="mnist and a GPU"),
    Preset("nagarajan-mnist-5k", "the same on the 5,000 digits that are here: n to 4096, not 32,768", {"follow": "deep", "margin": 10.0},
           "arXiv:1902.04742, Section 2 and Fig. 1, reduced", needs="a GPU"),
    Preset("nagarajan-mnist-small", "five hidden layers of 128 on 14x14 digits, n to 2048; margin 5 for 10",
           {**CORNER, "follow": "narrow-deep", "margin": 5.0}, "arXiv:1902.04742, Section 2 and Fig. 1, reduced"),
    Preset("nagarajan-sphere", "the published spheres: 500 dimensions, width 10,000, n to 8192", {"follow": "wide-sphere", "margin": 8.0},
           "arXiv:1902.04742, Section 3.2", needs="a GPU"),
    Preset("nagarajan-sphere-small", "spheres in 250 dimensions, width 300, n to 2048",
           {**CORNER, "follow": "small-sphere", "margin": 3.0}, "arXiv:1902.04742, Section 3.2, reduced"),
)  # fmt: skip
