"""Every way of training on a CUDA device: it begins as the processor does, runs to its end, and goes on from its state as if never stopped.

Marked `gpu`; on a machine without one, `GENLAB_TEST_DEVICE=cpu` runs the same with the processor in the GPU's place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from engine import registry
from engine.gpu import gpu_in_use, others_on_gpu
from engine.phenomenon import AnyPhenomenon
from engine.state import State
from tests.golden.cases import CASES, DEEP, RANDOM, Case
from tests.phenomena.driven import work

DEVICE = os.environ.get("GENLAB_TEST_DEVICE", "cuda")
pytestmark = [] if DEVICE == "cpu" else [pytest.mark.gpu]
SMALL = {**RANDOM, "dataset": "digits196", "n": 100, "epochs": 2, "batch": 50, "width_multiplier": 0.05}
WIDE = {**DEEP, "dataset": "digits196", "h": (1, 2), "n": 100, "tests": 100, "steps": 100, "batch": 50, "samples": (0,)}
NETWORKS = (
    Case("random-labels", "inception", {**SMALL, "model": "inception"}),
    Case("random-labels", "alexnet", {**SMALL, "model": "alexnet"}),
    Case("random-labels", "wrn", {**SMALL, "model": "wrn", "wrn_depth": 10}),
    Case("deep-double-descent", "resnet", {**WIDE, "model": "resnet"}),
    Case("deep-double-descent", "cnn", {**WIDE, "model": "cnn", "optimizer": "sgd", "schedule": "inverse-root"}),
    Case(
        "lazy-training",
        "convolutional",
        {"study": "convolutional", "channels": 0.02, "examples": 60, "output_scales": (1.0,), "rates": (0.1,), "epochs": 1, "batch": 20},
    ),
)


def trains(case: Case) -> bool:
    spec = registry.spec(case.phenomenon)
    return spec.trains(spec.configure("quick", case.knobs))


TRAINED = [case for case in (*CASES, *NETWORKS) if trains(case)]


def make(case: Case, device: str) -> AnyPhenomenon:
    spec = registry.spec(case.phenomenon)
    return registry.load(case.phenomenon)(spec.configure("quick", case.knobs), case.seeds, device, "custom")


def numbers(record: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The values of a record that are numbers."""
    found = {name: np.asarray(value) for name, value in record.items()}
    return {name: value for name, value in found.items() if value.dtype.kind in "fiu"}


@pytest.mark.parametrize("case", TRAINED, ids=lambda case: case.id)
def test_it_begins_as_the_processor_does_and_goes_on_from_its_state(case: Case) -> None:
    here, whole = work(make(case, "cpu"), until=0), work(make(case, DEVICE))
    for name, value in numbers(here.history.records[0]).items():
        np.testing.assert_allclose(numbers(whole.history.records[0])[name], value, rtol=1e-2, atol=1e-3, err_msg=name)
    assert whole.series() and whole.arrays() and whole.verdicts()
    steps = whole.history.steps
    first = work(make(case, DEVICE), until=int(steps[len(steps) // 2]))
    saved, second = first.state(), make(case, DEVICE)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.step = first.step
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.steps == steps
    for name, value in numbers(whole.history.records[-1]).items():
        np.testing.assert_allclose(numbers(second.history.records[-1])[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.skipif(DEVICE == "cpu", reason="says what a GPU is")
def test_a_gpu_says_how_full_it_is_and_what_others_hold() -> None:
    held = torch.zeros(torch.cuda.mem_get_info()[1] // 10, dtype=torch.uint8, device="cuda")
    found = gpu_in_use("cuda")
    assert found is not None and held.numel() <= found.used < found.total
    assert found.name in others_on_gpu("cuda")
