"""The scalars of study asymptotics: one mean per seed over its draws, and their limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.max_margin.asymptotics.study import Asymptotics, Limit
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.theory.inputs import Floats

AT = "at the psi nearest to 1"
TOLD = {"draw_margin": "margin of unit weights", "draw_error": "test error", "draw_support": "share of rows on the margin"}
SCALARS = (
    Scalar("separable_from", "least d/n that separates a draw"),
    Scalar("separable_from_theory", "psi*, d/n from which labels are separable, by theory"),
    *(Scalar(name, f"{label} {AT}") for name, label in TOLD.items()),
    *(Scalar(f"{name}_theory", f"{label} {AT}, its limit") for name, label in TOLD.items()),
    Scalar("second_descent", "second descent: error at psi = .4 - error at psi = 1"),
    Scalar("second_descent_theory", "the same in the limit"),
)  # fmt: skip


def _of_study(read: Callable[[Asymptotics], Answer]) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        return absent("needs study asymptotics") if run.asymptotics is None else read(run.asymptotics)

    return answer


def _mean(read: Callable[[Asymptotics], Floats], otherwise: str = "not a finite number") -> Callable[[MaxMargin], Answer]:
    """Each seed's mean over its draws."""
    return _of_study(lambda study: found(study.by_seed(read(study)), otherwise) if study.draws.done else PENDING)


def _told(read: Callable[[Limit], float]) -> Callable[[MaxMargin], Answer]:
    def answer(study: Asymptotics) -> Answer:
        limit = study.limit_at(study.anchor)
        if limit is not None:
            return found([read(limit)], "the likelihood's weights have none")
        return absent("so near psi* no limit is solved") if study.limits else PENDING

    return _of_study(answer)


INSEPARABLE = "some draws are not separable there"
READERS: Readers[MaxMargin] = {
    "separable_from": _mean(lambda study: study.draws["from"] / study.config.n),
    "separable_from_theory": _of_study(lambda study: found([study.labels.threshold])),
    "draw_margin": _mean(lambda study: study.draws["margin"][:, study.anchor], INSEPARABLE),
    "draw_error": _mean(lambda study: study.errors()[:, study.anchor]),
    "draw_support": _mean(lambda study: study.draws["support"][:, study.anchor], INSEPARABLE),
    "draw_margin_theory": _told(lambda limit: limit.margin),
    "draw_error_theory": _told(lambda limit: limit.error),
    "draw_support_theory": _told(lambda limit: limit.support),
    "second_descent": _mean(lambda study: study.second_gap()),
    "second_descent_theory": _of_study(lambda study: found([study.second_gap_theory()]) if study.second else PENDING),
}  # fmt: skip
