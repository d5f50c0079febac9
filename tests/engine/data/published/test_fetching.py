"""Fetching: what arrives is what was published; a mirror that fails is followed by the next, and half a file is gone on with."""

import errno
import os
import socket
import threading
from dataclasses import replace

import numpy as np
import pytest

from engine.data.published import load_images, place, state
from engine.data.published.fetching import fetch
from engine.data.published.folder import DOWNLOAD, locked, part_of, remove
from engine.errors import DataError, StoreError
from engine.telling import telling
from tests.engine.data.published.small import (
    DEAD,
    DEAD_HOST,
    EXACTING,
    IMPATIENT,
    QUICK,
    TESTS,
    TRAIN,
    cut,
    labels,
    lay,
    named,
    pixels,
    ranges,
    serving,
    small_cifar10,
    small_mnist,
    whole,
)  # fmt: skip


def there(published, patience=QUICK, **options):
    return fetch(published, patience=patience, **options)


@pytest.mark.parametrize("small", [small_mnist, small_cifar10])
def test_the_images_are_the_published_ones(small):
    published, contents = small()
    with serving(named(published, contents)) as mirror:
        published = replace(published, mirrors=(mirror.url,))
        seen = []
        assert there(published, report=lambda *progress: seen.append(progress))
        assert not there(published)
        assert [name for name, _ in mirror.asked] == [file.name for file in published.files]
    found, note = load_images(published)
    assert note == ""
    np.testing.assert_array_equal(found.train_images, pixels(TRAIN, published.shape))
    np.testing.assert_array_equal(found.test_images, pixels(TESTS, published.shape, 1))
    np.testing.assert_array_equal(found.train_labels, labels(TRAIN))
    np.testing.assert_array_equal(found.test_labels, labels(TESTS))
    assert isinstance(found.train_images, np.memmap) and not found.train_images.flags.writeable
    assert seen[-1][1:] == (published.download_size, published.download_size)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert not (place(published) / DOWNLOAD).exists()


def test_a_broken_connection_is_gone_on_with():
    published, contents = small_mnist()
    with serving(named(published, contents), cut) as mirror:
        published = replace(published, mirrors=(mirror.url,))
        first = published.files[0]
        with telling(lambda sentence: setattr(mirror, "answer", ranges) if "trying again" in sentence else None):
            there(published)
        starts = [int(asked.removeprefix("bytes=").rstrip("-") or 0) for name, asked in mirror.asked if name == first.name]
        assert starts[0] == 0 and starts[1] == (first.size + 1) // 2
    assert state(published).decoded


def test_a_server_that_only_ever_sends_a_piece_is_gone_on_with_to_the_end():
    published, contents = small_mnist()

    def piece(handler, content):
        step = len(content) // 5 + 1
        start = handler.start
        body = content[start : start + step]
        said = {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        handler.send(206 if start else 200, body, len(content) - start, **said)
        handler.close_connection = True

    with serving(named(published, contents), piece) as mirror:
        there(replace(published, mirrors=(mirror.url,)))
    assert state(published).decoded


def test_what_is_left_of_an_interrupted_fetch_is_used_by_the_next():
    published, contents = small_mnist()
    part = part_of(published, published.files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(contents[0][:1000])
    (part.parent / "tmpabc").write_bytes(b"left by a killed process")
    with serving(named(published, contents)) as mirror:
        there(replace(published, mirrors=(mirror.url,)))
        assert mirror.asked[0] == (published.files[0].name, "bytes=1000-")
    assert state(published).decoded and not part.parent.exists()


@pytest.mark.parametrize("answer", [whole, ranges])
@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * 10**6])
def test_a_half_file_of_something_else_ends_as_the_published_one(left, answer):
    published, contents = small_mnist()
    part = part_of(published, published.files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(left)
    with serving(named(published, contents), answer) as mirror:
        there(replace(published, mirrors=(mirror.url,)))
    assert state(published).decoded


def test_a_server_that_goes_on_elsewhere_is_asked_for_everything():
    published, contents = small_mnist()
    part = part_of(published, published.files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(contents[0][:1000])

    def elsewhere(handler, content):
        start = handler.start
        if start:
            handler.send(206, content[7:], Content_Range=f"bytes 7-{len(content) - 1}/{len(content)}")
        else:
            handler.send(200, content)

    with serving(named(published, contents), elsewhere) as mirror:
        there(replace(published, mirrors=(mirror.url,)))
        assert [asked for _, asked in mirror.asked[:2]] == ["bytes=1000-", ""]


def _not_found(handler, content):
    handler.send(404, b"no such thing")


def _web_page(handler, content):
    handler.send(200, b"<html>log in first</html>", Content_Type="text/html; charset=utf-8")


def _shorter(handler, content):
    handler.send(200, content[:-3])


def _endless(handler, content):
    handler.send_response(200)
    handler.end_headers()  # no length: as much as the server likes
    for _ in range(100):
        handler.wfile.write(content)


def _other(handler, content):
    handler.send(200, content[:-1] + bytes([content[-1] ^ 1]))


def _failing(handler, content):
    handler.send(503, b"later")


def _silent(handler, content):
    handler.mirror.stopped.wait(20)


def _slow(handler, content):
    handler.send_response(200)
    handler.end_headers()
    while not handler.mirror.stopped.wait(0.05):
        handler.wfile.write(content[:1])


@pytest.mark.parametrize(
    ("answer", "said", "once"),
    [
        (_not_found, "answers 404", True),
        (_web_page, "answers with a web page in place of the file", True),
        (_shorter, "bytes, where", True),
        (_endless, "sends more than the", True),
        (_other, "sends another content", True),
        (_failing, "answers 503", False),
        (_silent, "no answer in time", False),
        (_slow, "sends less than 1,000 bytes a second", False),
        (cut, "are kept, and gone on with", False),
    ],
)  # fmt: skip
def test_what_a_bad_mirror_does_is_said_and_the_next_one_is_taken(answer, said, once, folder):
    published, contents = small_mnist()
    files = named(published, contents)
    with serving(files, answer) as bad, serving(files) as good:
        alone = replace(published, mirrors=(bad.url,))
        if answer is cut:  # halves of halves would arrive in the end
            bad.answer = lambda handler, content: handler.send(200, content[:1], len(content))
        patience = {_silent: IMPATIENT, _slow: EXACTING}.get(answer, QUICK)
        with pytest.raises(DataError) as caught:
            there(alone, patience)
        assert said in caught.value.message and "127.0.0.1" in caught.value.message
        assert "genlab data fetch mnist" in caught.value.hint and str(place(published)) in caught.value.hint
        assert (len(bad.asked) == 1) is once
        assert not state(published).usable and not (folder / "mnist" / published.files[0].name).exists()
        bad.answer = answer
        there(replace(published, mirrors=(bad.url, good.url)), replace(patience, pauses=(0.0,) * 50))  # however slow this machine is
    assert state(published).decoded


def test_without_a_network_the_sentence_names_every_mirror(monkeypatch):
    def unknown(host, *rest):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    published, _ = small_mnist(("http://somewhere.example/", DEAD))
    asked = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *rest: (unknown if host == "somewhere.example" else asked)(host, *rest))
    with pytest.raises(DataError) as caught:
        there(published)
    assert "somewhere.example: its name is not known (is there a network?)" in caught.value.message
    assert f"{DEAD_HOST}: refuses connections" in caught.value.message
    assert all(file.name in caught.value.hint for file in published.files)  # a person copies all of them at once


def test_a_full_disk_is_named_before_and_on_the_way(monkeypatch, folder):
    published, contents = small_mnist()
    with monkeypatch.context() as patch:
        patch.setattr("engine.data.published.folder.SPARE", 2**80)
        with pytest.raises(StoreError, match=r"mnist takes .* MB more, and .* MB free") as caught:
            there(replace(published, mirrors=(DEAD,)))
        assert "GENLAB_DATA" in caught.value.hint and not folder.exists()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refuse(*_):
        raise full

    with serving(named(published, contents)) as mirror:
        published = replace(published, mirrors=(mirror.url,))
        with monkeypatch.context() as patch:
            patch.setattr("engine.data.published.stored.write_all", refuse)
            with pytest.raises(StoreError, match="the disk is full") as caught:
                there(published)
        assert "GENLAB_DATA" in caught.value.hint
        assert not state(published).decoded and not [path for path in place(published).iterdir() if "decoded" in path.name]
        there(published)
        assert len(mirror.asked) == len(published.files)  # what had arrived was not asked for again
    assert state(published).decoded


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="cannot make the folder") as caught:
        there(small_mnist((DEAD,))[0])
    assert "GENLAB_DATA" in caught.value.hint


def test_two_at_once_are_told_apart():
    published, _ = small_mnist((DEAD,))
    with locked(published, "fetched"):
        with pytest.raises(DataError, match="mnist is being fetched by this process"):
            there(published)
        with pytest.raises(DataError, match="mnist is being fetched by this process"):
            remove(published)


def test_whoever_needs_it_waits_until_somebody_else_has_decoded_it():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    found, waiting = [], threading.Event()

    def need():
        with telling(lambda sentence: waiting.set() if "waiting for" in sentence else None):
            found.append(load_images(published)[0])

    with locked(published, "decoded"):
        thread = threading.Thread(target=need)
        thread.start()
        assert waiting.wait(20) and not found
    thread.join(20)
    assert len(found[0].train_labels) == TRAIN


def test_an_interrupted_fetch_keeps_what_arrived_and_lets_go():
    published, contents = small_mnist()

    def interrupt(name, done, total):
        raise KeyboardInterrupt

    with serving(named(published, contents)) as mirror:
        published = replace(published, mirrors=(mirror.url,))
        with pytest.raises(KeyboardInterrupt):
            there(published, report=interrupt)
        assert state(published).part > 0 and not state(published).usable
        there(published)
    assert state(published).decoded


def test_an_official_file_that_was_damaged_is_fetched_again():
    published, contents = small_mnist()
    lay(published, [contents[0][:-1], contents[1][::-1], *contents[2:]], place(published))
    with serving(named(published, contents)) as mirror:
        there(replace(published, mirrors=(mirror.url,)))
        assert {name for name, _ in mirror.asked} == {file.name for file in published.files[:2]}
    assert state(published).decoded
