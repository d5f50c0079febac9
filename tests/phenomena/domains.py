"""Turns random knobs of a phenomenon and holds every verdict against an independent statement of the claim's domain.

A phenomenon's test says, in its own words and not by reading `Claim.domain`, for which configs each claim is meant:

    INSIDE = {"GR4": lambda c: c.model == "gromov" and c.p >= 31}

Inside it a true claim never fails; outside it is not applicable, whatever was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine import registry
from engine.contract import Config, Status, Verdict
from engine.errors import Diverged, LabError
from tests.phenomena.driven import work

Inside = Mapping[str, Callable[[Any], bool]]
MOST_TURNED = 4  # knobs that one setting changes


def settings(name: str, base: Mapping[str, Any], values: Mapping[str, Sequence[Any]], count: int, seed: int = 0) -> Iterator[Config]:
    """Yield `count` configs: `base` with one to four knobs at random values; those that the phenomenon refuses are drawn anew.

    base: what makes a run small; values: for every knob that is turned, the (cheap) values that it may take.
    """
    rng = np.random.default_rng(seed)
    spec = registry.spec(name)
    made = 0
    while made < count:
        turned = rng.choice(sorted(values), size=int(rng.integers(1, min(MOST_TURNED, len(values)) + 1)), replace=False)
        chosen = {knob: values[knob][int(rng.integers(len(values[knob])))] for knob in turned.tolist()}
        try:
            config = spec.configure("quick", {**base, **chosen})
        except LabError:
            continue
        made += 1
        yield config


def judged(name: str, config: Config, seeds: tuple[int, ...] = (0,)) -> tuple[Verdict, ...] | None:
    """Run to the end and return the verdicts; None where training diverges, or the phenomenon refuses the knobs together."""
    try:
        return work(registry.load(name)(config, seeds, "cpu", "custom")).verdicts()
    except (Diverged, LabError):
        return None


def offences(name: str, config: Config, inside: Inside, seeds: tuple[int, ...] = (0,)) -> list[str]:
    """Return what verdicts say against the domain as the test states it, as sentences with the knobs that show it."""
    found = judged(name, config, seeds)
    turned = {knob: value for knob, value in config.model_dump().items() if value != getattr(type(config)(), knob)}
    wrong = []
    for verdict in found or ():
        meant = inside[verdict.claim.id](config)
        if meant and verdict.status in (Status.FAILS, Status.NOT_APPLICABLE):
            wrong.append(f"{verdict.claim.id} {verdict.status} inside its domain ({verdict.measured}; {verdict.remark}): {turned}")
        elif not meant and verdict.status is not Status.NOT_APPLICABLE:
            wrong.append(f"{verdict.claim.id} {verdict.status} outside its domain ({verdict.measured}): {turned}")
    return wrong
