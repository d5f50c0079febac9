"""The figures that the app writes beside a run."""

import json

import pytest

import genlab
from engine import registry
from engine.errors import StoreError
from lab.export.beside_run import write_beside


@pytest.fixture
def decayed(toys):
    """Declaration and last snapshot of a finished run."""
    return registry.spec("toy"), genlab.run("toy", seeds=2).snapshot


def test_figures_are_written_as_text_and_as_data(decayed, tmp_path):
    spec, snapshot = decayed
    text, data = write_beside(tmp_path, spec, snapshot)
    written = text.read_text(encoding="utf-8")
    for figure in spec.figures:
        assert figure.title in written
    assert "yes      T1    The number halves: predicted 0.5" in written
    assert "Bound on the number: seed 0 0.25 met" in written
    read = json.loads(data.read_text(encoding="utf-8"))
    found = {series["name"]: series for figure in read["figures"] for series in figure["series"]}
    assert set(found) == {series.name for series in snapshot.series}
    for series in snapshot.series:
        assert found[series.name]["y"] == series.y.tolist()
    assert [(claim["id"], claim["status"]) for claim in read["claims"]] == [("T1", "holds"), ("T2", "not run")]
    assert read["details"][0]["rows"][0]["constants"] == {"rate": 0.1}


def test_a_folder_that_refuses_is_a_sentence(decayed, tmp_path):
    with pytest.raises(StoreError, match=r"cannot write .*figures\.txt"):
        write_beside(tmp_path / "missing", *decayed)
