"""Collects the texts of the program and of the rules that come along, and brings each language's file up to date.

python -m bot.locale.catalogue            # says what a language lacks, or still has of texts that are gone
python -m bot.locale.catalogue --update   # writes the files anew: new texts empty, old ones dropped
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
CODE = HERE.parent
RULES = CODE.parent / "rules"

# Which arguments of a function are texts. Babel's own extractor does not look into f-strings before Python 3.12.
_TEXTS = {
    "tr": (0,),
    "marked": (0,),
    "tr_n": (0, 1),
    "count": (1, 2),
    "plural_form": (0, 1),
    "show_date": (1,),
}


def texts() -> Catalog:
    """Every text there is, with where it stands."""
    catalogue = Catalog(project="Spillover", charset="utf-8")
    for path in sorted(CODE.rglob("*.py")):
        for line, text in said(path):
            catalogue.add(text, locations=[(path.relative_to(CODE.parent).as_posix(), line)])
    for path, name in names():
        catalogue.add(name, locations=[(path.relative_to(CODE.parent).as_posix(), 1)])
    return catalogue


def said(path: Path) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    """The texts in a file of Python, singular and plural together, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS):
            continue
        places = [node.args[n] for n in _TEXTS[node.func.id] if n < len(node.args)]
        words = tuple(p.value for p in places if isinstance(p, ast.Constant) and isinstance(p.value, str))
        if words and len(words) == len(places):
            yield node.lineno, words if len(words) > 1 else words[0]


def names() -> Iterator[tuple[Path, str]]:
    """What the rules call themes, sectors, packs and themselves, with the file that says so."""
    for path in sorted((RULES / "themes").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for kind in ("themes", "sectors"):
            for item in content.get(kind) or ():
                if item.get("name"):
                    yield path, item["name"]
    for path in sorted((RULES / "alerts").glob("*.yaml")):
        pack = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield path, pack["title"]
        yield from ((path, rule["title"]) for rule in pack["rules"])


def read(language: str) -> Catalog:
    """A language's file."""
    with (HERE / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def lacking(language: str) -> list[str]:
    """What is wrong with a language's file, a line each; empty where it is complete."""
    have, wanted = read(language), texts()
    said = {_key(message): message for message in have if message.id}
    known = {_key(message) for message in wanted if message.id}
    wrong = []
    for message in wanted:
        if not message.id:
            continue
        found = said.get(_key(message))
        where = f"{message.locations[0][0]}:{message.locations[0][1]}"
        if found is None or not all(_forms(found)) or found.fuzzy:
            wrong.append(f"{where}: not translated: {_key(message)!r}")
    return wrong + [f"{language}.po: no longer used: {key!r}" for key in said if key not in known]


def update(language: str) -> None:
    """Write a language's file anew: what is new comes empty, what is no longer used goes."""
    catalogue = read(language)
    catalogue.update(texts(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with (HERE / f"{language}.po").open("wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, no_location=True, omit_header=True)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def main() -> int:
    """The command line; gives the exit status."""
    wrong = []
    for path in sorted(HERE.glob("*.po")):
        if "--update" in sys.argv[1:]:
            update(path.stem)
        wrong += lacking(path.stem)
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
