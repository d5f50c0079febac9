"""A run as text."""

from engine import registry
from engine.runner import Runner
from engine.seeds import seed_range
from lab.export.text_file import as_text


def test_figures_claims_and_formulas_are_in_it(toys):
    spec = registry.spec("toy")
    session = Runner("toy", spec.configure("quick"), "quick", seed_range(0, 2))
    session.start()
    session.join()
    session.close()
    written = as_text(spec, session.latest())
    for item in (*spec.figures, *spec.pictures):
        assert item.title in written
    assert "yes      T1    The number halves: predicted 0.5" in written
    assert "Bound on the number: seed 0 0.25 met" in written
