"""BibTeX of every phenomenon, read by a small parser of its own; names and years as the packages' docstrings have them."""

import importlib
import re
import unicodedata
from importlib.metadata import version

import pytest

from engine import registry
from engine.errors import Exit
from engine.papers import PAPERS
from lab import citation
from tests.architecture.source import ROOT
from tests.lab.command_line import lines

NAMED = re.compile(r"([A-Z][^;]*?)\s+(\d{4}),\s+arXiv:(\d{4}\.\d{5})")


def parsed(text):
    """Entries of BibTeX: [(kind, key, {field: value})]; braces must match, every field stands once, nothing is left over."""
    entries, rest = [], text
    while rest.strip():
        head = re.match(r"\s*@(\w+)\{([^,\s{}]+),", rest)
        assert head, rest[:60]
        rest, fields = rest[head.end() :], {}
        while not (end := re.match(r"\s*\}", rest)):
            name = re.match(r"\s*(\w+)\s*=\s*\{", rest)
            assert name and name[1] not in fields, rest[:60]
            depth, place = 1, name.end()
            while depth:
                if rest[place] == "\\":
                    place += 1
                elif rest[place] in "{}":
                    depth += 1 if rest[place] == "{" else -1
                place += 1
            fields[name[1]] = rest[name.end() : place - 1]
            comma = re.match(r"\s*,", rest[place:])
            assert comma, rest[place : place + 20]
            rest = rest[place + comma.end() :]
        entries.append((head[1], head[2], fields))
        rest = rest[end.end() :]
    return entries


def bare(text):
    """A name without accents, in whatever notation, and without braces."""
    text = re.sub(r"\\[`'^~=.\"uvHckr]?\{?\\?([A-Za-z])\}?", r"\1", text).replace("{", "").replace("}", "")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@pytest.mark.parametrize("name", [entry.name for entry in registry.entries() if not entry.origin])
def test_every_phenomenon_is_cited_in_valid_bibtex(name):
    text = citation.bibliography(registry.spec(name).references)
    assert text.isascii()
    entries = parsed(text)
    keys = [key for _, key, _ in entries]
    assert len(set(keys)) == len(keys) == len(registry.spec(name).references) + 1 and keys[-1] == "genlab"
    for kind, _, fields in entries[:-1]:
        needed = {"article": {"journal"}, "inproceedings": {"booktitle"}, "misc": {"eprint"}}[kind]
        assert {"title", "author", "year", *needed} <= fields.keys()
        assert not re.search(r"(?<!\\)[&%$#_]", "".join(value for field, value in fields.items() if field != "doi"))


@pytest.mark.parametrize("entry", [entry for entry in registry.entries() if not entry.origin], ids=lambda entry: entry.name)
def test_names_and_years_are_those_of_the_package(entry):
    paragraphs = (importlib.import_module(entry.package).__doc__ or "").split("\n\n")
    told = "; ".join(" ".join(paragraph.split()) for paragraph in paragraphs if "arXiv:" in paragraph)
    by_number = {paper.arxiv: paper for paper in registry.spec(entry.name).references if paper.arxiv}
    for names, year, number in NAMED.findall(told):
        assert number in by_number, f"{entry.name} names arXiv:{number} and does not cite it"
        paper = by_number[number]
        assert paper.year == int(year), paper
        people = [bare(name).strip() for name in names.removesuffix(" et al.").split(",")]
        cited = [bare(name) for name in paper.surnames.split(", ")]
        assert cited[: len(people)] == people and ("et al." in names or len(cited) == len(people)), paper


def test_papers_have_different_keys_and_numbers_that_can_be():
    numbers = [paper.arxiv for paper in PAPERS.values() if paper.arxiv]
    assert len(set(numbers)) == len(numbers)
    for key, paper in PAPERS.items():
        first = bare(paper.surnames.split(",")[0]).lower().translate({ord(letter): None for letter in "-'"})
        assert key == paper.key and key.startswith(first) and str(paper.year) in key
        assert re.fullmatch(r"\d{4}\.\d{5}", paper.arxiv) or (not paper.arxiv and paper.doi)
        assert not paper.arxiv or 2000 + int(paper.arxiv[:2]) <= paper.year


def test_only_articles_have_a_volume_and_pages_from_and_to():
    for paper in PAPERS.values():
        assert bool(paper.journal) == bool(paper.volume) and not (paper.journal and paper.venue), paper.key
        if paper.pages:
            first, last = map(int, re.fullmatch(r"(\d+)-(\d+)", paper.pages).groups())
            assert paper.journal and first < last, paper.key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hölzmüller", r'H{\"{o}}lzm{\"{u}}ller'),
        ("Lénaïc", r'L{\'{e}}na{\"{\i}}c'), ("Çelik, Łoś, Ånström", r"{\c{C}}elik, {\L}o{\'{s}}, {\r{A}}nstr{\"{o}}m"),
        ("50 % & more_{x} $5 #1", r"50 \% \& more\_\{x\} \$5 \#1"), ("~^\\", r"{\textasciitilde}{\textasciicircum}{\textbackslash}"),
    ],
)  # fmt: skip
def test_accents_and_special_characters_are_safe_for_latex(text, expected):
    assert citation.latex(text) == expected


def test_surnames_keep_their_particles():
    (paper,) = [item for item in PAPERS.values() if item.key == "curth2023"]
    assert paper.surnames == "Curth, Jeffares, van der Schaar"
    assert "van der Schaar, Mihaela" in citation.entry(paper)


def test_the_command_prints_papers_and_the_lab(genlab):
    code, out, err = genlab("cite", "random-labels")
    assert (code, err) == (0, "")
    assert [key for _, key, _ in parsed(out)] == ["zhang2017", "greydanus2024", "genlab"]
    code, out, _ = genlab("cite")
    assert [(kind, fields["version"]) for kind, _, fields in parsed(out)] == [("software", version("genlab"))]
    (record,) = lines(genlab("cite", "random-labels", "--json")[1])
    assert record["references"][0]["arxiv"] == "1611.03530" and parsed(record["bibtex"])
    code, out, err = genlab("cite", "random-lables")
    assert (code, out) == (Exit.USAGE, "") and "did you mean random-labels?" in err


def test_what_is_known_as_a_line_alone_is_cited_as_that(genlab):
    (first, _) = parsed(genlab("cite", "toy")[1])
    assert first == ("misc", "nobody-1900", {"title": "{nobody 1900}"})


def test_the_citation_file_is_valid_and_agrees():
    """A reader of the few forms that the file uses: `key: value`, lists, a folded text."""
    fields, last = {}, ""
    for line in (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines():
        found = re.match(r"([a-z-]+):\s*(.*)", line)
        if found:
            last = found[1]
            fields[last] = found[2].strip('"')
        else:
            assert line.startswith("  "), line
            fields[last] += line.strip() + "\n"
    assert {"cff-version", "message", "title", "authors"} <= fields.keys()  # what the format demands
    assert fields["cff-version"] == "1.2.0" and fields["type"] == "software"
    assert (fields["title"], fields["version"]) == (citation.TITLE, version("genlab"))
    assert citation.DEVELOPERS in fields["authors"]
