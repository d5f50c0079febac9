"""Where a run computes, without a GPU and with one that is pretended."""

import sys
import warnings

import pytest

from engine import device
from engine.errors import UsageError
from engine.gpu import about_gpu


def test_devices_are_resolved_without_torch_where_there_is_no_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would fail
    assert device.resolve_device("cpu") == "cpu"
    monkeypatch.setattr(device, "_has_driver", lambda: False)
    assert device.resolve_device("auto") == "cpu"


def test_cuda_is_taken_where_it_is(monkeypatch):
    import torch

    monkeypatch.setattr(device, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolve_device("auto") == device.resolve_device("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve_device("auto") == "cpu"
    with pytest.raises(UsageError, match="device cuda is not there") as caught:
        device.resolve_device("cuda")
    assert "--device cpu" in caught.value.hint
    with pytest.raises(UsageError, match="device must be one of auto, cpu, cuda, got gpu"):
        device.resolve_device("gpu")


def test_an_old_driver_is_said_in_its_own_words(monkeypatch):
    import torch

    def available():
        warnings.warn(
            "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver",
            stacklevel=1,
        )
        return False

    monkeypatch.setattr(device, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", available)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    old = "torch finds no usable GPU: The NVIDIA driver on your system is too old (found version 11040)"
    with pytest.raises(UsageError) as caught:
        device.resolve_device("cuda")
    assert caught.value.message == f"device cuda is not there: {old}"
    assert device.resolve_device("auto") == "cpu"
    assert about_gpu("auto", "cpu") == f"computes on the processor: {old}"
    assert about_gpu("cpu", "cpu") == ""
