"""What every headline keeps to, whatever the run and wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.phenomenon import AnyPhenomenon

FIRST, EACH = 79, 110  # characters: the first clause of one seed fits a terminal of 80 columns beside its margin
NUMBER = re.compile(r"(?<![\w^])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w])")


def headline_of(run: AnyPhenomenon) -> tuple[str, ...]:
    """The headline of a run as it stands, checked."""
    told = run.headline(run.scalars())
    check(told, len(run.seeds))
    return told


def check(told: Sequence[str], seeds: int = 1) -> None:
    """Hold clauses against what a headline promises: short, words and written numbers, nothing undefined."""
    for place, clause in enumerate(told):
        assert 0 < len(clause) <= EACH and clause == " ".join(clause.split()) and clause[-1] not in ".;,", clause
        assert place or seeds > 1 or len(clause) <= FIRST, clause
        assert not re.search(r"\b(nan|inf|None|unknown|True|False)\b|[\[\]{};]|e[+]|e-0", clause), clause
        for text in NUMBER.findall(clause):
            digits = re.sub(r"e.*|[-,]", "", text)
            assert "." not in digits or len(digits.replace(".", "").lstrip("0")) <= 4, (text, clause)
    assert len(set(told)) == len(told)


def numbers_in(clause: str) -> list[float]:
    """The numbers of a clause, in order."""
    return [float(text.replace(",", "")) for text in NUMBER.findall(clause)]
