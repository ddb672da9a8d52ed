"""Tickers as texts write them: $NVDA, (NASDAQ: NVDA), NVDA.O, 2330 TT, (NVDA). Names are `lexicon.py`'s.

A code is looked up with its market, because 'SU' is one company in Paris and another in Toronto, and 'AI' is one in
New York and another in Paris. No company is looped over: one pattern finds what looks like a ticker, a table knows it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from bot.nlp.words import Token

US = "US"  # the market of a ticker without a suffix


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    """From lines 'markets: names' to the markets of each name, which are tried in that order."""
    pairs = (line.split(":") for line in lines.strip().splitlines())
    return {name.strip(): tuple(to.split()) for to, names in pairs for name in names.split(",")}


# Markets as Yahoo's suffixes, from the suffixes of Yahoo, Reuters and Bloomberg.
_SUFFIXES = _table("""
US: US, UN, UW, O, OQ, N, K
T: T, JP, JT
TW TWO: TW, TT
TWO: TWO
KS KQ: KS, KR
KQ: KQ
SS SZ: CH
SS: SS, SH
SZ: SZ
HK: HK
DE: DE, GR, GY
PA: PA, FP
AS: AS, NA
MI: MI, IM
L: L, LN
SW: SW
ST: ST
HE: HE
OL: OL
CO: CO
BR: BR
MC: MC
TO: TO
AX: AX
NZ: NZ
NS: NS
SI: SI
KL: KL
SR: SR
QA: QA
""")
_EXCHANGES = _table("""
US: NASDAQ, Nasdaq, NasdaqGS, NasdaqGM, NasdaqCM, NASDAQGS, NASDAQ GS, NYSE, NYSEARCA, NYSE American, AMEX
US: OTC, OTCMKTS, OTCQX, OTCQB
T TO TW: TSE
T: TYO
TW TWO: TWSE, TPE, TPEX, TPEx
KS KQ: KRX, KOSPI, KOSDAQ
HK: HKEX, HKG, HKSE, SEHK
SS: SSE, SHA, SHSE
SZ: SHE, SZSE
DE: XETRA, ETR, FRA
PA: EPA, Euronext Paris
AS: AMS, Euronext Amsterdam
PA AS BR: Euronext
MI: BIT
L: LON, LSE
SW: SWX, SIX
ST: STO
HE: HEL
OL: OSE
MC: BME
TO: TSX
AX: ASX
NZ: NZX
NS: NSE
SI: SGX
KL: KLSE
SR: TADAWUL, Tadawul
""")


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_CODE = r"(?:[A-Z0-9]{1,10}(?:[-.][AB](?![\w.]))?)"
_COLONS = (":", ": ", " :", " : ")
_SPACED = "US|JP|KS|TT|HK|CH|TW"  # Bloomberg's 'NVDA US'; 'NOW US' is also how a headline begins
_SYMBOL = re.compile(
    rf"(?<![\w$])\$(?P<cash>[A-Z]{_CODE}?|[a-z]{{3,5}}|\d{_CODE}(?=\.[A-Z])|\d{{6}})(?:\.(?P<cash_at>{_any(_SUFFIXES)}))?(?!\w)"
    rf"|\b(?P<exchange>{_any(_EXCHANGES)})\s?:\s?(?P<listed>{_CODE})(?:\.(?:{_any(_SUFFIXES)}))?(?!\w)"
    rf"|\((?P<bracket>{_CODE})(?:[.\s](?P<bracket_at>{_any(_SUFFIXES)})(?:\sEquity)?)?\)"
    rf"|(?<![\w.$])(?P<ric>{_CODE})\.(?P<ric_at>{_any(_SUFFIXES)})(?![\w.]\w)(?!\w)"
    rf"|(?<![\w.$])(?P<spaced>{_CODE})\s(?P<spaced_at>(?:{_SPACED}))(?P<equity>\sEquity)?(?!\w)"
)


class Symbol(NamedTuple):
    """A ticker at characters `start` to `end` (exclusive)."""

    company: str
    start: int
    end: int


class Symbols:
    """All tickers of all companies, with their markets."""

    def __init__(self) -> None:
        """Begin with none."""
        self._owner: dict[tuple[str, str], str] = {}
        self._owners: dict[str, set[str]] = {}  # of a code with digits, in any market
        self._plain: set[str] = set()  # US tickers that are no common word

    def add(self, ticker: str, company: str, *, plain: bool) -> str | None:
        """Register a ticker with its Yahoo suffix; the company that already owns it if that is another one.

        `plain` ones also count in brackets alone and as a cashtag in small letters.
        """
        code, market = _split(ticker)
        for spelling in _spellings(code):
            owner = self._owner.setdefault((spelling, market), company)
            if owner != company:
                return owner
            if _has_digit(code):
                self._owners.setdefault(spelling, set()).add(company)
        if plain and market == US:
            self._plain.add(code)
        return None

    def __iter__(self) -> Iterator[str]:
        """Strings of which a text must hold one, apart from longer words, for any ticker to be found in it."""
        for code, _ in self._owner:
            if code in self._plain:
                yield from (code, f"${code.lower()}")
            elif _has_digit(code):
                yield code
            else:
                yield from (f"${code}", f"({code}", *(f"{code} {place}" for place in _SPACED.split("|")))
                if len(code) > 1:
                    yield from (f"{code}.", f":{code}", f": {code}")
                else:  # 'T.' is an initial and ': A' begins many a headline
                    yield from (f"{name}{colon}{code}" for name in _EXCHANGES for colon in _COLONS)

    def find(self, text: str, named: Container[tuple[str, int]] = ()) -> Iterable[Symbol]:
        """Tickers of a text, left to right; `named` says which companies are named up to which character.

        A ticker that is a common word counts in brackets only right behind its company's name: 'Bloom Energy (BE)'.
        """
        for m in _SYMBOL.finditer(text):
            if company := self._company(m, named):
                yield Symbol(company, m.start(), m.end())

    def _company(self, m: re.Match[str], named: Container[tuple[str, int]]) -> str | None:
        if code := m["cash"]:
            if code.islower():
                return self._at(code.upper(), (US,)) if code.upper() in self._plain else None
            if m["cash_at"]:
                return self._at(code, _SUFFIXES[m["cash_at"]])
            return self._only_owner(code) if code.isdigit() else self._at(code, (US,))
        if code := m["listed"]:
            return self._at(code, _EXCHANGES[m["exchange"]])
        if code := m["bracket"]:
            return self._in_brackets(code, m["bracket_at"], m.start(), named)
        if code := m["ric"]:
            return self._at(code, _SUFFIXES[m["ric_at"]]) if len(code) > 1 else None
        code = m["spaced"]
        sure = m["equity"] or (len(code) >= 4 and code.isdigit())
        return self._at(code, _SUFFIXES[m["spaced_at"]]) if sure else None

    def _in_brackets(
        self, code: str, suffix: str | None, start: int, named: Container[tuple[str, int]]
    ) -> str | None:
        if suffix:
            return self._at(code, _SUFFIXES[suffix])
        if _has_digit(code):
            is_year = len(code) == 4 and code.isdigit() and code[:2] in ("19", "20")
            return self._only_owner(code) if len(code) >= 4 and not is_year else None
        company = self._at(code, (US,))
        if company is None or code in self._plain:
            return company
        return company if (company, start) in named or (company, start - 1) in named else None

    def _only_owner(self, code: str) -> str | None:
        owners = self._owners.get(code, set())
        return next(iter(owners)) if len(owners) == 1 else None

    def _at(self, code: str, markets: Iterable[str]) -> str | None:
        return next((o for m in markets if (o := self._owner.get((code, m)))), None)


def cashtags(tokens: Sequence[Token]) -> set[int]:
    """The words right behind a dollar sign: '$DMA' is what somebody trades, whoever that is, and no moving average."""
    return {
        n
        for n, token in enumerate(tokens)
        if n and token.kind == "word" and tokens[n - 1].text == "$" and tokens[n - 1].end == token.start
    }


def has_market(ticker: str) -> bool:
    """Whether a ticker carries the suffix of a market outside the US."""
    return _split(ticker)[1] != US


def _split(ticker: str) -> tuple[str, str]:
    code, dot, suffix = ticker.rpartition(".")
    return (code, _SUFFIXES[suffix][0]) if dot and suffix in _SUFFIXES else (ticker, US)


def _spellings(code: str) -> set[str]:
    """A code as it may be written: BRK.B and BRK-B; 0700, 700 and 00700."""
    spellings = {code.replace("-", "."), code.replace(".", "-")}
    if code.isdigit():
        bare = code.lstrip("0")
        spellings |= {bare, *(bare.zfill(n) for n in (4, 5) if len(code) == 4)}
    return spellings


def _has_digit(code: str) -> bool:
    return any(c.isdigit() for c in code)
