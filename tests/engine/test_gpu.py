"""What is said of a GPU, on one that is only pretended."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine import gpu
from engine.contract import Gpu, Phase, Snapshot
from engine.store.snapshots import decode, encode
from screens.widgets.status_rows import phase_row

USED, TOTAL = 47_600_000_000, 139_700_000_000


class Driver(SimpleNamespace):
    """Stands in for `torch`; used: bytes; busy: percent, or an error."""

    def __init__(self, used: int, busy: int | Exception) -> None:
        super().__init__(cuda=self, used=used, busy=busy, gone=False)

    def mem_get_info(self, device: str) -> tuple[int, int]:
        if self.gone:
            raise RuntimeError("CUDA error: device-side assert triggered")
        return TOTAL - self.used, TOTAL

    def get_device_name(self, device: str) -> str:
        return "NVIDIA H200"

    def utilization(self, device: str) -> int:
        if isinstance(self.busy, Exception):
            raise self.busy
        return self.busy


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    pretended = Driver(USED, 87)
    monkeypatch.setitem(gpu.sys.modules, "torch", pretended)
    monkeypatch.setattr(gpu, "PERIOD", 1e-9)
    return pretended


def test_a_run_beside_others_is_told_what_is_left(driver: Driver) -> None:
    said = gpu.others_on_gpu("cuda")
    assert said == "shares the H200 with others, who hold 47.6 GB of its 139.7 GB, 87 % busy: 92.1 GB are left for this run"
    driver.used = TOTAL // 100
    assert gpu.others_on_gpu("cuda") == ""


def test_a_load_that_is_not_known_is_left_out(driver: Driver) -> None:
    driver.busy = ModuleNotFoundError("pynvml")
    assert gpu.gpu_in_use("cuda") == Gpu("H200", USED, TOTAL)
    assert "busy" not in gpu.others_on_gpu("cuda")


def test_nothing_is_said_of_a_gpu_that_vanished_or_is_not_used(driver: Driver) -> None:
    assert gpu.gpu_in_use("cpu") is None
    driver.gone = True
    assert gpu.gpu_in_use("cuda") is None
    assert gpu.others_on_gpu("cuda") == ""


def test_the_status_line_names_it_and_a_watcher_reads_the_same(tmp_path) -> None:
    plain = Snapshot("toy", "toy", "quick", {}, (0,), Phase.RUNNING, "", device="cuda", step=3)
    beside = replace(plain, gpu=Gpu("H200", USED, TOTAL, 0.87))
    assert "cuda: H200 47.6 of 139.7 GB, 87 % busy" in phase_row(beside, 160).plain
    assert "cuda: H200 47.6 of 139.7 GB" in phase_row(replace(plain, gpu=Gpu("H200", USED, TOTAL)), 160).plain
    assert " cuda " in f"{phase_row(plain, 160).plain} "
    (tmp_path / "snapshot.npz").write_bytes(encode(beside))
    assert decode(tmp_path / "snapshot.npz") == beside
