"""What the notes say of the study that is looked at comes first."""

from __future__ import annotations

import pytest

from engine.registry import names, spec
from screens.widgets.notes_panel import OTHERS, first_section, foremost

NOTES = """## What to notice

- **All** of it,
  in two lines.
- Study **mirror** (preset `its-name`): its own.

- Last.

## Formulas

- `mirror` is not moved here."""


@pytest.mark.parametrize("name", ["mirror", "its-name"])
def test_the_points_of_a_study_come_first(name: str) -> None:
    lines = foremost(NOTES, [name]).split("\n")
    assert lines[2] == "- Study **mirror** (preset `its-name`): its own."
    assert lines[3:7] == ["- **All** of it,", "  in two lines.", "- Last.", ""] and lines[7:] == NOTES.split("\n")[8:]


def test_the_points_of_a_study_stand_apart_from_the_others() -> None:
    lines = foremost(NOTES, ["its-name", "mirror"]).split("\n")
    assert lines[2:8] == ["- Study **mirror** (preset `its-name`): its own.", "", OTHERS, "", "- **All** of it,", "  in two lines."]
    assert foremost(NOTES, ["quick", "unheard-of"]) == NOTES.replace("\n\n- Last", "\n- Last"), "nothing of its own"


def test_the_formulas_of_a_study_come_before_those_of_others() -> None:
    notes = "## What\n\n- All.\n\n## Formulas\n\n- a\n\n## Formulas of early stopping (x)\n\n- b"
    assert foremost(notes, ["early-stopping"]) == "## What\n\n- All.\n\n## Formulas of early stopping (x)\n\n- b\n\n## Formulas\n\n- a"
    assert foremost(notes, ["nested"]) == notes


@pytest.mark.parametrize("notes", [NOTES, "", "no list", "## Heading\n\ntext", *(spec(name).notes for name in names())])
def test_the_first_section_and_the_rest_are_the_whole(notes: str) -> None:
    first, rest = first_section(notes)
    assert "\n".join([first, rest]).rstrip("\n") == notes.rstrip("\n")
    assert first.count("\n#") <= 1 and (rest == "" or rest.startswith("#"))


@pytest.mark.parametrize("notes", ["", "no list", "## Heading\n\ntext", "- one"])
def test_notes_without_such_points_stay(notes: str) -> None:
    assert foremost(notes, ["mirror"]) == notes and foremost(notes, []) == notes


@pytest.mark.parametrize("phenomenon", names())
def test_no_word_of_any_notes_is_lost(phenomenon: str) -> None:
    found = spec(phenomenon)
    for preset in found.presets:
        assert sorted(foremost(found.notes, [preset.name]).split()) == sorted(found.notes.split())
