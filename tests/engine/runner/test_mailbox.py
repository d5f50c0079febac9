"""The mailbox between the threads."""

import threading

from engine.contract import Pause, Phase, Reseed, Rewind, SetKnob, Snapshot, Start, Stop
from engine.runner.mailbox import Mailbox
from tests.engine.running import until


def mailbox():
    return Mailbox(Snapshot("toy", "run", "quick", {}, (0,), Phase.READY, ""))


def test_messages_come_in_their_order_and_together():
    box = mailbox()
    box.post(Start(), Pause())
    box.post(Start())
    assert box.take(None) == [Start(), Pause(), Start()]
    assert box.take(0.0) == [] == box.take(0.001)


def test_joining_waits_for_every_message_and_the_end():
    box = mailbox()
    assert not box.join(0.0) and box.join(0.0, over=False)
    box.post(Start(), Pause())
    box.settle(1, Phase.FINISHED)
    assert not box.join(0.0) and not box.join(0.0, over=False)  # one message is not handled yet
    box.settle(1, Phase.BUILDING)
    assert not box.join(0.0) and not box.join(0.0, over=False)  # what it began is not built yet
    box.settle(0, Phase.RUNNING)
    assert not box.join(0.0) and box.join(0.0, over=False)
    box.settle(0, Phase.FINISHED)
    assert box.join(0.0)


def test_what_makes_another_run_is_wanted_until_it_is_heeded():
    box = mailbox()
    box.post(Pause())
    assert not box.change_wanted() and not box.stop_wanted()
    for message in (SetKnob("n", 3), Rewind(), Reseed()):
        box.post(message)
        assert box.change_wanted() and not box.stop_wanted()
        box.heed(message)
        assert not box.change_wanted()
    box.post(Stop(elsewhere=True))
    assert box.change_wanted() and box.stop_wanted()


def test_the_end_of_the_thread_ends_all_waiting():
    box = mailbox()
    box.post(Start())
    waiting = threading.Thread(target=box.join)
    waiting.start()
    box.close()
    until(lambda: not waiting.is_alive())
    assert box.join(0.0)
