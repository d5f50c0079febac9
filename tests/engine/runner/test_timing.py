"""Throttles and meters on a clock that the test moves."""

import pytest

from engine.runner import timing


@pytest.fixture
def clock(monkeypatch):
    """Time that a test moves."""

    class Clock:
        now = 1000.0

    made = Clock()
    monkeypatch.setattr(timing.time, "monotonic", lambda: made.now)
    return made


def test_a_throttle_keeps_the_interval_and_the_share(clock):
    throttle = timing.Throttle(2.0, 0.02)
    assert not throttle.due()
    clock.now += 2
    assert throttle.due()
    with throttle.spending():
        clock.now += 0.5  # it took half a second, so it may be done again 25 s later
    clock.now += 24.9
    assert not throttle.due()
    clock.now += 0.2
    assert throttle.due()
    assert timing.Throttle(2.0, at_once=True).due()


def test_what_takes_long_once_is_forgiven(clock):
    throttle = timing.Throttle(1.0, 0.1, at_once=True, forgiving=True)

    def waits(cost):
        with throttle.spending():
            clock.now += cost
        began = clock.now
        while not throttle.due():
            clock.now += 0.125
        return clock.now - began

    assert [waits(cost) for cost in (5.0, 0.05, 5.0, 0.5, 0.5)] == [1.0, 1.0, 1.0, 5.0, 5.0]


def test_the_rate_follows_and_pauses_do_not_count(clock):
    meter = timing.Meter(elapsed=10.0)
    meter.go(0)
    for step in range(100, 1100, 100):
        clock.now += 0.2
        meter.tick(step)
    assert meter.rate == pytest.approx(500)
    assert meter.elapsed == pytest.approx(12)
    assert meter.eta(1000, 2000) == pytest.approx(2) and meter.eta(1000, None) is None
    meter.hold(1000)
    clock.now += 100
    meter.tick(1000)
    meter.go(1000)
    for step in range(1010, 1510, 10):
        clock.now += 0.2
        meter.tick(step)
    assert meter.rate == pytest.approx(50, rel=0.05)
    assert meter.elapsed == pytest.approx(22)
    assert timing.Meter().eta(0, 10) is None


def test_nobody_says_how_long_it_takes_from_its_first_steps(clock):
    meter = timing.Meter()
    meter.go(0)
    clock.now += 0.9
    meter.tick(1)  # caches fill
    assert meter.eta(1, 1001) is None
    clock.now += 0.2
    meter.tick(101)
    left = meter.eta(101, 1001)
    assert left is not None and left < 20
