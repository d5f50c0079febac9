"""What is typed to find runs in a list: words, `lr=.02`, `phase=running`, `claims=failed`, `sort=lr`; read, and asked of a run.

Words stand in a run's name, phenomenon, preset or phase; `-word` does not. A comparison (`= != < <= > >=`) is made with a knob, a
value, or one of `SPECIAL`; numbers are compared as numbers. A run must meet all of it.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Status
from screens.listed_run import ListedRun

SPECIAL = ("phase", "preset", "phenomenon", "seed", "claims", "sort")
SORTS = ("age", "name", "phenomenon", "phase", "claims", "preset", "size")
CLAIMS: dict[str, tuple[Status, ...]] = {
    "held": (Status.HOLDS,),
    "failed": (Status.FAILS,),
    "undecided": (Status.PENDING, Status.CENSORED, Status.NOT_RUN),
    "inapplicable": (Status.NOT_APPLICABLE,),
}
CLAIM_WORDS = {
    "held": "held", "holds": "held", "yes": "held", "failed": "failed", "fails": "failed", "no": "failed", "undecided": "undecided",
    "pending": "undecided", "open": "undecided", "inapplicable": "inapplicable", "n/a": "inapplicable", "na": "inapplicable",
}  # fmt: skip
EXAMPLE = "words, lr=.02, width>=64, phase=running, claims=failed, sort=-lr, preset=quick, seed=3"
_TERM = re.compile(r"([A-Za-z_][\w-]*)(!=|<=|>=|=|<|>)(.*)")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: math.isclose(a, b, rel_tol=1e-9), "!=": lambda a, b: not math.isclose(a, b, rel_tol=1e-9),
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Knobs = Callable[[ListedRun], Mapping[str, str]]


@dataclass(frozen=True)
class Term:
    """A comparison: a name, how it is compared, and with what."""

    name: str
    sign: str
    value: str


@dataclass(frozen=True)
class RunFilter:
    """What a run must meet. sort: by what the runs are ordered, "-" before it for the other way round; problem: what is wrong with it."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    sort: str = ""
    problem: str = ""

    @property
    def needs_reading(self) -> bool:
        """Whether more than a run's name decides."""
        return bool(self.words or self.without or self.terms) or self.sort.lstrip("-") not in ("", "age", "name")

    def needs_claims(self, names: Mapping[str, str]) -> bool:
        """Whether claims or values decide."""
        asked = {*(term.name for term in self.terms), self.sort.lstrip("-")}
        return "claims" in asked or any(names.get(name) == "value" for name in asked)


def example(width: int) -> str:
    """Return as much of `EXAMPLE` as fits, none of it cut.

    >>> example(20)
    'words, lr=.02'
    """
    parts = EXAMPLE.split(", ")
    return next((fits for count in range(len(parts), 0, -1) if len(fits := ", ".join(parts[:count])) <= width), parts[0])


def parse(text: str, names: Mapping[str, str]) -> RunFilter:
    """Read a filter; what is not understood is its problem, and nothing is sorted out because of it. names: of knobs and values."""
    found = RunFilter()
    for part in text.split():
        term = _TERM.fullmatch(part)
        if term is None:
            word = part.casefold()
            out = word.startswith("-") and len(word) > 1
            found = replace(found, without=(*found.without, word[1:])) if out else replace(found, words=(*found.words, word))
            continue
        name, sign, value = term[1].replace("-", "_"), term[2], term[3]
        if not value:
            continue  # it is still being typed
        problem = _problem(name, sign, value, names)
        if problem:
            found = found if found.problem else replace(found, problem=problem)
        elif name == "sort":
            found = replace(found, sort=value.replace("-", "_") if not value.startswith("-") else "-" + value[1:].replace("-", "_"))
        else:
            found = replace(found, terms=(*found.terms, Term(name, sign, value)))
    return found


def _problem(name: str, sign: str, value: str, names: Mapping[str, str]) -> str:
    """Say what is wrong with a comparison, in one sentence; nothing where it is right."""
    if name == "sort":
        wanted = value.lstrip("-").replace("-", "_")
        return "" if wanted in SORTS or wanted in names else f"runs cannot be sorted by {_echo(wanted)}{_nearest(wanted, [*SORTS, *names])}"
    if name not in SPECIAL and name not in names:
        return f"no knob or value is called {_echo(name)}{_nearest(name, [*SPECIAL, *names])}"
    if name == "claims" and value.casefold() not in CLAIM_WORDS:
        return f"claims are held, failed, undecided or n/a, not {_echo(value)}"
    if name in SPECIAL and name != "seed" and sign not in ("=", "!="):
        return f"{name} takes = or !=, not {sign}"
    if (names.get(name) == "value" or name == "seed") and _number(value) is None:
        return f"{name} is compared with a number, not {_echo(value)}"
    return ""


def _echo(text: str) -> str:
    return f"'{text[:40]}'"


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]}?" if near else ""


def chosen(runs: Sequence[ListedRun], wanted: RunFilter, knobs: Knobs) -> list[ListedRun]:
    """Return the runs that meet a filter, in its order. runs: newest first."""
    found = [run for run in runs if _meets(run, wanted, knobs)]
    return arranged(found, wanted.sort, knobs) if wanted.sort else found


def _meets(run: ListedRun, wanted: RunFilter, knobs: Knobs) -> bool:
    if wanted.words or wanted.without:
        text = f"{run.name} {run.phenomenon} {run.preset} {run.phase or ''} {run.problem} {run.flaw}".casefold()
        if not all(word in text for word in wanted.words) or any(word in text for word in wanted.without):
            return False
    return all(_agrees(run, term, knobs) for term in wanted.terms)


def _agrees(run: ListedRun, term: Term, knobs: Knobs) -> bool:
    if run.phase is None or run.problem:
        return False
    if term.name == "claims":
        return _claims_agree(run, CLAIM_WORDS[term.value.casefold()]) == (term.sign == "=")
    if term.name == "seed":
        wanted = _number(term.value)
        return wanted is not None and any(_COMPARED[term.sign](seed, wanted) for seed in run.seeds)
    if term.name in ("phase", "preset", "phenomenon"):
        there = f"{getattr(run, term.name) or ''}".casefold().startswith(term.value.casefold())
        return there == (term.sign == "=")
    if term.name in run.values:
        number = _number(term.value)
        return number is not None and _COMPARED[term.sign](run.values[term.name], number)
    text = knobs(run).get(term.name)
    return text is not None and _compare(text, term)


def _claims_agree(run: ListedRun, wanted: str) -> bool:
    """Whether some claim came to this; held: none failed as well."""
    claims = run.claims or {}
    there = any(claims.get(status) for status in CLAIMS[wanted])
    return there and not (wanted == "held" and claims.get(Status.FAILS))


def _compare(text: str, term: Term) -> bool:
    one, other = _number(text), _number(term.value)
    if one is not None and other is not None:
        return _COMPARED[term.sign](one, other)
    same = text.casefold() == term.value.casefold()
    return same if term.sign == "=" else not same if term.sign == "!=" else False


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def arranged(runs: Sequence[ListedRun], sort: str, knobs: Knobs) -> list[ListedRun]:
    """Order runs by age, name, phenomenon, phase, claims (most failures first), size (largest first), a knob or a value.

    What is not known of a run puts it to the end, whichever way round.
    """
    name, down = sort.lstrip("-"), sort.startswith("-")
    known: list[tuple[Any, ListedRun]] = []
    unknown: list[ListedRun] = []
    for run in runs:
        key = _key(run, name, knobs)
        if key is None:
            unknown.append(run)
        else:
            known.append((key, run))
    texts = any(isinstance(key, str) for key, _ in known)
    known.sort(key=lambda pair: str(pair[0]) if texts else pair[0], reverse=down)
    return [*(run for _, run in known), *unknown]


def _key(run: ListedRun, name: str, knobs: Knobs) -> float | str | None:
    if name == "age":
        return -run.changed
    if name == "name":
        return run.name.casefold()
    if run.phase is None or run.problem:
        return None
    if name in ("phenomenon", "phase", "preset"):
        return f"{getattr(run, name) or ''}"
    if name == "size":
        return -run.size
    if name == "claims":
        return None if run.claims is None else -sum(run.claims.get(status, 0) for status in CLAIMS["failed"])
    if name in run.values:
        return run.values[name]
    text = knobs(run).get(name)
    return None if text is None else text if (number := _number(text)) is None or math.isnan(number) else number


def shown_for(run: ListedRun, name: str, knobs: Knobs) -> str:
    """Return a run's knob or value of this name, to be shown where runs are sorted by it."""
    if name in run.values:
        return f"{run.values[name]:.4g}"
    return knobs(run).get(name, "") if run.phase is not None else ""
