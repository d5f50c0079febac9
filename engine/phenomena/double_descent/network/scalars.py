"""The scalars of study network: valleys and peak of the test loss, where they lie, errors, norms beside the threshold; seed by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.double_descent.network.landmarks import Landmarks, landmarks
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.network.study import TrainedNetworks

SCALARS = (
    Scalar("network_first_loss", "least test loss of a network below nK parameters, summed over classes", log=True),
    Scalar("network_first_parameters", "parameters where it is least below nK", "parameters", log=True, whole=True),
    Scalar("network_peak_loss", "largest test loss of a network from there on, summed over classes", log=True),
    Scalar("network_peak_over_threshold", "parameters over nK at that peak of the test loss"),
    Scalar("network_second_loss", "least test loss of a network from the peak on, summed over classes", log=True),
    Scalar("network_first_error", "least test error of a network below nK parameters"),
    Scalar("network_second_error", "least test error of a network beyond nK parameters"),
    Scalar("network_norm_below", "norm of the widest network below nK parameters"),
    Scalar("network_norm_beyond", "norm of the narrowest network beyond nK parameters"),
)  # fmt: skip
NONE_BELOW, NONE_BEYOND = "no network has fewer than nK parameters", "no network has nK parameters or more"


def _of_networks(read: Callable[[TrainedNetworks], Answer]) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        if run.network is None:
            return absent("needs study network")
        return read(run.network) if run.network.scores.complete else PENDING

    return answer


def _landmark(read: Callable[[TrainedNetworks, Landmarks], float]) -> Callable[[DoubleDescent], Answer]:
    def answer(study: TrainedNetworks) -> Answer:
        each = [landmarks(column, study.under) for column in study.curve("test_loss").T]
        return found([np.nan if one is None else read(study, one) for one in each], NONE_BELOW)

    return _of_networks(answer)


def _least(name: str, beyond: bool) -> Callable[[DoubleDescent], Answer]:
    def answer(study: TrainedNetworks) -> Answer:
        side = ~study.under if beyond else study.under
        return found(study.curve(name)[side].min(axis=0)) if side.any() else absent(NONE_BEYOND if beyond else NONE_BELOW)

    return _of_networks(answer)


def _beside(place: int, beyond: bool) -> Callable[[DoubleDescent], Answer]:
    def answer(study: TrainedNetworks) -> Answer:
        side = ~study.under if beyond else study.under
        return found(study.curve("norm")[side][place]) if side.any() else absent(NONE_BEYOND if beyond else NONE_BELOW)

    return _of_networks(answer)


READERS: Readers[DoubleDescent] = {
    "network_first_loss": _landmark(lambda _, seen: seen.first_low),
    "network_first_parameters": _landmark(lambda study, seen: float(study.parameters[seen.first])),
    "network_peak_loss": _landmark(lambda _, seen: seen.height),
    "network_peak_over_threshold": _landmark(lambda study, seen: float(study.parameters[seen.peak]) / study.threshold),
    "network_second_loss": _landmark(lambda _, seen: seen.second_low),
    "network_first_error": _least("test_error", beyond=False),
    "network_second_error": _least("test_error", beyond=True),
    "network_norm_below": _beside(-1, beyond=False),
    "network_norm_beyond": _beside(0, beyond=True),
}
