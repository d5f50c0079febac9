"""The figures of study network: losses, errors and norm over the number of parameters, with the threshold.

Belkin et al. 2019, arXiv:1812.11118, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.contract import Axis, Figure, Marker, Quantity, Series, Summary
from engine.phenomena.double_descent.config import NETWORK
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.phenomena.double_descent.network.study import TrainedNetworks

THOUSAND = 1e3
X, EMPTY, DOMAIN = Axis("parameters", log=True, unit="thousands"), "fills with preset belkin-net-small", (NETWORK,)
FIGURES = (
    Figure("network-loss", "Loss of networks", X, Axis("loss", lo=0.0), ("network-loss/*",),
           "squared, summed over classes; a network a point", EMPTY, DOMAIN),
    Figure("network-error", "Error of networks", X, Axis("error", lo=0.0), ("network-error/*",),
           "share of images misread", EMPTY, DOMAIN),
    Figure("network-norm", "Norm of networks", X, Axis("norm", lo=0.0), ("network-norm/*",),
           "Euclidean norm of all weights and biases", EMPTY, DOMAIN),
)  # fmt: skip
QUANTITIES = (
    Quantity("network-widths", "widths that are trained", per="run"),
    Quantity("network-parameters", "parameters of the network trained last", per="run"),
    Quantity("network-train-loss", "training squared loss of the network trained last, summed over classes", per="seed"),
    Quantity("network-train-error", "training error of the network trained last", per="seed"),
    Quantity("network-test-loss", "test squared loss of the network trained last, summed over classes", per="seed"),
    Quantity("network-test-error", "test error of the network trained last", per="seed"),
    Quantity("network-norm", "norm of the network trained last", per="seed"),
    Quantity("network-epochs", "epochs of the network trained last", per="seed"),
)
CURVES = (
    ("network-loss", "test_loss", "test", "test"), ("network-loss", "train_loss", "training", "training"),
    ("network-error", "test_error", "test", "test"), ("network-error", "train_error", "training", "training"),
    ("network-norm", "norm", "weights and biases", "norm"),
)  # fmt: skip


def series(study: TrainedNetworks) -> Iterator[Series]:
    """Medians over seeds with their range, as far as the widths are trained."""
    if not study.scores.done:
        return
    for figure, name, label, group in CURVES:
        yield summarised(
            f"{figure}/{name}", label, study.reached / THOUSAND, study.curve(name), Summary.MEDIAN_RANGE, "seeds", basis="simulation",
            group=group,
        )  # fmt: skip


def markers(study: TrainedNetworks) -> Iterator[Marker]:
    """The threshold in every figure."""
    for figure in ("network-loss", "network-error", "network-norm"):
        yield Marker(figure, "x", study.threshold / THOUSAND, f"threshold nK = {study.threshold:,}", brief="threshold")
