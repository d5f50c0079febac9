"""Which networks are followed over n, and how each is trained; without torch.

Nagarajan, Kolter 2019, arXiv:1902.04742, Section 2 (digits) and 3.2 (two spheres), and the authors' code on MNIST,
locuslab/uniform-convergence-NeurIPS19: Xavier's first weights, pixels in [0, 1], a logistic loss an output, averaged over the ten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

FEWEST_STEPS = 3000  # that training over n may take before it gives up
SPHERE_TESTS, SPHERE_CLASSES = 2000, 2
OUTPUTS = 10  # over which the published loss is averaged, where ours is a sum


@dataclass(frozen=True)
class Recipe:
    """One network over n.

    data: a data set, or "sphere" of so many dims; least, most: n, doubling; epochs: longest training, or so many fewest_steps;
    random_at: the n at which random labels are trained as well, 0 for none; biases: spheres need them, since without biases
    the output scales with the input, and both spheres get one sign; start: law of the first weights; unit: images have norm 1;
    moved: Neyshabur's term counts weights from where they began, as Fig. 1 does.
    """

    data: str
    hidden: tuple[int, ...]
    lr: float
    momentum: float
    margin: float
    least: int
    most: int
    epochs: int = 300
    random_at: int = 0
    dims: int = 0
    batch: int = 64
    biases: bool = False
    start: Literal["pytorch", "xavier"] = "pytorch"
    loss: Literal["cross-entropy", "logistic"] = "cross-entropy"
    unit: bool = True
    moved: bool = False
    fewest_steps: int = FEWEST_STEPS

    @property
    def sizes_of_n(self) -> list[int]:
        """The sizes n, doubling."""
        return [self.least * 2**k for k in range(64) if self.least * 2**k <= self.most]


def recipe_of(follow: str, margin: float) -> Recipe | None:
    """Return how the network over n is trained, None where none is followed."""
    published = Recipe("mnist", (1024,) * 5, 0.1 / OUTPUTS, 0.0, margin, 128, 32_768, epochs=2000, start="xavier", loss="logistic",
                       unit=False, moved=True, fewest_steps=200_000)  # fmt: skip
    recipes = {
        "few": Recipe("digits196", (64, 64), 0.2, 0.9, margin, 64, 512),
        "digits": Recipe("digits196", (256, 256), 0.1, 0.9, margin, 64, 4096, random_at=1024),
        "narrow-deep": Recipe("digits196", (128,) * 5, 0.2, 0.0, margin, 64, 2048, epochs=1000, start="xavier", unit=False, moved=True),
        "deep": replace(published, data="digits5k", most=4096),
        "mnist": published,
        "sphere": Recipe("sphere", (300,), 0.5, 0.0, margin, 256, 4096, epochs=1000, dims=100, biases=True),
        "sphere-250": Recipe("sphere", (300,), 0.5, 0.0, margin, 256, 4096, epochs=1000, dims=250, biases=True),
        "small-sphere": Recipe("sphere", (300,), 0.5, 0.0, margin, 256, 2048, epochs=1000, dims=250, biases=True, moved=True),
        "wide-sphere": Recipe("sphere", (10_000,), 0.5, 0.0, margin, 1024, 8192, epochs=2000, dims=500, biases=True),
    }  # fmt: skip
    return recipes.get(follow)
