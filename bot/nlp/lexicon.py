"""Companies by name, ticker and cashtag: reads `rules/companies/*.yaml` and finds mentions in a text.

Longest match wins; look-alikes ('Meta Materials') take part in the matching and are then thrown away. How a ticker
is written lives in `symbols.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from bot.documents import Document, Loc, Strict, read_document
from bot.errors import RulesError
from bot.nlp.symbols import Symbol, Symbols, has_market
from bot.nlp.words import PhraseIndex, Token, tokenize
from bot.text import did_you_mean

# Sectors of companies that are known so that they are not mistaken for others; an entry that names only such
# is not one about the field, and what they do is nobody's news here.
OUTSIDE = frozenset({"industrial", "other", "telecom", "utility"})
_OTHER = "other"
_NOTHING: frozenset[str] = frozenset()


class Alias(Strict):
    """A name of a company. With no guard it counts in any case, wherever it stands."""

    text: str
    case: bool = False  # only as written, or in capitals
    requires: tuple[str, ...] = ()  # contexts or words of which the entry must hold one
    blocks: tuple[str, ...] = ()  # contexts or words of which the entry must hold none

    @field_validator("text")
    @classmethod
    def _has_words(cls, value: str) -> str:
        if not tokenize(value):
            raise ValueError("a name needs at least one letter or digit")
        return value


class Company(Strict):
    """One company: canonical id, names, tickers and sector."""

    id: str
    name: str
    sector: str
    exchange: str = ""
    aliases: tuple[Alias, ...] = ()
    # Besides an id with a market's suffix (2330.TW), which is one by itself.
    tickers: tuple[str, ...] = ()  # bare, as $cashtag, or with an exchange
    shy_tickers: tuple[str, ...] = ()  # words and short ones: only as $cashtag or with an exchange
    products: tuple[Alias, ...] = ()  # product names that stand for their maker

    @field_validator("aliases", "products", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return [{"text": v} if isinstance(v, str) else v for v in value] if isinstance(value, list) else value


class CompanyFile(Strict):
    """One file of `rules/companies`."""

    version: Literal["1"]
    contexts: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # words anywhere in the entry
    following: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # words right after the name
    companies: tuple[Company, ...] = ()
    # Ticker → names of a company outside the field; the ticker counts only as $cashtag or with an exchange, names
    # only as written or in capitals, the first is the one for readers.
    others: dict[str, tuple[Alias, ...]] = Field(default_factory=dict)
    lookalikes: tuple[str, ...] = ()

    @field_validator("others", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        lists = {k: v if isinstance(v, list) else [v] for k, v in value.items()}
        if nameless := [k for k, v in lists.items() if not v]:
            raise ValueError(f"{nameless[0]} needs a name")
        return {
            k: [{"case": True, **(a if isinstance(a, dict) else {"text": a})} for a in v]
            for k, v in lists.items()
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A company at characters `start` to `end` (exclusive) of the text that was searched."""

    company: str
    start: int
    end: int
    alias: str
    is_product: bool = False  # a product name, whose words keep their own meaning


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is known of an entry as a whole before its ambiguous names are judged."""

    context: Set[str]
    sure: Set[str]  # companies that are named without doubt
    of_field: Set[str]  # those of them that belong to the field
    informal: bool


@dataclass(frozen=True, slots=True)
class _Name:
    company: str  # empty: a look-alike
    alias: Alias
    is_ticker: bool = False
    is_product: bool = False

    def is_sure(self, surface: str) -> bool:
        """Whether it names the company without doubt: no guard, or several words with their capitals."""
        alias = self.alias
        if alias.requires or not alias.case:
            return not alias.requires
        return " " in alias.text and surface == alias.text and not alias.blocks


class Lexicon:
    """All companies, ready to search."""

    def __init__(self, files: Sequence[Document[CompanyFile]]) -> None:
        """Check the files against each other and build the index.

        Raises:
            RulesError: A company id, a ticker or a context stands twice, or a guard names no context.
        """
        self.companies: dict[str, Company] = {}
        self._outside: set[str] = set()
        self._contexts: set[str] = set()
        self._following: dict[str, set[str]] = {}  # word → the contexts that it gives to a name before it
        self._index: PhraseIndex[_Name] = PhraseIndex()
        self._context_index: PhraseIndex[str] = PhraseIndex()
        self._symbols = Symbols()
        for file in files:
            self._add_contexts(file)
        for file in files:
            self._add_file(file)

    def _add_contexts(self, file: Document[CompanyFile]) -> None:
        for kind, contexts in (("contexts", file.content.contexts), ("following", file.content.following)):
            for name, words in contexts.items():
                if name in self._contexts:
                    raise file.error(f"context {name!r} is defined a second time", (kind, name))
                self._contexts.add(name)
                for word in words:
                    if kind == "contexts":
                        self._context_index.add(word, f"@{name}", inflect=True)
                    else:
                        self._following.setdefault(word.lower(), set()).add(f"@{name}")

    def _add_file(self, file: Document[CompanyFile]) -> None:
        for n, company in enumerate(file.content.companies):
            self._add(file, company, ("companies", n))
        for ticker, names in file.content.others.items():
            company = Company(
                id=ticker, name=names[0].text, sector=_OTHER, aliases=names, shy_tickers=(ticker,)
            )
            self._add(file, company, ("others", ticker))
        for text in file.content.lookalikes:
            self._index.add(text, _Name("", Alias(text=text)), inflect=False)

    def _add(self, file: Document[CompanyFile], company: Company, loc: Loc) -> None:
        if company.id in self.companies:
            raise file.error(f"company {company.id!r} is defined a second time", (*loc, "id"))
        self.companies[company.id] = company
        if company.sector in OUTSIDE:
            self._outside.add(company.id)
        named = {a.text.lower() for a in company.aliases}
        own = () if company.name.lower() in named else (Alias(text=company.name),)
        for kind in ("aliases", "products"):
            for k, alias in enumerate(getattr(company, kind)):
                self._check_guard(file, alias, (*loc, kind, k))
        for alias in (*own, *company.aliases):
            self._index.add(alias.text, _Name(company.id, alias), inflect=False)
        for alias in company.products:
            self._index.add(alias.text, _Name(company.id, alias, is_product=True), inflect=False)
        for ticker in company.tickers:
            if ticker.isalpha() and len(ticker) > 1:
                self._index.add(ticker, _Name(company.id, Alias(text=ticker, case=True), True), inflect=False)
        own_line = (company.id,) if has_market(company.id) else ()
        for ticker in (*own_line, *company.tickers, *company.shy_tickers):
            owner = self._symbols.add(ticker, company.id, plain=ticker in company.tickers)
            if owner:
                raise file.error(f"ticker {ticker!r} of {company.id!r} is {owner!r}'s already", loc)

    def _check_guard(self, file: Document[CompanyFile], alias: Alias, loc: Loc) -> None:
        for key, words in (("requires", alias.requires), ("blocks", alias.blocks)):
            for k, word in enumerate(words):
                if not word.startswith("@"):
                    self._context_index.add(word, word, inflect=True)
                elif word[1:] not in self._contexts:
                    problem = f"unknown context {word!r}{did_you_mean(word[1:], self._contexts)}"
                    raise file.error(problem, (*loc, key, k))

    def names_of(self, company: str) -> Iterable[str]:
        """Every name, product and ticker of a company that is its own word."""
        c = self.companies[company]
        return (
            c.name,
            c.id,
            *(a.text for a in c.aliases),
            *(a.text for a in c.products),
            *c.tickers,
            *c.shy_tickers,
        )

    def find(
        self, fields: Sequence[tuple[str, Sequence[Token]]], *, informal: bool = False
    ) -> list[list[Found]]:
        """Companies in each (text, tokens) of one entry, in order; guards look at all of its fields together.

        `informal` entries (social posts) may write guarded names in lower case where their context fits.
        """
        context = {name for _, tokens in fields for _, _, name in self._context_index.find(tokens)}
        candidates = [list(self._index.find(tokens)) for _, tokens in fields]
        symbols = [
            list(self._symbols.find(text, {(n.company, tokens[j - 1].end) for _, j, n in found}))
            for (text, tokens), found in zip(fields, candidates, strict=True)
        ]
        sure = {
            name.company
            for (text, tokens), found in zip(fields, candidates, strict=True)
            for i, j, name in found
            if name.is_sure(_surface(text, tokens, i, j))
        }
        sure |= {s.company for found in symbols for s in found}
        sure.discard("")
        scene = _Scene(context, sure, sure - self._outside, informal)
        return [
            self._choose(text, tokens, found, codes, scene)
            for (text, tokens), found, codes in zip(fields, candidates, symbols, strict=True)
        ]

    def _choose(
        self,
        text: str,
        tokens: Sequence[Token],
        candidates: Sequence[tuple[int, int, _Name]],
        symbols: Sequence[Symbol],
        scene: _Scene,
    ) -> list[Found]:
        spans = [Found(s.company, s.start, s.end, text[s.start : s.end]) for s in symbols]
        loud = _is_loud(tokens)
        for i, j, name in candidates:
            start, end = tokens[i].start, tokens[j - 1].end
            if not name.company or self._passes(
                name, _surface(text, tokens, i, j), scene, self._next(tokens, j), loud
            ):
                spans.append(Found(name.company, start, end, name.alias.text, name.is_product))
        spans.sort(key=lambda s: s.start - s.end)  # longest first; stable, so that symbols win a tie
        kept: list[Found] = []
        covered: set[int] = set()
        for span in spans:
            if covered.isdisjoint(range(span.start, span.end)):
                covered.update(range(span.start, span.end))
                kept.append(span)
        return sorted((k for k in kept if k.company), key=lambda k: k.start)

    def _next(self, tokens: Sequence[Token], end: int) -> Set[str]:
        """The contexts that the word after a name gives to it; 's and an apostrophe are stepped over."""
        if end < len(tokens) and tokens[end].lower in ("'s", "'"):
            end += 1
        return self._following.get(tokens[end].lower, _NOTHING) if end < len(tokens) else _NOTHING

    def _passes(self, name: _Name, surface: str, scene: _Scene, following: Set[str], loud: bool) -> bool:
        alias = name.alias
        if name.is_ticker:
            return surface == alias.text and not (loud and len(surface) < 4)
        is_sure = name.company in scene.sure
        among = bool(scene.of_field - {name.company})
        fits = not alias.requires or any(
            k in scene.context or k in following or (k == "@company" and among) for k in alias.requires
        )
        if not is_sure and any(b in scene.context or b in following for b in alias.blocks):
            return False
        if alias.case and surface not in (alias.text, alias.text.upper()):
            if not (scene.informal and surface == surface.lower() and (fits or is_sure)):
                return False
            told = alias.requires and any(k in scene.context or k in following for k in alias.requires)
            return bool(is_sure or (name.company not in self._outside and (among or told)))
        return fits or is_sure


def _surface(text: str, tokens: Sequence[Token], start: int, end: int) -> str:
    return text[tokens[start].start : tokens[end - 1].end].replace("’", "'")


def _is_loud(tokens: Sequence[Token]) -> bool:
    """Whether a text is written in capitals throughout, so that capitals say nothing."""
    words = [t.text for t in tokens if t.kind == "word"]
    return len(words) >= 4 and sum(w.isupper() for w in words) > 0.7 * len(words)


def load_lexicon(folder: Path) -> Lexicon:
    """Read every `*.yaml` of a folder.

    Raises:
        RulesError: A file is wrong, or the folder holds none.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise RulesError("holds no company files (*.yaml)", folder)
    return Lexicon([read_document(path, CompanyFile) for path in paths])
