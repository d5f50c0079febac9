"""The tour's runs on real runners: begun in the background, ended when they are left, stored on request alone."""

import time
from dataclasses import replace

import pytest

from engine.contract import Phase, Rewind
from engine.contract.tour import Choice, Found, Number, Stop, Visit
from engine.errors import StoreError
from engine.store import list_runs
from engine.tour.progress import Progress
from lab.tour.guide import Guide, runner_of

STOPS = (
    Stop("first", "Halving", "definition", "toy", "decay", "A number loses a share at each step.", "Does it halve?", Choice(("yes", "no")),
         lambda snapshot: Found(0 if snapshot.verdicts[0].status == "holds" else 1, "It does."), "It does.", "(1 - r)^t", ("T1",)),
    Stop("second", "Halving again", "definition", "toy", "decay", "The same run.", "When?", Number("step", 1, 100, 2.0),
         lambda snapshot: Found(3.0, "Soon."), "It does.", "log 2/r", ("T1",)),
    Stop("slow", "Slowly", "definition", "toy", "decay", "It takes its time.", "When?", Number("step", 1, 100, 2.0),
         lambda snapshot: Found(3.0, "Late."), "It does.", "log 2/r", ("T1",), knobs={"steps": 10**6, "pause": 0.01}),
)  # fmt: skip


@pytest.fixture
def adopted():
    return []


@pytest.fixture
def guide(toys, tmp_path, adopted):
    made = Guide(STOPS, root=tmp_path / "runs", adopt=adopted.append, progress=Progress(STOPS, tmp_path / "tour.json"))
    yield made
    for runner in made.end_all():
        assert runner.close(60)


def until(session, *phases):
    end = time.monotonic() + 60
    while session.latest().phase not in phases:
        assert time.monotonic() < end, session.latest()
        time.sleep(0.01)
    return session.latest()


def test_a_stop_s_run_answers_and_leaves_nothing_behind(guide, tmp_path):
    spec, session = guide.arrive(0)
    assert spec.name == "toy"
    found, feedback = STOPS[0].feedback(0, until(session, Phase.FINISHED))
    assert (found.answer, feedback.grade) == (0, "right")
    guide.record(0, Visit(feedback.grade, 0))
    guide.end_all()
    assert not list_runs(tmp_path / "runs") and sorted(path.name for path in tmp_path.iterdir()) == ["tour.json"]
    assert Progress(STOPS, tmp_path / "tour.json").visits == {"first": Visit("right", 0)}


def test_stops_of_one_experiment_share_its_run(guide):
    _, first = guide.arrive(0)
    until(first, Phase.FINISHED)
    assert guide.arrive(1)[1] is first and guide.arrive(0)[1] is first


def test_a_run_that_is_left_is_ended_and_begun_anew(guide):
    _, slow = guide.arrive(2)
    until(slow, Phase.RUNNING)
    guide.arrive(0)
    until(slow, Phase.STOPPED)
    _, again = guide.arrive(2)
    assert again is not slow
    until(again, Phase.RUNNING)


def test_a_run_that_was_prepared_is_the_one_that_is_found(guide):
    _, first = guide.arrive(0)
    until(first, Phase.FINISHED)
    guide.prepare(2)
    _, slow = guide.arrive(2)
    until(slow, Phase.RUNNING)
    guide.prepare(0)
    assert guide.arrive(0)[1] is first, "what is over is kept"


def test_a_run_that_failed_is_run_again_on_request(guide, tmp_path):
    stop = replace(STOPS[0], knobs={"mode": "diverging"})
    broken = Guide([stop], progress=Progress([stop], tmp_path / "tour.json"))
    _, session = broken.arrive(0)
    assert "left the numbers" in until(session, Phase.DIVERGED).sentence
    session.post(Rewind())
    end = time.monotonic() + 60
    while session.latest().phase is Phase.DIVERGED and time.monotonic() < end:
        time.sleep(0.001)
    until(session, Phase.DIVERGED)
    assert all(runner.close(60) for runner in broken.end_all())


def test_a_run_is_stored_on_request_and_then_belongs_to_the_runs(guide, adopted, tmp_path):
    _, session = guide.arrive(0)
    until(session, Phase.FINISHED)
    said = guide.store(0)
    (stored,) = list_runs(tmp_path / "runs")
    assert said.startswith("Stored; see it with: genlab show ") and stored.name in said and stored.phase == "finished"
    assert adopted == [session]


def test_a_disk_that_refuses_is_a_sentence(guide, adopted, tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("a file")
    monkeypatch.setattr("lab.tour.guide.STORING", 0.5)
    _, session = guide.arrive(0)
    until(session, Phase.FINISHED)
    with pytest.raises(StoreError, match=f"not stored under {tmp_path / 'runs'}"):
        guide.store(0)
    assert not adopted


def test_the_tour_goes_on_where_it_was_left(guide, tmp_path):
    assert guide.first() == 0
    guide.arrive(1)
    assert Guide(STOPS, progress=Progress(STOPS, tmp_path / "tour.json")).first() == 1


def test_a_run_has_the_knobs_of_its_stop(toys):
    snapshot = runner_of(STOPS[2]).latest()
    assert (snapshot.preset, snapshot.config["steps"]) == ("custom", 10**6)
    assert runner_of(STOPS[0]).latest().preset == "quick"
