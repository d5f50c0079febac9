"""Progress of the tour: it comes back, and nothing that is wrong with its file is lost or fatal."""

import json

import pytest

from engine.contract.tour import Visit
from engine.tour import STOPS
from engine.tour.progress import Progress

CHOICE = STOPS[0]
NUMBER = next(stop for stop in STOPS if stop.name == "grokking")
SKETCH = next(stop for stop in STOPS if stop.name == "double-descent")
SOUND = {"format": 1, "stops": {"random-labels": {"result": "right", "answer": 2}}, "at": "grokking"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "tour.json"


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def test_what_was_kept_comes_back(path):
    progress = Progress(STOPS, path)
    assert (progress.visits, progress.at, progress.problem) == ({}, "", "")
    visits = [
        (CHOICE, Visit("right", 2)),
        (NUMBER, Visit("near", 300.0)),
        (SKETCH, Visit("off", (1.0, 2.0, 3.0, 50.0, 4.0, 2.0, 1.5))),
        (STOPS[5], Visit("skipped")),
    ]
    for stop, visit in visits:
        progress.record(stop, visit)
    progress.move_to(SKETCH)
    again = Progress(STOPS, path)
    assert again.visits == {stop.name: visit for stop, visit in visits}
    assert (again.at, again.problem) == (SKETCH.name, "")


def test_a_stop_that_is_repeated_has_its_last_result(path):
    for result in ("off", "right"):
        Progress(STOPS, path).record(CHOICE, Visit(result, 0))
    assert Progress(STOPS, path).visits[CHOICE.name].result == "right"


def test_two_tours_at_once_keep_what_both_record(path):
    first, second = Progress(STOPS, path), Progress(STOPS, path)
    first.record(CHOICE, Visit("right", 2))
    second.record(NUMBER, Visit("near", 300.0))
    assert set(Progress(STOPS, path).visits) == {CHOICE.name, NUMBER.name}


def test_stops_of_another_version_stay_in_the_file(path):
    write(path, {**SOUND, "stops": {**SOUND["stops"], "of-tomorrow": {"result": "near", "answer": [1, 2]}}, "at": "of-tomorrow"})
    progress = Progress(STOPS, path)
    assert set(progress.visits) == {"random-labels"} and progress.at == ""
    progress.record(NUMBER, Visit("skipped"))
    assert set(json.loads(path.read_text())["stops"]) == {"random-labels", "of-tomorrow", "grokking"}


@pytest.mark.parametrize("answer", [7, -1, "two", [1.0], True, 1e9])
def test_an_answer_that_the_stop_cannot_have_had_is_dropped(path, answer):
    write(path, {**SOUND, "stops": {"random-labels": {"result": "right", "answer": answer}}})
    assert "random-labels" not in Progress(STOPS, path).visits


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ("\x00" * 100, "damaged"),
        ({"format": 2, "stops": {}}, "another version"),
        ({"stops": {}}, "another version"),
        ({**SOUND, "stops": []}, "damaged"),
        ({**SOUND, "stops": {"random-labels": {"result": "perfect", "answer": 1}}}, "damaged"),
        ({**SOUND, "stops": {"random-labels": {"result": "right"}}}, "damaged"),
        ({**SOUND, "stops": {"random-labels": "right"}}, "damaged"),
        ({**SOUND, "stops": {"random-labels": {"result": "right", "answer": {"__reduce__": 1}}}}, "damaged"),
        ({**SOUND, "at": 3}, "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"format": 1, "stops": {}, "at": "' + "x" * 2**20 + '"}', "damaged"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_is_kept_aside(path, content, says):
    write(path, content)
    before = path.read_bytes()
    progress = Progress(STOPS, path)
    assert says in progress.problem and "begins anew" in progress.problem and progress.visits == {}
    progress.record(CHOICE, Visit("right", 2))
    assert [file.read_bytes() for file in path.parent.glob("tour.unread-*.json")] == [before]
    again = Progress(STOPS, path)
    assert again.visits == {CHOICE.name: Visit("right", 2)} and again.problem == ""


def test_what_is_put_aside_twice_keeps_both(path):
    for content in ("first", "second"):
        write(path, content)
        Progress(STOPS, path).record(CHOICE, Visit("skipped"))
    assert sorted(file.read_text() for file in path.parent.glob("tour.unread-*.json")) == ["first", "second"]


def test_a_disk_that_refuses_is_a_sentence_and_the_tour_goes_on(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    progress = Progress(STOPS, blocked / "tour.json")
    progress.record(CHOICE, Visit("right", 2))
    assert "progress of the tour is not kept" in progress.problem
    assert progress.visits[CHOICE.name].result == "right"
