"""Every file of a run with other bytes and other values: reading it gives what its annotations say, or the store's own error, and soon."""

import random
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Phase
from tests.engine.conftest import hold, runner  # noqa: F401 (fixtures)
from tests.engine.running import finished, until
from tests.faults.reading import read_everything
from tests.faults.soaking.mutations import BYTES, VALUES, mutate
from tests.properties.examples import counted, examples


@pytest.fixture
def paths(runner, hold, tmp_path):  # noqa: F811 (the fixtures)
    """The folders of a run that has finished and of one that was stopped halfway."""
    hold(10)
    run = runner(steps=20, grid=5, root=tmp_path / "halfway")
    run.start()
    halfway = until(lambda: run.latest().step == 10 and run.latest().run)
    assert run.close(60)
    hold()
    run = runner(steps=20, grid=5, root=tmp_path / "finished")
    run.start()
    assert finished(run).phase is Phase.FINISHED and run.close(60)
    return tmp_path / "halfway" / halfway, tmp_path / "finished" / run.latest().run


@pytest.mark.parametrize("kind", [BYTES, VALUES])
def test_reading_is_a_value_or_a_sentence(paths, tmp_path, kind):
    @examples(100)
    @given(which=st.sampled_from(paths), seed=st.integers(0, 2**64))
    @counted
    def check(which, seed):
        path = tmp_path / "changed" / which.name
        shutil.rmtree(path.parent, ignore_errors=True)
        shutil.copytree(which, path)
        mutate(path, kind, random.Random(seed))
        read_everything(path)

    check()
