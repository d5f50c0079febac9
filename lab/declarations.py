"""`genlab list` and `genlab info`: what phenomena declare, read without torch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.contract import Claim, Knob, Preset, Spec
from engine.contract.work import Work
from engine.estimates import NO_ESTIMATE, of_preset, work_of_preset
from engine.registry import examined, spec
from lab.notes_text import filled
from lab.output import console, emit, plain, write, write_table
from screens.formatting import size

COSTS = ("preset", "parameters>", "operations>", "memory>")
WHAT_IT_TAKES = (
    "What each preset computes. parameters: of one network, all that are trained; operations: floating-point, multiplications and "
    "additions, over the steps that are expected"
)


def print_phenomena(*, json: bool) -> None:
    """Print every phenomenon with its question, and a sentence for each package that cannot be used."""
    found = examined(own=False)
    usable, broken = [entry for entry in found if not entry.problem], [entry for entry in found if entry.problem]
    if json:
        for entry in usable:
            emit({"event": "phenomenon", "name": entry.name, "title": entry.title, "question": entry.question})
        for entry in broken:
            emit({"event": "phenomenon", "name": entry.name, "problem": entry.problem})
        return
    write_table(("name", "title", "question"), [(entry.name, entry.title, entry.question) for entry in usable])
    for entry in broken:
        write(plain(entry.problem))


def print_declaration(name: str, *, json: bool) -> None:
    """Print what one phenomenon declares.

    Raises:
        UsageError: unknown name, or a package that cannot be used.
    """
    found = spec(name)
    if json:
        emit(record(found))
    else:
        describe(found)


def record(spec: Spec) -> dict[str, Any]:
    """The declaration as one JSON object."""
    return {
        "event": "info", "name": spec.name, "title": spec.title, "question": spec.question, "instant": spec.instant,
        "knobs": [_knob_record(item) for item in spec.config.knobs()],
        "presets": [_preset_record(spec, item) for item in spec.presets],
        "claims": [
            {"id": item.id, "sentence": item.sentence, "source": item.source, "prediction": item.prediction,
             "tolerance": item.tolerance, "presets": item.presets, "domain": [condition.words for condition in item.domain],
             "chance": item.chance, "identity": item.identity} for item in spec.claims
        ],
        "values": [
            {"name": item.name, "label": item.label, "unit": item.unit, "log": item.log, "whole": item.whole} for item in spec.scalars
        ],
        "figures": [{"name": item.name, "title": item.title, "x": item.x.label, "y": item.y.label} for item in spec.figures],
        "pictures": [{"name": item.name, "title": item.title} for item in spec.pictures],
        "notes": spec.notes, "references": [asdict(item) for item in spec.references],
    }  # fmt: skip


def describe(spec: Spec) -> None:
    """Write the declaration for a reader."""
    write(f"{plain(spec.name)}: {plain(spec.title)}", style="bold")
    write(plain(spec.question))
    knobs = [(item.option, item.format(item.default), _allowed(item), _what(item), item.live) for item in spec.config.knobs()]
    write_table(("knob", "default", "allowed", "what it is", "live"), knobs, title="Knobs")
    presets = [
        (item.name, item.seeds, _time(spec, item), _overrides(spec, item), item.why, item.source, item.needs) for item in spec.presets
    ]
    write_table(("preset", "seeds>", "time here", "knobs", "why", "source", "needs"), presets, title="Presets")
    if spec.work is not None and not any(of_preset(spec, item) for item in spec.presets):
        write(f"no estimate of time yet: {NO_ESTIMATE}")
    costs = [(item.name, *_costs(found)) for item in spec.presets if (found := work_of_preset(spec, item)) and found.parameters]
    if costs:
        write_table(COSTS, costs, title=WHAT_IT_TAKES)
    columns = ("id", "claim", "prediction", "tolerance", "presets", "meant for", "chance of failing by luck")
    for title, identities in (("Claims", False), ("Identities: what cannot come out otherwise, checked all the same", True)):
        chosen = [item for item in spec.claims if item.identity == identities]
        if chosen:
            write_table(columns, [_claim_row(spec, item) for item in chosen], title=title)
    figures = [(item.name, item.title, f"{item.y.label} against {item.x.label}") for item in spec.figures]
    figures += [(item.name, item.title, "picture") for item in spec.pictures]
    write_table(("figure", "title", "axes"), figures, title="Figures and pictures")
    if spec.scalars:
        scalars = [(item.name, item.label, item.unit) for item in spec.scalars]
        write_table(("name", "what it is", "unit"), scalars, title="Values: what a study collects of a run")
    print(filled(plain(spec.notes), console().width), flush=True)
    write("\nReferences", style="bold")
    write(plain("\n".join(map(str, spec.references))))


def _costs(found: Work) -> tuple[str, str, str]:
    return f"{found.parameters:,}", f"{found.operations:.1e}", size(int(found.memory)) if found.memory else ""


def _claim_row(spec: Spec, item: Claim) -> tuple[str, ...]:
    offered = {preset.name for preset in spec.presets}
    decided = " ".join(name if name in offered else f"{name} (not offered yet)" for name in item.presets) or "all"
    domain = "; ".join(condition.words for condition in item.domain) or "all settings"
    return item.id, item.sentence, item.prediction, item.tolerance, decided, domain, f"{item.chance:.2g}" if item.chance else "none"


def _what(item: Knob) -> str:
    """What a knob is, and beside which values of others it matters only."""
    needs = ", ".join(need.words for need in item.needs)
    return f"{item.text}; needs {needs}" if needs else item.text


def _allowed(item: Knob) -> str:
    return item.allowed + (f" {item.unit}" if item.unit else "")


def _overrides(spec: Spec, preset: Preset) -> str:
    return " ".join(f"{name}={spec.config.knob(name).format(value)}" for name, value in preset.overrides.items())


def _knob_record(item: Knob) -> dict[str, Any]:
    return {
        "name": item.name, "option": item.option, "kind": item.kind, "default": item.default, "text": item.text, "lo": item.lo,
        "hi": item.hi, "choices": item.choices, "unit": item.unit, "live": item.live,
    }  # fmt: skip


def _time(spec: Spec, item: Preset) -> str:
    found = of_preset(spec, item)
    return found.text if found else ""


def _preset_record(spec: Spec, item: Preset) -> dict[str, Any]:
    found, cost = of_preset(spec, item), work_of_preset(spec, item)
    return {
        "name": item.name, "why": item.why, "question": item.question or spec.question, "overrides": dict(item.overrides),
        "source": item.source, "seeds": item.seeds, "needs": item.needs,
        "estimate": {"seconds": found.seconds, "measured": found.measured} if found else None,
        "parameters": cost.parameters or None if cost else None, "operations": cost.operations if cost else None,
        "memory_bytes": cost.memory or None if cost else None,
    }  # fmt: skip
