"""Event files, read by TensorBoard's own reader; where it is not installed, nothing is tried."""

import json
import warnings
from pathlib import Path

import pytest

from engine.store import RunFolder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what tensorboard's own dependencies say of each other
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def test_measurements_are_scalars_and_the_command_is_a_text(genlab, run, tmp_path):
    name = run("--seeds", "2")
    code, out, err = genlab("export", name, "--to", "tensorboard", "-o", str(tmp_path / "out"))
    assert (code, err) == (0, "")
    found = accumulators.EventAccumulator(out.strip()).Reload()
    assert set(found.Tags()["scalars"]) == {"value/0", "value/1", "mean"}  # `half` was never a number
    measured = {
        item["step"]: item["values"] for item in map(json.loads, (tmp_path / "runs" / name / "metrics.jsonl").read_text().splitlines())
    }
    for event in found.Scalars("value/1"):
        assert event.value == pytest.approx(measured[event.step]["value"][1], rel=1e-6)
    assert [event.step for event in found.Scalars("mean")] == sorted(measured)
    manifest = RunFolder.open(tmp_path / "runs" / name).manifest
    (tag,) = [tag for tag in found.Tags()["tensors"] if tag.startswith("about")]
    (text,) = found.Tensors(tag)[0].tensor_proto.string_val
    assert manifest.command_line in text.decode() and manifest.digest in text.decode()


def test_a_comparison_is_a_folder_with_a_run_of_tensorboard_for_each(genlab, run, tmp_path):
    first, second = run(), run("--rate", "0.2")
    code, out, err = genlab("compare", first, second, "--to", "tensorboard", "-o", str(tmp_path / "out"))
    assert (code, err) == (0, "")
    assert sorted(path.name for path in Path(out.strip()).iterdir()) == ["rate-.1", "rate-.2"]
    for place, name in (("rate-.1", first), ("rate-.2", second)):
        alone = Path(genlab("export", name, "--to", "tensorboard", "-o", str(tmp_path / "alone"))[1].strip())
        (mine,), (own) = (Path(out.strip()) / place).iterdir(), next(alone.iterdir())
        assert mine.read_bytes() == own.read_bytes()


def test_the_same_run_gives_the_same_file(genlab, run, tmp_path):
    name = run()
    written = [Path(genlab("export", name, "--to", "tensorboard", "-o", str(tmp_path / place))[1].strip()) for place in "ab"]
    first, second = ([path.read_bytes() for path in folder.iterdir()] for folder in written)
    assert first == second and len(first) == 1
