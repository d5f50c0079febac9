"""Which phenomena take a data set, and with which knobs beside it: asked of the configs that accept or refuse it when a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Knob, Spec
from engine.data.knobs import DataOffer
from engine.errors import LabError


@dataclass(frozen=True)
class Use:
    """How a phenomenon takes a data set. knobs: what is given, the data set first; scaled, tests: see `DataOffer`."""

    phenomenon: str
    options: str
    knobs: Mapping[str, Any] = field(compare=False)
    scaled: str = ""
    tests: bool = True


def use_of(spec: Spec, knob: Knob, name: str) -> Use | str:
    """Return the knobs with which a phenomenon takes a data set by one of its knobs, or why it takes it with none.

    Those of its first preset where that does; else as many rows as it may have of these.
    """
    least = dict(knob.offer.least) if isinstance(knob.offer, DataOffer) else {}
    count = next(iter(least), "")
    beside = {other: value for other, value in least.items() if other != count}
    tries: list[dict[str, Any]] = [{}]
    for further in ({}, _widest(spec, {knob.name: name, **least}, beside), beside) if count else ():
        rows = _most(spec, {knob.name: name, **further}, count, least[count])
        tries += [] if rows is None else [{count: rows, **further}]
    for further in tries:
        given = {knob.name: name, **further}
        if not _refusal(spec, given):
            options = " ".join(f"{spec.config.knob(of).option} {spec.config.knob(of).format(value)}" for of, value in given.items())
            offer = knob.offer
            ways = (offer.scaled, offer.tests) if isinstance(offer, DataOffer) else ("", True)
            return Use(spec.name, options, given, *ways)
    return _refusal(spec, {knob.name: name, **least})


def _widest(spec: Spec, given: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the knobs beside the number of rows, each as large as it may be with the least of the others."""
    found = {of: _most(spec, {**given, of: value}, of, value) for of, value in beside.items()}
    return {of: beside[of] if value is None else value for of, value in found.items()}


def _most(spec: Spec, given: Mapping[str, Any], count: str, least: Any) -> Any:
    """Return the largest value of a knob that is accepted beside others, at most the first preset's; None where the least is refused."""
    if _refusal(spec, {**given, count: least}):
        return None
    low, high = least, getattr(spec.configure(spec.presets[0].name), count)
    if not _refusal(spec, {**given, count: high}):
        return high
    while isinstance(low, int) and high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if not _refusal(spec, {**given, count: middle}) else (low, middle)
    return low


def _refusal(spec: Spec, given: Mapping[str, Any]) -> str:
    """Return why a config is refused, empty where it is accepted."""
    try:
        spec.configure(spec.presets[0].name, given)
    except LabError as error:
        return error.message
    return ""
