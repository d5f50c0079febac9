"""Made folders and a snapshot that has one of everything."""

from pathlib import Path

import numpy as np

from engine.contract import (
    Claim,
    Detail,
    DetailRow,
    Layer,
    Marker,
    Phase,
    Picture,
    Scalar,
    ScalarValue,
    Series,
    Snapshot,
    Status,
    Verdict,
)
from engine.state import State
from engine.store import Manifest, Position, Progress, RunFolder

MANIFEST = Manifest(phenomenon="toy", preset="quick", config={"lr": 0.1, "grid": [1, 2]}, seeds=(3,), command_line="genlab run toy\udcff")


def snapshot() -> Snapshot:
    x = np.array([1.0, 10.0, 100.0])
    claim = Claim("A1", "It holds", "theory", "0", "1 %", ("quick", "standard"))
    frames = np.arange(24.0).reshape(3, 4, 2)
    return Snapshot(
        phenomenon="toy", run="toy-quick-s3", preset="quick", config={"lr": 0.1, "list": [1, 2]}, seeds=(3, 4), phase=Phase.RUNNING,
        sentence="running", hint="NaN", step=100, total=None, revision=7,
        series=(
            Series("a", "A", x, np.array([np.nan, np.inf, 0.1]), lo=x - 1, hi=x + 1, band="quartiles"),
            Series("b", "B", x, -x, kind="theory", basis="bound", style="bars", group="g"),
            Series("none", "N", np.empty(0), np.empty(0)),
        ),
        pictures=(
            Picture("p", "P", np.arange(6, dtype=np.uint8).reshape(2, 3), palette="classes", legend=("x", "y"), note="n"),
            Picture("q", "Q", None, (Layer("path", np.ones((4, 2)), "l", "g"),), extent=(0.0, 1.0, -1.0, float("inf")), equal=True),
            Picture("r", "R", np.ones((3, 2), dtype=bool).T, lo=0.0, hi=1.0),
            Picture("t", "T", None, (Layer("line", frames[0], "now", "g", x, frames, ("i", "ii", "iii")),), extent=(0.0, 9.0, 0.0, 9.0)),
        ),
        markers=(Marker("loss*", "x", 140.0, "memorised", "g", "fitted"), Marker("loss*", "y", 0.9, "chance")),
        verdicts=(
            Verdict(claim, 0.0, float("nan"), Status.PENDING, reason="not yet"),
            Verdict(claim, "1", "0.9", Status.HOLDS, "over seeds", values={"ratio": 0.9, "n": 3}),
            *(Verdict(claim, 1, None, status) for status in Status),
        ),
        scalars=(
            ScalarValue(Scalar("grok_step", "grok step", "step", log=True), (460.0, float("nan"), 1200.0), (False, False, True)),
            ScalarValue(Scalar("gap", "gap"), reason="pending"),
        ),
        values={"loss": 0.1, "bad": float("inf")}, notes=("one", "two"), groups=("g", "a"),
        details=(
            Detail("PAC-Bayes", "kl(q||p) / n", (DetailRow("true", 0.2, "non-vacuous", "good", "!", {"n": 300, "kl": 1.5}),), "caveat"),
            Detail("empty", "", ()),
        ),
        rate=12.5, eta=None, elapsed=3.25, device="cuda", memory=2**40, folder="/runs/toy", unstored="the disk is full",
    )  # fmt: skip


def with_everything(root: Path, manifest: Manifest = MANIFEST) -> Path:
    """A folder with every file that a run leaves behind."""
    run = RunFolder.create(root, manifest)
    run.append(0, {"loss": 1.0})
    run.save_state(State({"w": np.ones(3)}, {"a": 1}), Position(0, 1, {}))
    run.save_progress(Progress(Phase.PAUSED, "paused"))
    run.save_arrays({"X": np.ones(3)})
    run.save_snapshot(snapshot())
    run.save_result({"claims": []})
    run.close()
    return run.path
