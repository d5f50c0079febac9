"""`genlab cite`: BibTeX of the papers behind a phenomenon and of the lab itself, safe for LaTeX of any age."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version

from engine.contract.references import Reference, surname
from engine.registry import spec
from lab.output import emit

TITLE = "genlab: a terminal lab on why overparameterized models generalize"
DEVELOPERS = "The genlab developers"
ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u0308": '"',
    "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip
LETTERS = {"ß": r"{\ss}", "ø": r"{\o}", "Ø": r"{\O}", "ł": r"{\l}", "Ł": r"{\L}", "æ": r"{\ae}", "ı": r"{\i}", "–": "--", "—": "---"}
SPECIAL = {
    "\\": r"{\textbackslash}",
    "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
}  # fmt: skip


def print_citation(name: str | None, *, json: bool) -> None:
    """Print the entries of a phenomenon's papers and then of the lab, or of the lab alone.

    Raises:
        UsageError: no such phenomenon.
    """
    found = spec(name).references if name is not None else ()
    if json:
        lab = {"key": "genlab", "title": TITLE, "authors": [DEVELOPERS], "version": version("genlab")}
        whole = {"references": [asdict(item) for item in found], "lab": lab, "bibtex": bibliography(found)}
        emit({"event": "cite", "phenomenon": name, **whole})
    else:
        print(bibliography(found), flush=True)


def bibliography(references: Iterable[Reference]) -> str:
    """The entries of papers, and the lab's."""
    return "\n\n".join([*map(entry, references), lab_entry()])


def entry(item: Reference) -> str:
    """One paper: an article, a paper of proceedings, or a preprint."""
    kind = "article" if item.journal else "inproceedings" if item.venue else "misc"
    fields = {
        "title": f"{{{latex(item.title)}}}",  # braces keep the capitals
        "author": " and ".join(map(_author, item.authors)),
        "year": str(item.year or ""),
        "journal": latex(item.journal),
        "booktitle": latex(item.venue),
        "volume": latex(item.volume),
        "pages": latex(item.pages).replace("-", "--"),
        "eprint": item.arxiv,
        "archiveprefix": "arXiv" if item.arxiv else "",
        "doi": item.doi,
    }
    return _entry(kind, item.key, fields)


def lab_entry() -> str:
    """The lab, in the version that is installed."""
    return _entry("software", "genlab", {"title": f"{{{TITLE}}}", "author": f"{{{DEVELOPERS}}}", "version": version("genlab")})


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _author(name: str) -> str:
    """`Belkin, Mikhail`: the form in which no part can be mistaken for another."""
    last = surname(name)
    first = name.removesuffix(last).strip()
    return latex(f"{last}, {first}" if first else last)


def latex(text: str) -> str:
    """Text as LaTeX reads it without any package: accents as commands, special characters escaped."""
    written: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        base, marks = parts[0], parts[1:]
        if letter in SPECIAL or letter in LETTERS:
            written.append(SPECIAL.get(letter) or LETTERS[letter])
        elif len(marks) == 1 and marks[0] in ACCENTS and base.isascii():
            written.append(f"{{\\{ACCENTS[marks[0]]}{{{chr(92) + base if base in 'ij' else base}}}}}")
        else:
            written.append(letter if letter.isascii() else unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode())
    return "".join(written)
