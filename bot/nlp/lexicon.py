"""Companies by name, ticker and cashtag: reads `rules/companies/*.yaml` and finds mentions in a text.

Longest match wins; look-alikes ('Meta Materials') take part in the matching and are then thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from bot.documents import Document, Strict, read_document
from bot.errors import RulesError
from bot.nlp.words import PhraseIndex, Token, tokenize
from bot.text import did_you_mean


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
    tickers: tuple[str, ...] = ()  # bare, as $cashtag, or with an exchange
    shy_tickers: tuple[str, ...] = ()  # common words: only as $cashtag or with an exchange
    products: tuple[Alias, ...] = ()  # product names that stand for their maker

    @field_validator("aliases", "products", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return [{"text": v} if isinstance(v, str) else v for v in value] if isinstance(value, list) else value


class CompanyFile(Strict):
    """One file of `rules/companies`."""

    version: Literal["1"]
    contexts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    companies: tuple[Company, ...] = ()
    lookalikes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A company at characters `start` to `end` (exclusive) of the text that was searched."""

    company: str
    start: int
    end: int
    alias: str
    is_product: bool = False  # a product name, whose words keep their own meaning


@dataclass(frozen=True, slots=True)
class _Name:
    company: str  # empty: a look-alike
    alias: Alias
    is_ticker: bool = False
    is_product: bool = False


# Reuters, Bloomberg and Yahoo suffixes of the markets that our companies are listed on.
_SUFFIX = r"(?:O|OQ|N|K|KS|KQ|T|TW|TWO|TT|HK|SS|SZ|SH|DE|PA|AS|MI|L|US|JP|JT|KR|NA|FP|GR|CH|GY)"
_EXCHANGE = (
    r"(?:NASDAQ|Nasdaq|NasdaqGS|NasdaqGM|NASDAQ\s?GS|NYSE|NYSEARCA|AMEX|TSE|TYO|TWSE|TPE|KRX|KOSPI|HKEX|HKG|HKSE|SEHK|SSE|SHA|SHE|SZSE"
    r"|XETRA|ETR|FRA|EPA|AMS|Euronext|Euronext Paris|Euronext Amsterdam|ASX|LON|LSE|BIT)"
)


_ACTS = "acts"  # the context whose words count only right after the name


class Lexicon:
    """All companies, ready to search."""

    def __init__(self, files: Sequence[Document[CompanyFile]]) -> None:
        """Check the files against each other and build the index.

        Raises:
            RulesError: A company id or context stands twice, or a guard names no word.
        """
        self.companies: dict[str, Company] = {}
        self._contexts: dict[str, tuple[str, ...]] = {}
        self._index: PhraseIndex[_Name] = PhraseIndex()
        self._context_index: PhraseIndex[str] = PhraseIndex()
        for file in files:
            for name, words in file.content.contexts.items():
                if name in self._contexts:
                    raise file.error(f"context {name!r} is defined a second time", ("contexts", name))
                self._contexts[name] = words
        for name, words in self._contexts.items():
            for word in words:
                if name != _ACTS:
                    self._context_index.add(word, f"@{name}", inflect=True)
        symbols: dict[str, str] = {}
        for file in files:
            self._add_file(file, symbols)
        self._symbols = symbols
        codes = "|".join(sorted(map(re.escape, symbols), key=len, reverse=True)) or r"(?!)"
        self._ticker = re.compile(
            rf"\$(?P<cash>{codes})(?:\.{_SUFFIX})?(?![\w])"
            rf"|\b{_EXCHANGE}\s?:\s?(?P<listed>{codes})(?![\w])"
            rf"|(?<![\w.$])(?P<ric>{codes})(?:\.{_SUFFIX}|\s(?:US|JP|KS|TT|HK|CH|TW)(?:\sEquity)?)(?![\w.]\w)(?!\w)"
            rf"|\((?P<bracket>{codes})\)"
        )

    def _add_file(self, file: Document[CompanyFile], symbols: dict[str, str]) -> None:
        for n, company in enumerate(file.content.companies):
            if company.id in self.companies:
                raise file.error(f"company {company.id!r} is defined a second time", ("companies", n, "id"))
            self.companies[company.id] = company
            named = {a.text.lower() for a in company.aliases}
            own = () if company.name.lower() in named else (Alias(text=company.name),)
            for kind in ("aliases", "products"):
                for k, alias in enumerate(getattr(company, kind)):
                    self._check_guard(file, alias, ("companies", n, kind, k))
            for alias in (*own, *company.aliases):
                self._index.add(alias.text, _Name(company.id, alias), inflect=False)
            for alias in company.products:
                self._index.add(alias.text, _Name(company.id, alias, is_product=True), inflect=False)
            for ticker in company.tickers:
                if len(ticker) > 1 and not ticker[0].isdigit():
                    self._index.add(
                        ticker, _Name(company.id, Alias(text=ticker, case=True), True), inflect=False
                    )
            for ticker in (*company.tickers, *company.shy_tickers):
                base = re.sub(r"\.[A-Z]+$", "", ticker)
                for symbol in {ticker, base, base.lstrip("0") or base}:
                    symbols[symbol] = company.id
        for text in file.content.lookalikes:
            self._index.add(text, _Name("", Alias(text=text)), inflect=False)

    def _check_guard(self, file: Document[CompanyFile], alias: Alias, loc: tuple[str | int, ...]) -> None:
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
        sure = {n.company for c in candidates for _, _, n in c if not n.alias.requires and not n.alias.case}
        sure |= {self._symbols[s] for text, _ in fields for s, _, _ in self._symbols_in(text)}
        sure.discard("")
        return [
            self._choose(text, tokens, found, context, sure, informal)
            for (text, tokens), found in zip(fields, candidates, strict=True)
        ]

    def _symbols_in(self, text: str) -> Iterable[tuple[str, int, int]]:
        for m in self._ticker.finditer(text):
            group = m.lastgroup or "cash"
            symbol = m.group(group)
            if (
                group == "bracket"
                and symbol.isdigit()
                and len(symbol) < 5
                and symbol.startswith(("19", "20"))
            ):
                continue  # a year
            yield symbol, m.start(), m.end()

    def _choose(
        self,
        text: str,
        tokens: Sequence[Token],
        candidates: list[tuple[int, int, _Name]],
        context: set[str],
        sure: set[str],
        informal: bool,
    ) -> list[Found]:
        spans = [Found(self._symbols[s], start, end, s) for s, start, end in self._symbols_in(text)]
        loud = _is_loud(tokens)
        for i, j, name in candidates:
            surface = text[tokens[i].start : tokens[j - 1].end]
            acts = j < len(tokens) and tokens[j].lower in self._contexts.get(_ACTS, ())
            here = context | {f"@{_ACTS}"} if acts else context
            if name.company and not self._passes(name, surface, here, sure, informal, loud):
                continue
            start, end = tokens[i].start, tokens[j - 1].end
            spans.append(Found(name.company, start, end, name.alias.text, name.is_product))
        spans.sort(key=lambda s: s.start - s.end)  # longest first; stable, so that symbols win a tie
        kept: list[Found] = []
        covered: set[int] = set()
        for span in spans:
            if covered.isdisjoint(range(span.start, span.end)):
                covered.update(range(span.start, span.end))
                kept.append(span)
        return sorted((k for k in kept if k.company), key=lambda k: k.start)

    def _passes(
        self, name: _Name, surface: str, context: set[str], sure: set[str], informal: bool, loud: bool
    ) -> bool:
        alias = name.alias
        others = sure - {name.company}
        keys = set(alias.requires)
        fits = not keys or bool(keys & context) or name.company in sure or bool(others and "@company" in keys)
        if name.is_ticker:
            return surface == alias.text and not (loud and len(surface) < 4)
        if any(b in context for b in alias.blocks) and name.company not in sure:
            return False
        if alias.case and not (surface == alias.text or surface == alias.text.upper()):
            strong = bool(keys & context) or bool(others) or name.company in sure
            return informal and strong and surface == surface.lower() and fits
        return fits


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
