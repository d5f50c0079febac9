"""The questions of the tour as Markdown, for a teacher; with their answers, which are computed first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract import Figure, Phase, Series, Snapshot, Spec
from engine.contract.run_command import run_command
from engine.contract.tour import Choice, Found, Number, Sketch, Stop, Undecided, written
from engine.errors import Exit
from engine.registry import spec
from lab.output import plain, say
from lab.running.driving import Feed, conclude, drive
from lab.running.reporters import choose_reporter
from lab.tour.guide import runner_of
from screens import formatting
from screens.widgets.plot_legend import axis_name

LETTERS = "ABCD"
HEAD = """# A tour of generalization

Each stop asks first, and an experiment answers. In the terminal: `genlab tour`, or `genlab tour --stop N`.
"""


def print_tour(stops: Sequence[Stop], places: Sequence[int], *, answers: bool, device: str, threads: int | None, debug: bool) -> int:
    """Print the stops at some places and return the exit code.

    answers: run each experiment, and print after each question what is right, with the explanation.
    """
    print(HEAD, flush=True)
    runs: dict[object, Snapshot] = {}
    code = int(Exit.DONE)
    for place in places:
        stop = stops[place]
        found = spec(stop.phenomenon)
        print(plain("\n".join(question_lines(place, stop, found))), flush=True)
        if answers:
            if stop.experiment not in runs:
                snapshot, ended = _run(stop, device, threads, debug)
                if ended == Exit.INTERRUPTED:
                    return ended
                runs[stop.experiment], code = snapshot, max(code, ended)
            lines, decided = answer_lines(stop, found, runs[stop.experiment])
            print(plain("\n".join(lines)), flush=True)
            code = code if decided else int(Exit.RUN_FAILED)
    return code


def question_lines(place: int, stop: Stop, found: Spec) -> list[str]:
    """Return a stop's heading, its setting and question, and how it is answered."""
    setting, ask, options = stop.words(found.configure(stop.preset, stop.knobs).values())
    return [f"## {place + 1}. {stop.title} ({stop.page})", "", setting, "", f"**{ask}**", "", *_ways(stop, found, options), ""]


def _ways(stop: Stop, found: Spec, options: Sequence[str]) -> list[str]:
    question = stop.question
    if isinstance(question, Choice):
        return [f"- {letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    if isinstance(question, Number):
        return [f"{question.what} = ________ (a number between {question.range})"]
    figure = figure_of(stop, found)
    places = ", ".join(map(written, question.at))
    scale = "logarithmic " if question.log else ""
    return [
        f"Draw {question.what or axis_name(figure.y)}, on a {scale}axis from {written(question.lo)} to {written(question.hi)}, "
        f"at {axis_name(figure.x)} = {places}."
    ]


def answer_lines(stop: Stop, found: Spec, snapshot: Snapshot) -> tuple[list[str], bool]:
    """Return what a run says is right, with the explanation, the verdicts and the command; and whether it says so."""
    command = f"`{run_command(found, snapshot.preset, snapshot.config, snapshot.seeds, 'auto')}`"
    try:
        if snapshot.phase is not Phase.FINISHED:
            raise Undecided(f"the run {snapshot.phase}: {snapshot.sentence}")
        right = stop.find(snapshot)
        told, decided = [f"**{right_answer(stop, right, snapshot)}** {right.sentence}"], True
    except Undecided as error:
        told, decided = [f"No answer from this run: {error.message}."], False
    verdicts = [
        f"- {item.claim.id}, {item.claim.sentence}: {item.mark}, {formatting.number(item.measured)} "
        f"(predicted {formatting.number(item.predicted)})"
        for item in snapshot.verdicts
        if item.claim.id in stop.claims
    ]
    concept = [f"*{stop.concept}.*"] if stop.concept else []
    return [
        *told,
        "",
        " ".join([*concept, stop.explanation]),
        "",
        f"    {stop.formula}",
        "",
        *verdicts,
        "",
        f"Computed by {command}",
        "",
    ], decided


def right_answer(stop: Stop, right: Found, snapshot: Snapshot) -> str:
    """Return what is right in a few words."""
    question = stop.question
    if isinstance(question, Choice) and not isinstance(right.answer, Series):
        return f"{LETTERS[int(right.answer)]}. {stop.words(snapshot.config)[2][int(right.answer)]}."
    if isinstance(question, Sketch) and isinstance(right.answer, Series):
        heights = zip(right.answer.x.tolist(), right.answer.y.tolist(), strict=True)
        return ", ".join(f"{written(y)} at {written(x)}" for x, y in heights if np.isfinite(y)) + "."
    assert isinstance(question, Number) and not isinstance(right.answer, Series)
    return f"{question.what} = {written(right.answer)} {question.unit}".rstrip() + "."


def figure_of(stop: Stop, found: Spec) -> Figure:
    """Return the figure that a stop shows."""
    return next(figure for figure in found.figures if figure.name == stop.figure)


def _run(stop: Stop, device: str, threads: int | None, debug: bool) -> tuple[Snapshot, int]:
    """Run the experiment of a stop to its end; return the last snapshot and the exit code."""
    feed = Feed()
    ending = drive(runner_of(stop, device, threads), feed, choose_reporter(f"{stop.phenomenon} for stop {stop.name}"))
    code = int(conclude(ending, debug=debug))
    if code not in (Exit.DONE, Exit.INTERRUPTED):
        say(f"genlab: stop {stop.name} has no answer; the others go on")
    return ending.last, code
