"""The mailbox between the threads."""

import threading

from engine.contract import Pause, Phase, Snapshot, Start
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
    box.settle(1, over=True)
    assert not box.join(0.0) and not box.join(0.0, over=False)  # one message is not handled yet
    box.settle(1, over=False)
    assert not box.join(0.0) and box.join(0.0, over=False)
    box.settle(0, over=True)
    assert box.join(0.0)


def test_the_end_of_the_thread_ends_all_waiting():
    box = mailbox()
    box.post(Start())
    waiting = threading.Thread(target=box.join)
    waiting.start()
    box.close()
    until(lambda: not waiting.is_alive())
    assert box.join(0.0)
