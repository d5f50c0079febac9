"""Which phenomena exist: the packages in `engine/phenomena`, and those of other installed packages (entry points `genlab.phenomena`).

No list to edit. Names and questions are read from docstrings without importing anything; importing a package gives its
declaration (knobs, presets, figures, claims) without torch; `experiment` imports what computes, when a run starts. A package
that cannot be read, imported or understood is an entry with a problem, one sentence, and takes nothing else down.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract import Spec
from engine.declare import headline
from engine.errors import LabError, UsageError, echoed, nearest

if TYPE_CHECKING:
    from engine.phenomenon import AnyPhenomenon

FOLDER = Path(__file__).parent / "phenomena"
GROUP = "genlab.phenomena"
PATIENCE = 5.0  # seconds that another package's declaration may take to import


@dataclass(frozen=True)
class Entry:
    """What a docstring says: its first line is `Title: question?`, and a line `Order: 10` places it in the list.

    package: the module that declares it; origin: the installed distribution it is from, empty for genlab's own;
    problem: why it cannot be used, as a sentence; empty when nothing is known against it.
    """

    name: str
    title: str
    question: str
    order: int
    package: str
    origin: str = ""
    problem: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """Every phenomenon in order, without importing its package; a name that is taken already is a problem of the later one."""
    found: dict[str, Entry] = {}
    spoiled = []
    for entry in (*sorted(_own(), key=lambda entry: (entry.order, entry.name)), *_installed()):
        if entry.name in found:
            taken = found[entry.name].origin or "genlab"
            spoiled.append(replace(entry, problem=f"{entry.package}: the name {entry.name} is taken by {taken}"))
        else:
            found[entry.name] = entry
    return (*found.values(), *spoiled)


def examined(own: bool = True) -> tuple[Entry, ...]:
    """Every phenomenon with what is wrong with it, each declaration imported once; that of `own` ones takes a while and may be left out."""
    return tuple(_examined(entry) if own or entry.origin else entry for entry in entries())


def _examined(entry: Entry) -> Entry:
    if entry.problem:
        return entry
    try:
        spec(entry.name)
    except LabError as error:
        return replace(entry, problem=error.message)
    return entry


def names() -> tuple[str, ...]:
    """Every usable phenomenon's name in order."""
    return tuple(entry.name for entry in entries() if not entry.problem)


def check(name: str) -> str:
    """Return the name if it exists.

    Raises:
        UsageError: `no phenomenon 'groking'; did you mean grokking?`
    """
    return find(name).name


def find(name: str) -> Entry:
    """Return a phenomenon's entry.

    Raises:
        UsageError: unknown name, or one that stands for a package with a problem.
    """
    known = {entry.name: entry for entry in reversed(entries())}
    if name not in known:
        raise UsageError(f"no phenomenon {echoed(name)!r}{nearest(name, known)}", "See: genlab list")
    if known[name].problem:
        raise UsageError(known[name].problem, "See: genlab list")
    return known[name]


def spec(name: str) -> Spec:
    """Return a phenomenon's declaration, without torch.

    Raises:
        UsageError: unknown name, or a package that does not import or declares nothing.
    """
    found = _declared(find(name))
    if isinstance(found, UsageError):
        raise UsageError(found.message, found.hint)
    return found


@cache
def _declared(entry: Entry) -> Spec | UsageError:
    """A declaration, or why there is none: looked at once, so that a package that hangs is waited for once."""
    try:
        return _spec_of(entry)
    except UsageError as error:
        return error


def _spec_of(entry: Entry) -> Spec:
    module = _imported(entry)
    found = list({id(item): item for item in vars(module).values() if isinstance(item, Spec)}.values())
    if len(found) != 1:
        count = f"{len(found)} Specs" if found else "no Spec"
        where = _source(entry.package) or entry.package
        raise UsageError(f"{entry.name}: {where} declares {count}; a phenomenon's package declares exactly one", "see CONTRIBUTING.md")
    if found[0].name != entry.name:
        raise UsageError(f"{entry.package} declares the name {found[0].name}, but is found as {entry.name}", "see CONTRIBUTING.md")
    if "quick" not in {preset.name for preset in found[0].presets}:
        raise UsageError(f"{entry.name}: {entry.package} declares no preset quick, which every phenomenon has", "see CONTRIBUTING.md")
    return found[0]


def experiment(declared: Spec) -> type[AnyPhenomenon]:
    """Import the class that computes a phenomenon; this may import torch.

    Raises:
        UsageError: its module does not import, or holds no single Phenomenon.
    """
    from engine.phenomenon import Phenomenon  # with NumPy, which lists of names do without

    path, _, wanted = declared.experiment.partition(":")
    try:
        module = importlib.import_module(path)
    except Exception as error:
        raise UsageError(f"{declared.name} does not import: {_told(error)}", "the module is " + path) from error
    found = [
        item for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Phenomenon) and item.__module__ == module.__name__ and wanted in ("", item.__name__)
    ]  # fmt: skip
    if len(found) != 1:
        raise UsageError(f"{path} defines {len(found)} Phenomenon classes; exactly one computes {declared.name}", "see CONTRIBUTING.md")
    unjudged = [claim.id for claim in declared.claims if claim.id not in found[0].judges]
    if unjudged:
        raise UsageError(f"{declared.name}: {path} judges no claim {', '.join(unjudged)}", "add it to the class's judges")
    unread = [scalar.name for scalar in declared.scalars if scalar.name not in found[0].readers]
    if unread:
        raise UsageError(f"{declared.name}: {path} reads no scalar {', '.join(unread)}", "add it to the class's readers")
    return found[0]


def load(name: str) -> type[AnyPhenomenon]:
    """Import the class that computes the phenomenon of this name.

    Raises:
        UsageError: unknown name, or a package that cannot be used.
    """
    return experiment(spec(name))


# ---------------------------------------------------------------- reading without importing


def _own() -> Iterator[Entry]:
    for path in sorted(FOLDER.glob("[a-z]*/__init__.py")):
        yield _read(path, path.parent.name.replace("_", "-"), f"engine.phenomena.{path.parent.name}")


def _installed() -> Iterator[Entry]:
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.module)):
        origin = point.dist.name if point.dist else point.module
        path = _source(point.module)
        if not re.fullmatch(r"[a-z][a-z0-9-]*", point.name):
            said = f"{point.name!r} of {origin} is no name of a phenomenon: small letters, digits and hyphens make one"
            yield Entry(point.name, point.name, "", 99, point.module, origin, said)
        elif path is None:
            yield Entry(point.name, point.name, "", 99, point.module, origin, f"{point.module} of {origin} is not there")
        else:
            yield _read(path, point.name, point.module, origin)


def _source(module: str) -> Path | None:
    """Where a module's source is, without importing it or its parents."""
    top, *inner = module.split(".")
    found = importlib.util.find_spec(top)
    for folder in (found.submodule_search_locations or ()) if found else ():
        place = Path(folder, *inner)
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                return path
    return Path(found.origin) if found and found.origin and not inner and Path(found.origin).is_file() else None


def _read(path: Path, name: str, package: str, origin: str = "") -> Entry:
    try:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"), str(path))) or ""
    except (OSError, SyntaxError, ValueError) as error:
        return Entry(name, name, "", 99, package, origin, f"{path} cannot be read: {_told(error)}")
    title, question = headline(docstring)
    order = re.search(r"^Order: (\d+)$", docstring, re.MULTILINE)
    return Entry(name, title or name, question, int(order[1]) if order else 99, package, origin)


def _imported(entry: Entry) -> object:
    """Import a declaration, another package's within `PATIENCE` seconds.

    Raises:
        UsageError: it does not import, or not in time.
    """
    outcome: list[object] = []

    def work() -> None:
        try:
            outcome.append(importlib.import_module(entry.package))
        except BaseException as error:  # whatever a foreign package raises, SystemExit included
            outcome.append(error)

    if entry.origin:
        thread = threading.Thread(target=work, name=f"import {entry.package}", daemon=True)
        with contextlib.redirect_stdout(io.StringIO()):  # what it prints would spoil the JSON, or the screen
            thread.start()
            thread.join(PATIENCE)
    else:
        work()
    if not outcome:
        sentence = f"{entry.name}: {entry.package} of {entry.origin} has not imported within {PATIENCE:g} seconds"
        raise UsageError(sentence, f"pip uninstall {entry.origin} removes it")
    if isinstance(outcome[0], BaseException):
        where = _source(entry.package) or entry.package
        raise UsageError(f"{entry.name}: {where} does not import: {_told(outcome[0])}", f"the package is {entry.origin or 'genlab'}")
    return outcome[0]


def _told(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
