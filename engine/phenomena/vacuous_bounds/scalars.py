"""The scalars of vacuous bounds: errors, every bound and complexity term on true and on random labels, slopes over n.

Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.vacuous_bounds.config import RANDOM, TRUE, Labels
from engine.phenomena.vacuous_bounds.figures import SHOWN_AS
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds

WEIGHTS = {
    "vc": "VC", "parameters": "parameters", "rademacher": "Rademacher", "golowich": "Golowich", "bft": "BFT", "nbs": "NBS",
    "occam": "Occam", "held_out": "held out",
}  # fmt: skip
POSTERIOR = {"certificate": "PAC-Bayes", "classic": "classic", "quadratic": "quadratic", "lambda": "lambda"}
TERMS = {"spectral_term": "spectral", "neyshabur_term": "Neyshabur", "two_layer_term": "two-layer"}
SLOPES = {"distance": "|w-w0|", "product": "prod |A|", "spectral": "the spectral term", "neyshabur": "Neyshabur's term"}
SLOPES |= {"test_error": "test error"}
CONDITIONS = (TRUE, RANDOM)


def _named(name: str, quantity: str) -> str:
    if name == "certificate":
        return "PAC-Bayes kl certificate"
    return f"{SHOWN_AS[quantity]} {'term' if name in TERMS else 'bound'}"


SCALARS = (
    *(Scalar(f"{part}_error_{on.name}", f"{word} error, {on.label}") for part, word in (("train", "training"), ("test", "test"))
      for on in CONDITIONS),
    *(Scalar(f"generalisation_gap_{on.name}", f"test error - training error, {on.label}") for on in CONDITIONS),
    *(Scalar(f"{name}_{on.name}", f"{_named(name, quantity)}, {on.label}", log=True)
      for name, quantity in (WEIGHTS | POSTERIOR | TERMS).items() for on in CONDITIONS),
    *(Scalar(f"stochastic_{part}_error_{on.name}", f"{word} error of the posterior's draws, {on.label}")
      for part, word in (("train", "training"), ("test", "test")) for on in CONDITIONS),
    *(Scalar(f"kl_{on.name}", f"KL of posterior and prior, {on.label}", "nats", log=True) for on in CONDITIONS),
    Scalar("half_data_certificate", "PAC-Bayes kl certificate around weights learnt on half of the data", log=True),
    Scalar("half_data_test_error", "test error of the draws around weights learnt on half of the data"),
    Scalar("two_sided_test_error", "test error of the linear example at the chosen D/m", log=True),
    Scalar("two_sided_flipped_error", "error on S' of the linear example at the chosen D/m"),
    *(Scalar(f"slope_{name}", f"log-log slope over n, {label}") for name, label in SLOPES.items()),
)  # fmt: skip


def _latest(quantity: str, on: Labels, posterior: bool = False) -> Callable[[VacuousBounds], Answer]:
    """The last measured value of the networks on some labels; of posteriors, once all of their draws are there."""

    def answer(run: VacuousBounds) -> Answer:
        if on not in run.config.conditions:
            return absent(f"needs labels both or {on.name}")
        if quantity == "two-layer" and run.config.depth != 1:
            return absent("needs depth 1")
        values = run.readings.latest(quantity, on.name)
        return PENDING if np.isnan(values).all() or (posterior and not run.certified) else found(values)

    return answer


def _gap(on: Labels) -> Callable[[VacuousBounds], Answer]:
    def answer(run: VacuousBounds) -> Answer:
        test, train = _latest("test-error", on)(run), _latest("train-error", on)(run)
        return test if test.reason else found(np.subtract(test.seeds, train.seeds))

    return answer


def _kl(on: Labels) -> Callable[[VacuousBounds], Answer]:
    def answer(run: VacuousBounds) -> Answer:
        if on not in run.config.conditions:
            return absent(f"needs labels both or {on.name}")
        bounds = [network.bounds["PAC-Bayes"] for network in run.measured_in(on)] if run.certified else []
        return found([bound.constants["KL"] for bound in bounds]) if bounds else PENDING

    return answer


def _half_data(quantity: str) -> Callable[[VacuousBounds], Answer]:
    """One per seed, of the networks on true labels."""

    def answer(run: VacuousBounds) -> Answer:
        if run.narrow is None:
            return absent("needs labels both or true")
        _, values = run.history.column(quantity)
        return found(values[-1]) if len(values) else PENDING

    return answer


def _slope(column: str) -> Callable[[VacuousBounds], Answer]:
    """One of all seeds: their networks are points of the same line."""

    def answer(run: VacuousBounds) -> Answer:
        if run.over_n is None:
            return absent("needs a network to follow: knob follow")
        if not run.over_n.finished:
            return PENDING
        slope = run.over_n.slope(column)
        return found(slope.value) if slope else absent("fewer than three n reached the margin")

    return answer


def _two_sided_test(run: VacuousBounds) -> Answer:
    return found([one.test_error for one in run.examples[run.config.D_over_m]])


def _two_sided_flipped(run: VacuousBounds) -> Answer:
    return found([one.flipped_error for one in run.examples[run.config.D_over_m]])


READERS: Readers[VacuousBounds] = {
    **{f"{part}_error_{on.name}": _latest(f"{part}-error", on) for part in ("train", "test") for on in CONDITIONS},
    **{f"generalisation_gap_{on.name}": _gap(on) for on in CONDITIONS},
    **{f"{name}_{on.name}": _latest(quantity, on) for name, quantity in (WEIGHTS | TERMS).items() for on in CONDITIONS},
    **{f"{name}_{on.name}": _latest(quantity, on, posterior=True) for name, quantity in POSTERIOR.items() for on in CONDITIONS},
    **{f"stochastic_{part}_error_{on.name}": _latest(f"stochastic-{part}-error", on, posterior=True)
       for part in ("train", "test") for on in CONDITIONS},
    **{f"kl_{on.name}": _kl(on) for on in CONDITIONS},
    "half_data_certificate": _half_data("half data"), "half_data_test_error": _half_data("half-data-test-error"),
    "two_sided_test_error": _two_sided_test, "two_sided_flipped_error": _two_sided_flipped,
    **{f"slope_{name}": _slope(name.replace("_", " ")) for name in SLOPES},
}  # fmt: skip
