"""`genlab tour`: the questions in print, one or all, with and without their answers; and what is refused."""

import re

import pytest

from engine.contract.tour import Choice, Found, Number, Sketch, Stop, Undecided
from engine.tour import STOPS
from tests.lab.command_line import finish


def refuse(snapshot):
    raise Undecided("the number does not say")


def sketched(snapshot):
    curve = next(item for item in snapshot.series if item.name == "law")
    return Found(type(curve)("found", "found", curve.x[1:3], curve.y[1:3]), "It falls.")


TOYS = (
    Stop("halving", "Halving", "definition", "toy", "decay", "A number loses {rate} of itself at each of {steps} steps.", "Does it halve?",
         Choice(("yes, after {steps}", "no")), lambda snapshot: Found(0, "It ends lower."), "It must.", "(1 - r)^t", ("T1",)),
    Stop("step", "The step", "exercise 1", "toy", "decay", "The same.", "When?", Number("step", 1, 100, 2.0, unit="steps"),
         lambda snapshot: Found(7.0, "At seven."), "It must.", "log 2/r", ("T1",)),
    Stop("curve", "The curve", "exercise 2", "toy", "decay", "The same.", "How?", Sketch((1.0, 2.0), 0.01, 10.0, 1.0, 2.0), sketched,
         "It must.", "(1 - r)^t", ("T1",)),
    Stop("silent", "Silence", "watch out", "toy", "decay", "The same.", "What?", Choice(("a", "b")), refuse, "It must.", "0 = 0", ("T1",)),
)  # fmt: skip


@pytest.fixture
def tour(genlab, monkeypatch):
    """Runs `genlab tour ARGS` over stops of the toy."""
    monkeypatch.setattr("engine.tour.STOPS", TOYS)
    return lambda *args: genlab("tour", *args)


def test_the_questions_are_printed_without_their_answers(tour):
    code, out, err = tour("--print")
    assert (code, err) == (0, "")
    assert out.startswith("# A tour of generalization\n")
    assert re.findall("^## .*", out, re.MULTILINE) == [
        "## 1. Halving (definition)", "## 2. The step (exercise 1)", "## 3. The curve (exercise 2)", "## 4. Silence (watch out)",
    ]  # fmt: skip
    assert "loses 0.1 of itself at each of 200 steps." in out and "{" not in out
    assert "- A. yes, after 200" in out and "- B. no" in out
    assert "step = ________ (a number between 1 and 100 steps)" in out
    assert "Draw value [units], on a logarithmic axis from 0.01 to 10, at step = 1, 2." in out
    assert "It must." not in out and "T1" not in out and "It ends lower" not in out


def test_one_stop_is_printed_alone(tour):
    for text in ("2", "step"):
        _, out, _ = tour("--print", "--stop", text)
        assert re.findall("^## .*", out, re.MULTILINE) == ["## 2. The step (exercise 1)"]


def test_answers_come_from_runs_and_a_stop_without_one_says_so(tour, tmp_path):
    code, out, _ = tour("--print", "--answers")
    assert code == 3, "one stop has no answer"
    assert "**A. yes, after 200.** It ends lower." in out
    assert "**step = 7 steps.** At seven." in out
    assert re.search(r"\*\*[\d.]+ at 1, [\d.]+ at 2\.\*\* It falls\.", out)
    assert "No answer from this run: the number does not say." in out
    assert out.count("- T1, The number halves: yes, ") == 4 and "    (1 - r)^t" in out
    assert "Computed by `genlab run toy --preset quick --seed 0 --seeds 1 --device auto`" in out
    assert not (tmp_path / "runs").exists(), "nothing is stored"


def test_all_decided_is_exit_code_0(tour):
    assert tour("--print", "--answers", "--stop", "halving")[0] == 0


def test_what_cannot_be_meant_is_refused(tour):
    code, out, err = tour("--print", "--stop", "5")
    assert (code, out) == (2, "") and "no stop '5'" in err and "stops: 1 to 4, or halving, step, curve, silent" in err
    code, _, err = tour("--answers")
    assert code == 2 and "genlab tour --print --answers" in err
    code, out, err = tour("--stop", "halving")
    assert (code, out) == (2, "") and "needs a terminal" in err and "genlab tour --print" in err


def test_the_real_questions_in_a_pipe(tmp_path):
    code, out, err = finish(tmp_path / "runs", "tour", "--print")
    assert (code, err) == (0, "")
    assert len(re.findall(r"^## \d+\. ", out, re.MULTILINE)) == len(STOPS)
    assert all(stop.formula not in out and stop.explanation not in out for stop in STOPS)
