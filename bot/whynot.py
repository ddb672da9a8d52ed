"""Why an entry was not told: what was decided about it, what stopped it first, and which rules came nearest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import islice

from rich.text import Text

from bot.delivery.details import detail_text
from bot.delivery.explain import verdict_line
from bot.delivery.sheet import fold, safe_url, titled
from bot.delivery.words import count, modality_word, reason_text
from bot.errors import NotStoredError
from bot.locale import show_number, tr
from bot.model import Analysis, Entry, Reason, Verdict
from bot.ports import Analyzer
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure, progress
from bot.rules.engine import explain, no_news
from bot.store.archive import Archive

_DECISIONS = 12  # that are shown of an entry


def why_not(
    archive: Archive,
    reference: str,
    read: Callable[[], tuple[Analyzer, Rulebook]],
    now: datetime,
    *,
    tz: tzinfo = UTC,
    subscriber_id: str | None = None,
) -> list[Text]:
    """What was decided about an entry, what stopped it first, and which rule of each pack came nearest.

    Args:
        archive: Where the entry is.
        reference: The entry's URL or id. Every feed that has shown that URL has an entry of its own.
        read: Gives the analyzer and the rules; not asked where there is no such entry.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
        subscriber_id: Whose decisions are shown beside the general ones; None shows everybody's.

    Raises:
        NotStoredError: There is no such entry; names the nearest URL of the same site.
        RulesError: A file of the rules is wrong.
        AnalysisError: What the entry says is not stored, and the language model can't be loaded.
    """
    found = archive.find(reference)
    if not found:
        near = safe_url(archive.neighbour(reference))
        hint = f"the nearest of its site is {near}" if near else "nothing else of its site is"
        if "://" not in reference:
            hint = "give the URL of an entry, or its whole id"
        raise NotStoredError(
            f"{reference!r} is not in the archive; {hint}. Whether its feed is polled stands in sources.yaml",
            near=near,
        )
    analyzer, book = read()
    lines: list[Text] = []
    for entry in found:
        analysis = archive.analysis(entry.id) or analyzer.analyze([entry])[0]
        verdicts = [
            v
            for v in archive.verdicts(entry.id)
            if subscriber_id is None or v.subscriber_id in ("", subscriber_id)
        ]
        lines += [Text()] if lines else []
        lines += _decisions(entry, verdicts, now, tz)
        lines += _nearness(entry, analysis, book)
    return lines


def _decisions(entry: Entry, verdicts: Sequence[Verdict], now: datetime, tz: tzinfo) -> Iterator[Text]:
    yield Text(titled(entry.title or entry.text), "bold")
    yield Text(
        tr(
            "published {published}, seen {seen}, {feed}, tier {tier}",
            published=_time(entry.at, tz),
            seen=_time(entry.seen_at, tz, "%Y-%m-%d %H:%M %Z"),
            feed=fold(entry.feed_id),
            tier=entry.tier,
        )
        + (", " + tr("revision {n}", n=entry.revision) if entry.revision else "")
    )
    yield from (Text(url) for url in (safe_url(entry.url),) if url)
    told = next((v.decision for v in verdicts if v.decision.send), None)
    held = [v.decision for v in verdicts if not v.decision.send]
    if told is not None:
        yield Text.assemble((tr("it was told"), "bold"), f": {told.reason} ({reason_text(told.reason)})")
    elif held:
        first = min(held, key=lambda d: list(Reason).index(d.reason))
        yield Text.assemble(
            (tr("first stopped by"), "bold"),
            f": {first.reason} ({reason_text(first.reason)})",
            fold(f"; {detail_text(first, now=now, tz=tz)}") if first.detail else "",
        )
    else:
        yield Text.assemble((tr("it was not told here"), "bold"), ": " + tr("nothing in it is followed here"))
    decided = Counter(verdict_line(v, now=now, tz=tz) for v in verdicts)
    for line, n in islice(decided.items(), _DECISIONS):
        yield Text(f"  {line}" + (f" ({count(n, 'chat', 'chats')})" if n > 1 else ""))
    if len(decided) > _DECISIONS:
        yield Text("  " + tr("and {n} more", n=show_number(len(decided) - _DECISIONS)))


def _time(moment: datetime, tz: tzinfo, pattern: str = "%Y-%m-%d %H:%M") -> str:
    return moment.astimezone(tz).strftime(pattern)


def _nearness(entry: Entry, analysis: Analysis, book: Rulebook) -> Iterator[Text]:
    events = [
        f"{e.theme} ({book.name(e.actor) if e.actor else tr('nobody named')}), {modality_word(e.modality)}"
        + ("" if e.fresh else ", " + tr("background"))
        for e in analysis.events
    ]
    yield Text.assemble((tr("events in it"), "bold"), f": {'; '.join(events) or tr('none')}")
    if not analysis.fresh_events:
        yield Text.assemble((tr("no rule comes near"), "bold"), f": {no_news(analysis)}")
        return
    yield Text(tr("nearest rule of each pack"), "bold")
    for rule in _nearest(book, entry, analysis):
        why = explain(book, rule, entry, analysis) or tr("satisfied")
        yield Text.assemble("  ", rule.id, (f" {rule.where}", "dim"), f": {fold(why)}")


def _nearest(book: Rulebook, entry: Entry, analysis: Analysis) -> list[Rule]:
    """The rule of each pack that is satisfied, or of whose parts most hold before the first that does not.

    The nearest of all comes first.
    """
    scenes = [Scene(entry, analysis, e, book.known.companies) for e in analysis.fresh_events]

    def closeness(rule: Rule) -> tuple[bool, int]:
        condition = rule.condition
        if condition is None:
            return False, -1
        return max((failure(condition, s) is None, progress(condition, s)) for s in scenes)

    nearest: dict[str, Rule] = {}
    for rule in (r for r in book.rules if r.condition is not None):
        if rule.pack not in nearest or closeness(rule) > closeness(nearest[rule.pack]):
            nearest[rule.pack] = rule
    return sorted(nearest.values(), key=closeness, reverse=True)
