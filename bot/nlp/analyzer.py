"""The analyzer: entries in, analyses out. Pure, in batches, safe on any text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from bot.errors import AnalysisError
from bot.model import Analysis, Entry, SourceKind, Span
from bot.nlp.card import CardError, check_known
from bot.nlp.combine import Combiner
from bot.nlp.events import Sentence, extract, look_over, match_cues, mentions_of
from bot.nlp.grammar import Grammar
from bot.nlp.hashtags import TagWords
from bot.nlp.language import mark_foreign
from bot.nlp.learned import FOLDER, REMEDY, Learned, load_learned
from bot.nlp.lexicon import OUTSIDE, Found, Lexicon, load_lexicon
from bot.nlp.modality import corrects_entry
from bot.nlp.normalise import View, normalise, opens_line, sentences, withdrawal
from bot.nlp.prefilter import is_clean, prefilter_for
from bot.nlp.sectors import spoken_of
from bot.nlp.themes import Taxonomy, load_taxonomy
from bot.nlp.trace import Trace
from bot.nlp.words import Token, tokenize
from bot.text import digest

CODE_VERSION = "8"  # raise it with every change of meaning in this room's code
TEXT_LIMIT = 6_000  # characters of an entry's text that are read
TITLE_LIMIT = 1_000
_LEAD = 1_500  # characters of a text in which a correction concerns the whole of it
_HEARSAY = 3  # the tier of blogs and posts

Draft = tuple[list[Sentence], dict[int, list[Span]], frozenset[str]]
"""Sentences, where their tokens stand in the entry, and flags."""


class SpacyAnalyzer:
    """Finds companies, sectors and events by lexicon, cues, grammar and the learned part."""

    def __init__(
        self,
        lexicon: Lexicon,
        taxonomy: Taxonomy,
        grammar: Grammar,
        version: str,
        learned: Learned | None = None,
    ) -> None:
        """Join the parts; `load_analyzer` makes them from a rules folder. Without `learned`, cues decide alone."""
        self.learned = learned
        self._combiner = Combiner(learned.combine, len(learned.themes), taxonomy) if learned else None
        self.grammar = grammar
        self.lexicon = lexicon
        self.makers = {c.id: c.sector for c in lexicon.companies.values()}
        self.taxonomy = taxonomy
        self._version = version
        self._tags = tag_words(lexicon, taxonomy)
        self._prefilter = prefilter_for(lexicon, taxonomy)

    @property
    def version(self) -> str:
        """A hash of the data files and the code's own version."""
        return self._version

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order; sentences that need grammar are parsed in one batch.

        Raises:
            AnalysisError: The parser can't be loaded or failed.
        """
        drafts = [self._draft(entry) for entry in entries]
        self._parse([s for runs, _, _ in drafts for s in runs])
        return [self._conclude(entry, *draft) for entry, draft in zip(entries, drafts, strict=True)]

    def trace(self, entry: Entry, /) -> tuple[Analysis, Trace]:
        """The analysis of one entry, read without the prefilter, and what was weighed on the way to it.

        Raises:
            AnalysisError: The parser can't be loaded or failed.
        """
        runs, spans, flags = self._read(entry)
        self._parse(runs)
        trace = Trace(runs, spans)
        return self._conclude(entry, runs, spans, flags, trace), trace

    def _draft(self, entry: Entry) -> Draft:
        """What is read of an entry: nothing if it can't be about the field."""
        views = self._views(entry)
        informal = entry.kind is SourceKind.SOCIAL
        if any(self._prefilter.passes(view.text, informal=informal) for view in views):
            return self._read(entry, views, whole=False)
        return [], {}, _flags(views)

    def _views(self, entry: Entry) -> tuple[View, View]:
        return self._view(entry.title, TITLE_LIMIT), self._view(entry.text, TEXT_LIMIT)

    def _view(self, text: str, limit: int) -> View:
        head = text[:limit]
        return View(head, None, frozenset()) if is_clean(head) else normalise(text, limit, self._tags)

    def _parse(self, runs: Sequence[Sentence]) -> None:
        waiting = [s for s in runs if s.hits and len(s.companies) > 1]
        for sentence, parse in zip(waiting, self.grammar.parse([s.tokens for s in waiting]), strict=True):
            sentence.parse = parse

    def _read(self, entry: Entry, views: tuple[View, View] | None = None, *, whole: bool = True) -> Draft:
        """What was found in an entry. Cues can't make news of one that is not worth reading; only the `whole` has them."""
        title, text = views or self._views(entry)
        fields: list[tuple[Literal["title", "text"], View, list[Token]]] = [
            ("title", title, tokenize(title.text)),
            ("text", text, tokenize(text.text)),
        ]
        found = self.lexicon.find(
            [(v.text, t) for _, v, t in fields], informal=entry.kind is SourceKind.SOCIAL
        )
        runs: list[Sentence] = []
        spans: dict[int, list[Span]] = {}
        for (name, view, tokens), companies in zip(fields, found, strict=True):
            last = 0
            for run in sentences(view.text, tokens):
                sentence = self._sentence(name, run, companies)
                sentence.opens_line = name == "text" and opens_line(view.text, last, run[0].start)
                last = run[-1].end
                spans[len(runs)] = [Span(name, *view.stored(t.start, t.end)) for t in run]
                runs.append(sentence)
        seen = [look_over(sentence, self.taxonomy) for sentence in runs]
        if whole or worth_reading(runs):
            mark_foreign(runs, entry.language)
            is_correction = corrects_entry(entry.title, entry.text[:_LEAD])
            for sentence, occurrences in zip(runs, seen, strict=True):
                sentence.is_correction = is_correction
                if not sentence.is_foreign:
                    match_cues(sentence, self.taxonomy, occurrences)
        return runs, spans, _flags((title, text))

    def _conclude(
        self,
        entry: Entry,
        runs: list[Sentence],
        spans: dict[int, list[Span]],
        flags: frozenset[str],
        trace: Trace | None = None,
    ) -> Analysis:
        kept = [n for n, s in enumerate(runs) if not s.is_foreign]
        read, places = [runs[n] for n in kept], {k: spans[n] for k, n in enumerate(kept)}
        events = extract(entry, read, self.taxonomy, places, trace.signs if trace else None)
        reading = None
        if self.learned and worth_reading(read):
            reading = self.learned.read(read, entry.kind, self.makers)
        if trace is not None:
            trace.sentences, trace.spans, trace.is_partial = read, places, len(read) < len(runs)
            trace.said, trace.reading = events, reading
        if reading and self._combiner:
            events = self._combiner.events(entry, read, places, events, reading, trace)
        events = tuple(e for e in events if self.makers.get(e.actor or "") not in OUTSIDE)
        sectors = list(spoken_of(runs, events, self.taxonomy))
        if reading:
            sectors += [s for s in reading.sectors if s in self.taxonomy.sectors]
        return Analysis(
            entry_id=entry.id,
            mentions=tuple(
                m
                for n, s in enumerate(runs)
                for m in mentions_of(s, spans[n])
                if self.makers.get(m.company) not in OUTSIDE
            ),
            sectors=tuple(dict.fromkeys(sectors)),
            events=events,
            flags=flags | {"withdrawn"} if takes_back(entry) else flags,
            version=self._version,
        )

    def _sentence(self, name: str, run: list[Token], companies: Iterable[Found]) -> Sentence:
        ranges: list[tuple[int, int, str]] = []
        products: list[tuple[int, int]] = []
        for c in companies:
            inside = [n for n, t in enumerate(run) if t.end > c.start and t.start < c.end]
            if inside:
                ranges.append((inside[0], inside[-1] + 1, c.company))
                if c.is_product:
                    products.append((inside[0], inside[-1] + 1))
        return Sentence(
            place=name,
            tokens=run,
            companies=ranges,
            products=products,
            makers=self.makers,
            groups=list(self.taxonomy.group_index.find(run)),
            goods=list(self.taxonomy.goods_index.find(run)),
        )


def _flags(views: Iterable[View]) -> frozenset[str]:
    return frozenset().union(*(view.flags for view in views))


def tag_words(lexicon: Lexicon, taxonomy: Taxonomy) -> TagWords:
    """The words of the field of which hashtags may consist: names, and all that cues know."""
    names = (word for c in lexicon.companies for name in lexicon.names_of(c) for word in name.split())
    cues = (word for forms, _ in taxonomy.compiler._index.phrases for part in forms for word in part)
    return TagWords([*names, *cues])


def takes_back(entry: Entry) -> Span | None:
    """Where in its headline an entry takes back a report; None if it doesn't, or if it is hearsay.

    What stands in a post of the lowest tier is anybody's word, and no outlet's.
    """
    if entry.kind is SourceKind.SOCIAL and entry.tier >= _HEARSAY:
        return None
    found = withdrawal(entry.headline, TITLE_LIMIT)
    return Span("title" if entry.title else "text", *found) if found else None


def worth_reading(runs: Sequence[Sentence]) -> bool:
    """Whether an entry speaks of the field at all, and its title does not say that it brings no news."""
    return any(s.in_domain for s in runs) and not any(s.is_quiet for s in runs)


def load_analyzer(rules: Path, model: str | None = None, learned: Path | None = FOLDER) -> SpacyAnalyzer:
    """Read `companies` and `themes` below a rules folder, and the folder of the learned part (None: do without).

    The spaCy model and the encoder are loaded when first needed.

    Raises:
        RulesError: A data file is wrong.
        AnalysisError: The model folder is damaged or of another version.
    """
    lexicon, taxonomy = load_lexicon(rules / "companies"), load_taxonomy(rules / "themes")
    files = sorted([*(rules / "companies").glob("*.yaml"), *(rules / "themes").glob("*.yaml")])
    part = load_learned(learned) if learned else None
    parts = (CODE_VERSION, part.version if part else "")
    version = digest(*parts, *(f.read_text(encoding="utf-8") for f in files))
    try:
        if part:
            check_known("themes", part.themes, taxonomy.themes)
            check_known("sectors", part.sectors, taxonomy.sectors)
        return SpacyAnalyzer(lexicon, taxonomy, Grammar(model), version, part)
    except CardError as e:
        raise AnalysisError(f"{learned}: can't be read as a model (card.json: {e}); {REMEDY}") from e
