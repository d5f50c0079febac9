"""A snapshot through a file: all of it comes back, and what is not a snapshot does not."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Layer, Phase, Picture, Scalar, ScalarValue, Series, Snapshot, Status, one_of, unmet, within
from engine.errors import StoreError
from engine.store import RunFolder
from engine.store.snapshots import encode
from tests.engine.comparing import assert_equal
from tests.engine.store.folders import snapshot


def test_a_snapshot_survives_the_disk(run):
    run.save_snapshot(snapshot())
    assert_equal(RunFolder.open(run.path).load_snapshot(), replace(snapshot(), run=run.name, folder=str(run.path)))


def test_a_snapshot_is_few_archive_entries_and_shared_steps_are_kept_once(run):
    x = np.arange(1000.0)
    many = tuple(Series(str(i), "s", x, np.full(1000, float(i))) for i in range(50))
    run.save_snapshot(Snapshot("toy", "r", "quick", {}, (0,), Phase.RUNNING, "", series=many))
    with zipfile.ZipFile(run.path / "latest.npz") as pack:
        assert sorted(pack.namelist()) == ["f8.npy", "snapshot.npy"]
        assert pack.getinfo("f8.npy").file_size < 52 * 8000
    assert_equal(run.load_snapshot().series, many)


def test_layers_turn_with_the_cursor_and_statuses_are_statuses_after_the_disk(run):
    run.save_snapshot(snapshot())
    found = run.load_snapshot()
    layer = found.pictures[3].layers[0]
    assert layer.under(9.0).label == "ii" and layer.under(None).label == "now"
    np.testing.assert_array_equal(layer.under(100.0).xy, snapshot().pictures[3].layers[0].frames[2])
    assert all(isinstance(verdict.status, Status) for verdict in found.verdicts)
    assert found.verdicts[1].holds is True and found.verdicts[0].holds is None and found.verdicts[1].values == {"ratio": 0.9, "n": 3}
    assert found.details[0].lines() == snapshot().details[0].lines()


def test_everything_that_a_run_shows_survives_the_disk(runner, tmp_path):
    run = runner(root=tmp_path)
    run.start()
    assert run.join(60)
    last = run.latest()
    found = RunFolder.open(tmp_path / last.run).load_snapshot()
    assert_equal(replace(found, revision=0, memory=0), replace(last, revision=0, memory=0))
    assert last.details and last.groups


def test_what_a_later_field_defaults_to_may_be_missing(run):
    tree = replace(snapshot(), groups=(), unstored="", scalars=())
    run.save_snapshot(tree)
    data = dict(np.load(run.path / "latest.npz"))
    text = (
        data["snapshot"]
        .tobytes()
        .replace(b',"unstored":""', b"")
        .replace(b',"groups":[]', b"")
        .replace(b',"scalars":[]', b"")
        .replace(b',"brief":""', b"")
    )
    data["snapshot"] = np.frombuffer(text, dtype=np.uint8)
    np.savez(run.path / "latest.npz", **data)
    assert not any(name in text for name in (b"unstored", b"groups", b"scalars", b'"brief":""'))
    assert_equal(run.load_snapshot(), replace(tree, run=run.name, folder=str(run.path)))


X = np.arange(3.0)
SERIES = Series("a", "A", X, X)
LAYER = Layer("points", np.ones((2, 2)), "l")
SCALAR = ScalarValue(Scalar("gap", "gap"), (0.5,), (False,))
TURNING = replace(LAYER, at=X, frames=np.ones((3, 2, 2)), labels=("a", "b", "c"))


def pictured(layer):
    return {"pictures": (Picture("p", "P", layers=(layer,)),)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"phase": "resting"},
        {"step": "many"},
        {"step": 1.5},
        {"seeds": ("0",)},
        {"eta": "soon"},
        {"sentence": 3},
        {"values": {"loss": "low"}},
        {"notes": "one"},
        {"headline": "one clause"},
        {"headline": (1.0,)},
        {"series": (replace(SERIES, kind="guessed"),)},
        {"series": (replace(SERIES, y=np.arange(4.0)),)},
        {"series": (replace(SERIES, lo=np.arange(2.0), hi=X),)},
        {"series": (replace(SERIES, x=np.ones((3, 1)), y=np.ones((3, 1))),)},
        {"series": (replace(SERIES, y=np.array(["a", "b", "c"])),)},
        {"series": (replace(SERIES, y=[0.0, 1.0, 2.0]),)},
        {"pictures": (Picture("p", "P", X),)},
        {"pictures": (Picture("p", "P", np.ones((2, 2)), extent=(0.0, 1.0)),)},
        pictured(replace(LAYER, xy=np.ones((2, 3)))),
        pictured(replace(LAYER, kind="cloud")),
        pictured(replace(TURNING, labels=("a",))),
        pictured(replace(TURNING, frames=None)),
        pictured(replace(TURNING, frames=np.ones((3, 2)))),
        {"verdicts": (replace(snapshot().verdicts[0], status="perhaps"),)},
        {"details": (replace(snapshot().details[0], rows=("row",)),)},
        {"scalars": (replace(SCALAR, seeds=("soon",)),)},
        {"scalars": (replace(SCALAR, censored=(0,)),)},
        {"scalars": (replace(SCALAR, censored=()),)},
        {"scalars": (replace(SCALAR, reason="none"),)},
        {"scalars": (replace(SCALAR, seeds=(float("inf"),)),)},
        {"scalars": (SCALAR, SCALAR)},
    ],
    ids=str,
)
def test_what_is_of_the_wrong_type_or_does_not_belong_together_is_damage(run, wrong):
    (run.path / "latest.npz").write_bytes(encode(replace(snapshot(), **wrong)))
    with pytest.raises(StoreError, match=r"latest\.npz is damaged"):
        run.load_snapshot()


def test_a_snapshot_of_another_phenomenon_does_not_fit_its_run(run):
    (run.path / "latest.npz").write_bytes(encode(replace(snapshot(), phenomenon="other")))
    with pytest.raises(StoreError, match=r"latest\.npz of run .* does not fit its manifest"):
        run.load_snapshot()


@pytest.mark.parametrize("edit", [(b'"step"', b'"stop"'), (b'"sentence":"running",', b""), (b"@array", b"@arrow"), (b'"f8"', b'"f9"')])
def test_a_text_that_was_tampered_with_is_damage(run, edit):
    run.save_snapshot(snapshot())
    data = dict(np.load(run.path / "latest.npz"))
    data["snapshot"] = np.frombuffer(data["snapshot"].tobytes().replace(*edit), dtype=np.uint8)
    np.savez(run.path / "latest.npz", **data)
    with pytest.raises(StoreError, match=r"latest\.npz is damaged"):
        run.load_snapshot()


def test_control_characters_do_not_come_back(run):
    hostile = "red\x1b[31m\x07 \x9b2J\r tab\tline\nend \u00e9"
    run.save_snapshot(replace(snapshot(), sentence=hostile, notes=(hostile,)))
    found = run.load_snapshot()
    assert found.sentence == found.notes[0] == "red\ufffd[31m\ufffd \ufffd2J\ufffd tab\tline\nend \u00e9"


def test_a_claim_keeps_the_words_of_its_domain(run):
    verdict = snapshot().verdicts[0]
    domain = (within("width", 10), one_of("data", "digits5k"))
    claim = replace(verdict.claim, domain=domain, chance=0.01, identity=True)
    run.save_snapshot(replace(snapshot(), verdicts=(replace(verdict, claim=claim),)))
    found = run.load_snapshot().verdicts[0].claim
    assert found == claim and [condition.words for condition in found.domain] == ["width at least 10", "data digits5k"]
    with pytest.raises(LookupError):
        unmet(found.domain, None)
