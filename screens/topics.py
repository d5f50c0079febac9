"""What stands under a word that names no phenomenon and no preset: figures, claims, papers, notes, and what the field calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.contract import Figure, PictureSpec, Spec
from engine.contract.domain import Condition, unmet

SHOWN = 200  # characters of a note
KEPT = 4096  # texts that are kept as they are compared: every letter that is typed looks through them all


@dataclass(frozen=True)
class Topic:
    """Where words were found.

    preset: the first that shows it; what: the figure's title, the claim's sentence, the note.
    rank: 0 for what the field calls it, then titles and claims, the papers, and the notes, which name much in passing.
    """

    preset: str
    what: str
    rank: int = 0


def topics(spec: Spec, words: Sequence[str]) -> Iterator[Topic]:
    """Yield once for each preset what has all the words, those of the phenomenon's title aside: first what the field calls it.

    words: in small letters. Each stands at the beginning of a word of the text, so that `ntk` does not find "bluntkey".
    """
    seen = set()
    for what, presets, domain, rank in _everything(spec):
        if _has(words, what, spec.title):
            preset = _shown_by(spec, presets, domain)
            if preset not in seen:
                seen.add(preset)
                yield Topic(preset, what, rank)


def _everything(spec: Spec) -> Iterator[tuple[str, Sequence[str], Sequence[Condition], int]]:
    """Yield texts, each with the presets that may show it, the settings that it needs, and its rank."""
    names = [preset.name for preset in spec.presets]
    yield from ((f"about: {words}", [preset], (), 0) for preset, words in spec.topics.items())
    views: tuple[Figure | PictureSpec, ...] = (*spec.figures, *spec.pictures)
    yield from ((f"figure: {view.title}", names, view.domain, 1) for view in views)
    yield from ((f"{claim.id}: {claim.sentence}", claim.presets or names, claim.domain, 1) for claim in spec.claims)
    for paper in spec.references:
        after = [preset.name for preset in spec.presets if paper.arxiv and paper.arxiv in preset.source]
        yield f"after {paper}", after or names, (), 2
    yield from ((f"notes: {note}", names, (), 3) for note in _notes(spec.notes))


def _shown_by(spec: Spec, presets: Sequence[str], domain: Sequence[Condition]) -> str:
    """Return the first preset inside a domain; the first of all where none is."""
    return next((name for name in presets if not unmet(domain, spec.configure(name))), presets[0])


@lru_cache
def _notes(markdown: str) -> tuple[str, ...]:
    """Return the points of the notes, without emphasis, as one line each."""
    points = [point[2:].partition("\n\n")[0] for point in re.split(r"\n(?=- |#)", markdown) if point.startswith("- ")]
    texts = [" ".join(re.sub(r"\*\*|`|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", point).split()) for point in points]
    return tuple(text if len(text) <= SHOWN else f"{text[:SHOWN].rsplit(' ', 1)[0]} ..." for text in texts)


def _has(words: Sequence[str], text: str, title: str) -> bool:
    found = [_begins(word, text) for word in words]
    return any(found) and all(there or _begins(word, title) for there, word in zip(found, words, strict=True))


def _begins(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(_plain(word))}", _plain(text)) is not None


@lru_cache(maxsize=KEPT)
def _plain(text: str) -> str:
    """Small letters without accents, as they are typed: `Candes`."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter))
