"""Notes fill the width there is: no line is broken twice, and what stands in its own lines stays so."""

import pytest

from engine import registry
from lab.notes_text import filled

NOTES = """## What to notice

- **First**: a line that was broken
  here, and here
  again.
- Second.

A paragraph of
two lines.

1. One
   goes on.

| a | b |
|---|---|

```
x =  1
y =  2
```
"""


def test_items_and_paragraphs_are_filled_and_the_rest_stays():
    assert filled(NOTES, 100).splitlines() == [
        "## What to notice", "", "- **First**: a line that was broken here, and here again.", "- Second.", "", "A paragraph of two lines.",
        "", "1. One goes on.", "", "| a | b |", "|---|---|", "", "```", "x =  1", "y =  2", "```",
    ]  # fmt: skip
    assert filled(NOTES, 30).splitlines()[2:4] == ["- **First**: a line that was", "  broken here, and here again."]


@pytest.mark.parametrize("width", [80, 120])
def test_no_word_of_a_phenomenons_notes_is_lost_and_no_line_is_too_wide(width):
    for entry in registry.entries():
        if not entry.origin and not entry.problem:
            notes = registry.spec(entry.name).notes
            text = filled(notes, width)
            assert text.split() == notes.split()
            assert all(len(line) <= width or " " not in line.strip("- ") or line.startswith(("#", "|")) for line in text.splitlines())
