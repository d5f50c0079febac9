"""A made-up phenomenon with canned snapshots: what screens are tested with, without torch, threads or a clock."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np

from engine.contract import (
    COMMANDS,
    Axis,
    Claim,
    Command,
    Config,
    Figure,
    Marker,
    Pause,
    Phase,
    Picture,
    PictureSpec,
    Preset,
    Resume,
    Rewind,
    Series,
    SetKnob,
    Snapshot,
    Spec,
    Start,
    Status,
    Step,
    Verdict,
    knob,
)
from engine.contract.references import Reference
from screens.application import PhenomenonEntry
from screens.base import PhenomenonScreen


class CannedConfig(Config):
    lr: float = knob(0.05, "step size of SGD", ge=1e-4, le=1, log=True, label="learning rate", live=True)
    n: int = knob(1000, "training images", ge=100, le=50000, log=True, unit="images")
    momentum: float = knob(0.9, "heavy-ball momentum", ge=0, le=0.99)
    wd: float = knob(0.0, "weight decay", ge=0, le=0.01, log=True, label="weight decay")
    noise: Literal["uniform", "incorrect"] = knob("uniform", "how labels are corrupted")
    bias: bool = knob(True, "whether units have a bias")
    levels: tuple[float, ...] = knob((0.0, 0.5, 1.0), "corruption levels", ge=0, le=1)


FIGURES = (
    Figure("train-accuracy", "training accuracy", Axis("step", log=True), Axis("accuracy", lo=0, hi=1), ("train/*",)),
    Figure("test-error", "test error", Axis("step", log=True), Axis("error", lo=0, hi=1), ("test/*",)),
    Figure("train-loss", "training loss", Axis("step"), Axis("cross-entropy", unit="nats"), ("loss/*",)),
    Figure("time-to-fit", "time to fit", Axis("corruption"), Axis("steps to 99 %"), ("fit",)),
)
CLAIMS = (
    Claim("RL1", "Random labels are memorised", "arXiv:1611.03530, Table 1", "1", ">= .99"),
    Claim("RL2", "Nothing transfers", "arXiv:1611.03530", "1/K", "3 binomial sigma"),
    Claim("RL3", "Clean labels: chance", "arXiv:1611.03530", "1 - 1/K", "3 SE + .005", ("standard",)),
    Claim("RL4", "The same network and settings generalise on true labels", "arXiv:1611.03530", "low", "<= .15"),
)
SPEC = Spec(
    name="canned",
    title="Random labels",
    question="Can a network that does well on real labels also fit labels that carry no information?",
    config=CannedConfig,
    presets=(
        Preset("quick", "shows the effect in seconds"),
        Preset("standard", "three seeds with bands", {"n": 4000}, seeds=3),
        Preset("zhang-mlp1", "the published setting", {"n": 50000, "lr": 0.01}, "arXiv:1611.03530, Table 1", needs="cifar10"),
    ),
    figures=FIGURES,
    pictures=(PictureSpec("memorised", "memorisation map"),),
    claims=CLAIMS,
    notes="Watch the **two training curves** reach 1.\n\n- the random one is a few times later\n- its test error stays at chance",
    references=(Reference.of("Zhang et al. 2017, arXiv:1611.03530"),),
)


def canned(step: int = 300, phase: Phase = Phase.RUNNING, **changes: Any) -> Snapshot:
    """A snapshot after `step` steps of 600, with curves and a picture."""
    x = np.unique(np.round(np.geomspace(1, max(2, step), 40)))
    conditions = (("true", "true labels", 1.0), ("random", "random labels", 3.0))
    series = []
    for group, label, slow in conditions:
        fitted = 1 - 0.9 * np.exp(-x / (40 * slow))
        series += [
            Series(f"train/{group}", label, x, fitted, group=group),
            Series(f"test/{group}", label, x, 0.9 - 0.8 * fitted if group == "true" else np.full_like(x, 0.9), group=group),
            Series(f"loss/{group}", label, x, 2.3 * np.exp(-x / (40 * slow)), group=group),
        ]
    series.append(Series("fit", "random labels", np.array([0, 0.5, 1]), np.array([1.0, 1.9, 3.2]), style="points"))
    verdicts = (
        Verdict(CLAIMS[0], 1.0, 0.998, Status.HOLDS)
        if step >= 300
        else Verdict(CLAIMS[0], 1.0, None, Status.PENDING, reason=f"not by step {step}"),
        Verdict(CLAIMS[1], 0.1, 0.1036, Status.HOLDS),
        Verdict(CLAIMS[2], 0.9, None, Status.NOT_RUN, reason="needs preset standard"),
        Verdict(CLAIMS[3], "low", 0.212, Status.FAILS),
    )
    values = np.arange(100).reshape(5, 20) < step / 6
    snapshot = Snapshot(
        phenomenon="canned", run="canned-quick-s0", preset="quick", config=CannedConfig().values(), seeds=(0,), phase=phase,
        sentence="training six networks" if phase is Phase.RUNNING else str(phase), step=step, total=600, revision=step,
        series=tuple(series),
        pictures=(Picture("memorised", "memorisation map", values.astype(int), palette="classes", legend=("no", "yes")),),
        markers=(Marker("test-error", "y", 0.9, "chance"),), verdicts=verdicts,
        headline=("random labels memorised at step 190", "test error 90 %, chance 90 %", "on true labels 9.8 %", "2.51 times the steps"),
        rate=854.0, eta=8.0, elapsed=4.0, memory=412_000_000,
    )  # fmt: skip
    return replace(snapshot, **changes)


def every_status() -> tuple[Verdict, ...]:
    """A claim of each status, with the reason why those that are not decided are not."""
    reasons = {
        Status.PENDING: "not by step 300", Status.CENSORED: "never memorised by step 600", Status.NOT_RUN: "needs preset standard",
        Status.NOT_APPLICABLE: "meant for label noise",
    }  # fmt: skip
    return tuple(
        Verdict(
            Claim(f"C{place}", f"What claim number {place} says", "a paper", "1", "<= .1"), 1.0, 0.5 if status.holds is not None else None,
            status, "two of three seeds" if status is Status.CENSORED else "", reasons.get(status, ""),
        )
        for place, status in enumerate(Status)
    )  # fmt: skip


class CannedSession:
    """A session that answers commands at once, without computing anything."""

    def __init__(
        self,
        snapshot: Snapshot | None = None,
        *,
        controllable: bool = True,
        obeyed: frozenset[type[Command]] | None = None,
        refusal: str = "",
    ) -> None:
        self.snapshot = snapshot if snapshot is not None else canned()
        self.controllable = controllable
        self.obeyed = obeyed if obeyed is not None else COMMANDS if controllable else frozenset()
        self.refusal = refusal
        self.posted: list[Command] = []

    def latest(self) -> Snapshot:
        return self.snapshot

    def change(self, **changes: Any) -> None:
        self.snapshot = replace(self.snapshot, revision=self.snapshot.revision + 1, **changes)

    def post(self, command: Command) -> None:
        self.posted.append(command)
        match command:
            case Pause():
                self.change(phase=Phase.PAUSED, sentence="paused")
            case Start() | Resume():
                self.change(phase=Phase.RUNNING, sentence="training six networks")
            case Step():
                self.change(phase=Phase.PAUSED, step=self.snapshot.step + 10)
            case Rewind():
                self.change(step=0, preset=command.preset or self.snapshot.preset)
            case SetKnob():
                self.change(config={**self.snapshot.config, command.name: command.value}, preset="custom")
            case _:
                self.change(seeds=tuple(seed + 1 for seed in self.snapshot.seeds))


class CannedRuns:
    """Ten phenomena or so, each with a canned session, and after them those that cannot be opened."""

    def __init__(self, count: int = 10, session: CannedSession | None = None, problems: Sequence[str] = ()) -> None:
        self.session = session if session is not None else CannedSession()
        self.count = count
        self.begun: list[tuple[str, str]] = []
        self.begun_from: list[tuple[Snapshot, Command]] = []
        self.closed = 0
        self.exported = self.gone_on = 0
        self.wanted: list[Any] = []
        self.stored_in: list[str] = []
        self.problems = problems
        self.reports = Path(tempfile.gettempdir()) / f"no-runs-{uuid4().hex}"  # a folder that is not there
        self.found: dict[str, str] = {}

    def examine(self) -> dict[str, str]:
        return self.found

    def phenomena(self) -> list[PhenomenonEntry]:
        named = [PhenomenonEntry("canned", SPEC.title, SPEC.question)]
        named += [
            PhenomenonEntry(f"other-{i}", f"Phenomenon {i}", f"Why does phenomenon number {i} happen at all?") for i in range(1, self.count)
        ]
        return named + [PhenomenonEntry(f"broken-{i}", f"Broken {i}", "", problem) for i, problem in enumerate(self.problems)]

    def spec(self, name: str) -> Spec:
        return SPEC if name == "canned" else replace(SPEC, name=name, title=name)

    def screen(self, name: str) -> type[PhenomenonScreen]:
        return PhenomenonScreen

    def begin(self, name: str, preset: str) -> CannedSession:
        self.begun.append((name, preset))
        return self.session if name == "canned" else CannedSession(canned(phenomenon=name))

    def begin_from(self, shown: Snapshot, command: Command) -> CannedSession:
        self.begun_from.append((shown, command))
        return CannedSession(replace(shown, run="canned-custom-s0", phase=Phase.RUNNING))

    def folder(self) -> Path:
        return self.reports

    def settle(self) -> list[Snapshot]:
        return [self.session.latest()] if self.session.latest().unstored else []

    def go_on(self) -> None:
        self.gone_on += 1

    def store(self, folder: str, runs: Sequence[str]) -> list[Snapshot]:
        self.stored_in.append(folder)
        if folder != "/full":
            self.session.change(unstored="")
        return self.settle()

    def export(self, session: Any, wanted: Any) -> str:
        self.exported += 1
        self.wanted.append(wanted)
        return "Wrote 3 files to /somewhere/canned-quick-s0"

    def close(self) -> list[str]:
        self.closed += 1
        return []
