"""How a phenomenon's package declares itself: `SPEC = declare(__name__, __doc__, config=..., ...)` in its `__init__.py`.

What the docstring and the folder say already is taken from there: the first line of the docstring is `Title: question?`, the
package's name is the phenomenon's, `notes.md` lies beside it, and `experiment.py` holds the class that computes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config import Config
from engine.contract import Claim, Figure, PictureSpec, Preset, Quantity, Scalar, Spec
from engine.contract.references import Reference
from engine.contract.work import WorkOf


def declare(
    package: str,
    docstring: str | None,
    *,
    config: type[Config],
    presets: tuple[Preset, ...],
    figures: tuple[Figure, ...],
    claims: tuple[Claim, ...],
    references: tuple[Reference | str, ...],
    pictures: tuple[PictureSpec, ...] = (),
    quantities: tuple[Quantity, ...] = (),
    scalars: tuple[Scalar, ...] = (),
    instant: bool = False,
    trained: Callable[[Any], bool] | None = None,
    ensemble: tuple[str, ...] = (),
    topics: Mapping[str, str] | None = None,
    work: WorkOf | None = None,
    name: str = "",
) -> Spec:
    """Return the declaration of the phenomenon in a package; call it in the package's `__init__.py` with `__name__` and `__doc__`.

    name: the phenomenon's, where it is not the package's (with dashes). work: what a run computes, for estimates of how long it takes.
    topics: further words of the field, by preset.
    trained: with which knobs an instant phenomenon trains networks all the same.
    """
    title, question = headline(docstring or "")
    made = Spec(
        name=name or package.rpartition(".")[2].replace("_", "-"), title=title, question=question, config=config, presets=presets,
        figures=figures, pictures=pictures, claims=claims, notes=_notes(package), instant=instant,
        references=tuple(map(Reference.of, references)),
        quantities=quantities, scalars=scalars, experiment=f"{package}.experiment",
        ensemble=ensemble, topics=topics or {}, work=work,
    )  # fmt: skip
    return made if trained is None else replace(made, trained=trained)


def headline(docstring: str) -> tuple[str, str]:
    """Return title and question of a docstring whose first line is `Title: question?`."""
    first = docstring.strip().splitlines()[0] if docstring.strip() else ""
    title, _, question = first.partition(": ")
    return title, question


def _notes(package: str) -> str:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return ""
    path = Path(found.origin).with_name("notes.md")
    return path.read_text(encoding="utf-8") if path.is_file() else ""
