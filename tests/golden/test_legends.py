"""What the legends of every reduced run say: each label has a subject and stands once in its figure, no mark is a bare number."""

import re
from fnmatch import fnmatchcase

import pytest

from engine.contract import unmet
from tests.golden.cases import CASES
from tests.golden.ran import ran

IDS = [case.id for case in CASES]
BARE = {  # words that leave open of what
    "exact", "limit", "flow", "margin", "smoothed", "loss", "error", "optimum", "least", "null", "constant", "gap", "raw", "two terms",
    "gaussian", "mean", "median", "theory", "predicted", "simulated", "less than", "or more", "nK", "fitted",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_labels_have_a_subject_and_stand_once_in_a_figure(case):
    made = ran(case)
    for figure in made.spec.figures:
        labels = [item.label for item in figure.draws(made.series())]
        assert len(set(labels)) == len(labels), (figure.name, labels)
        drawn = [marker for marker in made.markers() if fnmatchcase(figure.name, marker.figure)]
        marks = [marker.label for marker in drawn if marker.label]
        assert all(marker.label or marker.common for marker in drawn) and bool(marks) == bool(drawn), (figure.name, drawn)
        assert not BARE & {*labels, *marks}, (figure.name, labels, marks)
        assert all(re.search("[a-zA-Z]", mark) or re.fullmatch(r"[\d.]+: [\d,]+", mark) for mark in marks), (figure.name, marks)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_finished_run_fills_every_figure_whose_settings_it_has(case):
    made = ran(case)
    for figure in made.spec.figures:
        if figure.domain and not unmet(figure.domain, made.config):
            assert any(item.x.size for item in figure.draws(made.series())), figure.name
