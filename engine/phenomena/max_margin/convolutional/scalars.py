"""The scalars of study convolutional, per seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, event, found

if TYPE_CHECKING:
    from engine.phenomena.max_margin.convolutional.study import Convolutional, Rate
    from engine.phenomena.max_margin.experiment import MaxMargin

NAMES = {"constant": "constant rate", "loss-based": "loss-based rate"}
TOLD = {
    "fit_epoch": "first epoch read with a summed loss below log 2", "growth": "margin over that epoch's", "cnn_margin": "min q/|theta|^4",
    "decades": "log10(1/loss), summed", "cnn_test_error": "test error", "train_error": "training error", "norm": "|theta|",
}  # fmt: skip
SCALARS = (
    *(Scalar(f"{rate.replace('-', '_')}_{name}", f"{label}, {of}", "epochs" if name == "fit_epoch" else "")
      for rate, of in NAMES.items() for name, label in TOLD.items()),
    Scalar("margin_advantage", "loss-based margin over the constant rate's"),
    Scalar("repeated_epochs", "epochs that the loss-based rate took back", "epochs", whole=True),
)  # fmt: skip


def _of_study(read: Callable[[Convolutional], Answer]) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        if run.convolutional is None:
            return absent("needs study convolutional")
        return read(run.convolutional) if run.convolutional.trail.epochs else PENDING

    return answer


def _of_rate(rate: str, read: Callable[[Convolutional, Rate], Answer]) -> Callable[[MaxMargin], Answer]:
    def answer(study: Convolutional) -> Answer:
        setting = next((one for one in study.settings if one.name == rate), None)
        return absent(f"needs rates {rate} or both") if setting is None else read(study, setting)

    return _of_study(answer)


def _fit(study: Convolutional, setting: Rate) -> Answer:
    return event(study.fitted_at(setting), study.step >= study.total, study.step)


def _growth(study: Convolutional, setting: Rate) -> Answer:
    values = study.growth(setting)
    if np.isfinite(values).any():
        return found(values)
    return absent("needs more epochs: the labels are not fitted") if study.step >= study.total else PENDING


def _advantage(study: Convolutional) -> Answer:
    if len(study.settings) == 1:
        return absent("needs rates both")
    constant, loss_based = (study.margins(setting)[-1] for setting in study.settings)
    return found(np.where(constant > 0, loss_based / np.where(constant > 0, constant, 1.0), np.nan), "the constant rate has no margin")


def _repeated(study: Convolutional) -> Answer:
    counted = [trainer.repeated for network, trainer in zip(study.networks, study.trainers, strict=True) if trainer.constant is None]
    return found(counted) if counted else absent("needs rates loss-based or both")


READ: dict[str, Callable[[Convolutional, Rate], Answer]] = {
    "fit_epoch": _fit,
    "growth": _growth,
    "cnn_margin": lambda study, setting: found(study.margins(setting)[-1]),
    "decades": lambda study, setting: found(-study.column("log_sum", setting)[-1] / np.log(10)),
    "cnn_test_error": lambda study, setting: found(study.column("test_error", setting)[-1]),
    "train_error": lambda study, setting: found(1 - study.column("accuracy", setting)[-1]),
    "norm": lambda study, setting: found(study.column("norm", setting)[-1]),
}
READERS: Readers[MaxMargin] = {
    **{f"{rate.replace('-', '_')}_{name}": _of_rate(rate, read) for rate in NAMES for name, read in READ.items()},
    "margin_advantage": _of_study(_advantage),
    "repeated_epochs": _of_study(_repeated),
}
