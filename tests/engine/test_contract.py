"""What the vocabulary does by itself."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Axis, Claim, Detail, DetailRow, Figure, Layer, Phase, Preset, Series, Spec, Status, one_of, unmet, within
from engine.errors import KnobError
from engine.registry import entries
from engine.registry import spec as registry_spec
from tests.engine.toy_phenomenon import SPEC

X = np.arange(2.0)


def series(*names):
    return [Series(name, "", X, X) for name in names]


def test_a_figure_draws_each_series_once_in_the_order_of_its_patterns():
    figure = Figure("f", "F", Axis("x"), Axis("y"), ("risk/theory", "risk/*", "bias"))
    found = figure.draws(series("bias", "risk/a", "variance", "risk/theory", "risk/b"))
    assert [item.name for item in found] == ["risk/theory", "risk/a", "risk/b", "bias"]


def test_a_layer_follows_the_cursor_to_the_nearest_frame_in_the_logarithm():
    frames = np.stack([np.full((2, 2), value) for value in (1.0, 2.0, 3.0)])
    layer = Layer("line", np.zeros((2, 2)), "now", "g", np.array([1.0, 10.0, 100.0]), frames, ("a", "b", "c"))
    assert layer.under(None) is layer.under(0.0) is layer
    assert [layer.under(cursor).label for cursor in (0.5, 3.0, 3.2, 40.0, 1e9)] == ["a", "a", "b", "c", "c"]
    assert (layer.under(30.0).xy == 2.0).all() and (layer.under(33.0).xy == 3.0).all() and layer.under(33.0).group == "g"
    still = Layer("line", np.zeros((2, 2)), "still")
    assert still.under(5.0) is still


def test_a_claim_without_presets_is_for_all_and_changed_knobs_try_every_claim():
    everywhere, somewhere = Claim("A", "", "", "", ""), Claim("B", "", "", "", "", ("long",))
    assert all(everywhere.applies(preset) for preset in ("quick", "long", "custom"))
    assert [somewhere.applies(preset) for preset in ("quick", "long", "custom")] == [False, True, True]


def test_a_domain_says_what_a_config_lacks():
    config = SPEC.configure("quick", {"steps": 50})
    domain = (within("steps", 100), within("steps", hi=1e3), within("steps", 60, 80), one_of("steps", 50, 60), one_of("steps", True))
    assert unmet(domain, config) == "needs steps at least 100, steps between 60 and 80, steps yes"
    assert unmet(domain[1:2] + domain[3:4], config) == unmet((), config) == ""


def test_every_element_of_a_list_must_lie_within():
    class Listed:
        n = (10, 200)

    assert unmet((within("n", 20),), Listed) == "needs n at least 20" and unmet((within("n", 10, 200),), Listed) == ""


def test_statuses_and_phases_know_what_they_are():
    assert [status.holds for status in Status] == [True, False, None, None, None, None]
    assert {status.mark for status in Status} == {"yes", "no", "not yet", "censored", "not run", "n/a"}
    assert [phase for phase in Phase if phase.over] == [Phase.FINISHED, Phase.STOPPED, Phase.DIVERGED, Phase.FAILED]


def test_a_detail_is_head_formula_and_constants():
    row = DetailRow("true", 0.25, "non-vacuous", "good", "!", {"n": 3000, "kl": 1.25})
    detail = Detail("PAC-Bayes", "sqrt(kl / 2n)", (row, DetailRow("random", 1234567.0)), "with probability 0.95")
    assert detail.lines() == (
        "PAC-Bayes (with probability 0.95): true 0.25 non-vacuous!; random 1.23e+06", "sqrt(kl / 2n)", "true: n=3,000, kl=1.25", "random: ",
    )  # fmt: skip


def test_a_run_of_a_study_answers_its_question_whatever_its_other_knobs():
    study = Preset("mirror", "other norms", {"study": "mirror", "n": 10}, question="In which norm?")
    spec = replace(SPEC, presets=(*SPEC.presets, study))
    assert spec.asked({"study": "mirror", "n": 3}) == "In which norm?"
    assert spec.asked({"study": "plain", "n": 10}) == spec.asked({}) == SPEC.question


def test_a_preset_with_a_question_asks_it_and_the_usual_one_does_not():
    for spec in map(registry_spec, (entry.name for entry in entries())):
        asking = [item for item in spec.presets if item.question]
        assert spec.asked(spec.configure("quick").values()) == spec.question
        for item in asking:
            assert item.question.endswith("?") and spec.asked(spec.configure(item.name).values()) == item.question


def test_a_spec_configures_its_presets_and_names_the_nearest():
    assert SPEC.configure("long", {"n": "30"}).values()["n"] == 30 and SPEC.configure("long").steps == 1000
    assert isinstance(SPEC, Spec) and isinstance(SPEC.preset("quick"), Preset)
    with pytest.raises(KnobError, match="no preset 'lnog' of toy; did you mean long"):
        SPEC.preset("lnog")
