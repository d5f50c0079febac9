"""The rows around the figures: as much as fits, and what matters first."""

from __future__ import annotations

import pytest
from rich.text import Text

from engine.contract import Phase
from screens.widgets.status_rows import KEYS, headline_row, key_row, phase_row, sentence_row
from screens.widgets.text_row import fit
from tests.screens.canned import SPEC, canned


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_rows_fit_their_width_and_keep_what_matters(width: int) -> None:
    row = phase_row(canned(), width)
    assert row.cell_len <= width
    assert row.plain.startswith("running")
    for context in KEYS:
        keys = key_row(context, Phase.RUNNING, width)
        assert keys.cell_len <= width
        assert "? help" in keys.plain


@pytest.mark.parametrize("width", range(37, 200, 7))
def test_a_headline_is_as_many_of_its_first_clauses_as_fit(width: int) -> None:
    clauses = canned().headline
    row = headline_row(SPEC, canned(), width)
    assert row.cell_len <= width
    shown = row.plain.strip().split("; ")
    assert tuple(shown) == clauses[: len(shown)]
    assert len(shown) == len(clauses) or len(row.plain) + len("; " + clauses[len(shown)]) > width


def test_before_the_first_measurement_the_headline_is_the_question_where_it_fits_whole() -> None:
    fresh = canned(headline=(), series=())
    assert headline_row(SPEC, fresh, len(SPEC.question) + 1).plain.strip() == SPEC.question
    assert headline_row(SPEC, fresh, len(SPEC.question)).plain.strip() == "nothing measured yet"


def test_a_run_with_curves_and_without_a_headline_is_not_said_to_be_unmeasured() -> None:
    measured = canned(headline=())
    assert measured.series
    assert headline_row(SPEC, measured, len(SPEC.question) - 5).plain == " nothing to tell yet"


def test_fit_leaves_out_what_would_be_cut() -> None:
    assert fit([Text("aaaa"), Text("bbbbbbbb"), Text("cc")], 10).plain == "aaaa  cc"


def test_the_sentence_of_a_run_is_not_said_twice() -> None:
    assert sentence_row(canned(sentence="running", notes=("512 of 10,000 points left out",)), 0).plain == "512 of 10,000 points left out"
