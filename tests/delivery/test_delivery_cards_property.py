"""Whatever a feed writes, Telegram takes every card about it, and nothing of it comes to life; in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from bot_api import BotApi
from card_scene import NOW, begun, names, told, wire
from hostile import EXAMPLES, alive, in_each_language, message, offered, strange
from hostile_news import NAMES, NEIGHBOURS, alerts, entries, histories, hits, stories, verdicts
from hypothesis import given, settings
from hypothesis import strategies as st
from mail import item, subscriber

from bot.delivery.explain import explanation, latest
from bot.delivery.finds import PAGE, offer, page, top_card
from bot.delivery.history import Tally
from bot.delivery.preview import preview
from bot.delivery.relations import exposure_card
from bot.delivery.render import card, facts_of, headline_of, reply
from bot.delivery.request import make_bot
from bot.delivery.roundup import MOST, roundup
from bot.delivery.sheet import clean, no_title, safe_url
from bot.delivery.telegram import TelegramChannel
from bot.delivery.timeline import timeline
from bot.locale import languages, speaking
from bot.model import (
    AlertKind,
    Card,
    DigestDue,
    EntityKind,
    Entry,
    Held,
    Reason,
    Severity,
    Story,
    Target,
    TargetKind,
)
from bot.ports import Explanation
from bot.shelves import Found, Search

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it would hide what failed
_HELD = [Reason.OVER_BUDGET, Reason.MUTED, Reason.BELOW_LEVEL, Reason.AWAY]
ZONES = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])


def safe(*news: Entry | Story) -> set[str]:
    """The addresses that a card about these may lead to."""
    urls = {u for n in news for u in ([n.url] if isinstance(n, Entry) else [m.url for m in n.members])}
    return {u for u in urls if safe_url(u)}


def bold(drawn: Card) -> list[str]:
    return [drawn.text[e.start : e.end] for e in drawn.entities if e.kind is EntityKind.BOLD]


@EXAMPLES
@given(
    st.data(),
    NAMES,
    ZONES,
    st.frozensets(st.sampled_from(["ai_generated", "promotional", "odd_one"]) | strange(2), max_size=3),
)
def test_a_card_is_accepted_in_each_state_of_its_story_and_shows_the_evidence(data, readable, tz, flags):
    entry = data.draw(entries())
    alert, story = data.draw(alerts(entry)), data.draw(stories(entry))
    words = clean(alert.evidence).strip()

    def check() -> None:
        drawn = card(alert, story, entry, names=readable, now=NOW, tz=tz, flags=flags)
        message(drawn, links=safe(entry, story))
        assert len(drawn.text.split("\n")) <= 9 + min(len(alert.together), 6)
        assert len(facts_of(drawn)) >= 4
        assert headline_of(drawn).strip()
        body = entry.title if alert.event.evidence.field == "title" else entry.text
        span = alert.event.evidence
        if words and len(words) <= 150 and body[span.start : span.end] == alert.evidence and span.end < 150:
            shown = bold(drawn)
            assert any(words in part for part in shown), (words, shown)

    in_each_language(check)


@EXAMPLES
@given(st.data(), ZONES)
def test_a_reply_is_accepted_and_leads_nowhere_else(data, tz):
    entry = data.draw(entries())
    alert, story = data.draw(alerts(entry, AlertKind.REPLY)), data.draw(stories(entry))

    def check() -> None:
        drawn = reply(alert, story, entry, now=NOW, tz=tz)
        message(drawn, links=safe(entry))
        assert len(drawn.text.split("\n")) <= 3

    in_each_language(check)


WORDS = st.lists(
    st.sampled_from("Meta sells 🚀 कम्प्यूट ميتا x. surplus! compute?".split()), min_size=80, max_size=200
)


@EXAMPLES
@given(WORDS, WORDS)
def test_what_is_too_long_ends_with_a_sentence_or_a_word(title, text):
    entry = wire(title=" ".join(title), text=" ".join(text))
    drawn = card(told(entry, evidence=text[0]), begun(entry), entry, names=names, now=NOW)
    shown = headline_of(drawn)
    assert shown.removesuffix("…").split() == title[: len(shown.removesuffix("…").split())]
    assert shown.endswith("…") or shown[-1] in ".!?"
    if shown.endswith("…"):
        assert len(shown) > 150


@EXAMPLES
@given(st.data(), NAMES, ZONES, st.booleans(), st.integers(1, 25))
def test_a_digest_is_accepted_and_holds_what_it_says(data, readable, tz, is_regular, number):
    found = [data.draw(entries(n)) for n in range(min(number, 3))]
    held, kept = [], {}
    for n in range(number):  # a few drawn ones, many times: as long as digests become
        entry = found[n % len(found)]
        alert = data.draw(alerts(entry, AlertKind.NEW, n)) if n < 3 else held[n % 3].alert
        story = data.draw(st.none() | stories(entry, n)) if n < 3 else None
        own = f"story {n}"
        alert = replace(alert, story_id=own)
        held.append(
            Held(subscriber_id="telegram:1", alert=alert, reason=data.draw(st.sampled_from(_HELD)), at=NOW)
        )
        if story is not None:
            kept[own] = replace(story, id=own)
    due = DigestDue(
        subscriber=subscriber("1", timezone=str(getattr(tz, "key", "UTC"))), held=tuple(held), stories=kept,
        known=frozenset(), is_regular=is_regular,
    )  # fmt: skip

    def check() -> None:
        drawn, shown = roundup(due, names=readable, now=NOW)
        message(drawn, links=safe(*kept.values()))
        assert 1 <= len(shown) <= MOST
        assert len(drawn.text.split("\n")) == 1 + len(shown) + (len(shown) < len(held)) + is_regular

    in_each_language(check)


@EXAMPLES
@given(histories(), NAMES, ZONES)
def test_a_timeline_is_accepted(history, readable, tz):
    known = [*history.entries.values(), history.story, *history.parts]
    links = safe(*known) | {s.url for s in history.sightings if safe_url(s.url)}
    in_each_language(lambda: message(timeline(history, names=readable, now=NOW, tz=tz), links=links))


@EXAMPLES
@given(st.data(), NAMES, ZONES, st.sampled_from([None, "telegram:1"]))
def test_an_explanation_is_accepted_and_names_what_led_to_it(data, readable, tz, who):
    entry = data.draw(entries())
    why = Explanation(
        alert=data.draw(alerts(entry)),
        entry=entry,
        story_title=data.draw(strange()),
        origins=data.draw(st.integers(0, 5000)),
        copies=3,
        verdicts=tuple(data.draw(st.lists(verdicts("telegram:1"), max_size=10))),
    )

    def check() -> None:
        drawn = explanation(why, names=readable, now=NOW, tz=tz, subscriber_id=who)
        message(drawn, links=safe(entry))
        assert drawn.text.split("\n")[-1].endswith(why.alert.id)

    in_each_language(check)


@EXAMPLES
@given(st.data(), strange(4), ZONES)
def test_lists_of_what_was_found_are_accepted(data, asked, tz):
    found = [data.draw(hits(n)) for n in range(data.draw(st.integers(1, 3)))]
    total = data.draw(st.integers(1, 200))
    start = data.draw(st.integers(0, total - 1))
    search = Search(
        id="0123456789abcdef", subscriber_id="telegram:1", asked=asked, at=NOW,
        found=Found(entries=("e",) * total, is_complete=data.draw(st.booleans())),
    )  # fmt: skip
    shown = (found * PAGE)[:PAGE]
    links = safe(*(h.entry for h in found))

    def check() -> None:
        drawn = page(search, shown, start, now=NOW, tz=tz)
        message(drawn, links=links)
        assert len(drawn.text.split("\n")) in (1 + len(shown), 2 + len(shown))
        message(top_card((found * 10)[:10], timedelta(hours=30), now=NOW, tz=tz), links=links)
        offered(offer(hit, now=NOW, tz=tz) for hit in found)
        message(latest([h.alert for h in found if h.alert] * 5, now=NOW, tz=tz, heading="Newest:"), links=())

    in_each_language(check)


@EXAMPLES
@given(NEIGHBOURS, NAMES, st.integers(0, 14))
def test_whom_a_company_depends_on_is_accepted(neighbours, readable, start):
    start = min(start, len(neighbours) - 1)
    in_each_language(lambda: message(exposure_card("META", neighbours, start, names=readable), links=()))


@EXAMPLES
@given(st.data(), NAMES, ZONES, st.sampled_from(TargetKind), st.sampled_from(Severity))
def test_the_question_whether_to_follow_something_is_accepted(data, readable, tz, kind, level):
    entry = data.draw(entries())
    tally = Tally(
        hits=tuple(
            (data.draw(alerts(entry, AlertKind.NEW)), entry) for _ in range(data.draw(st.integers(0, 2)))
        ),
        span=timedelta(days=30),
        covered=timedelta(hours=data.draw(st.integers(0, 720))),
        is_whole=data.draw(st.booleans()),
    )
    target = Target(
        kind,
        "" if kind is TargetKind.ALL else data.draw(st.sampled_from(["META", "liquid cooling", "x" * 58])),
    )
    head = [data.draw(st.just("I don't know “x”."))]

    def check() -> None:
        drawn = preview(target, tally, level=level, names=readable, now=NOW, tz=tz, head=head)
        if drawn is None:
            assert kind is TargetKind.RULE or len(f"narrow:{target}") > 64
        else:
            message(drawn, links=safe(entry))

    in_each_language(check)


@EXAMPLES
@given(strange(10), strange(10))
def test_no_text_of_a_stranger_comes_to_life_alone_or_beside_another(left, right):
    shown = f"{clean(left)} {clean(right)}"
    assert [found for found in alive(shown) if "zap" in found.casefold()] == []
    assert clean(clean(left)) == clean(left)


def test_the_search_for_live_parts_finds_them():
    text = "@zapper /zap zap.com (https://zap.example/x) zap@zap.org tg://zap 1.2.3.4"
    found = list(alive(text))
    assert found == ["@zapper", "/zap", "tg://zap", "zap.com", "zap.example/x)", "zap.org", "1.2.3.4"]
    inside = [{"type": "text_link", "offset": 0, "length": len(text)}]
    assert list(alive(text, inside)) == []
    assert list(alive("and/or 3.5 U.S. e.g. #zap $ZAP " + no_title())) == []


@settings(EXAMPLES, max_examples=15)
@given(st.data(), NAMES)
async def test_the_stand_in_itself_takes_them_with_their_form(data, readable):
    entry = data.draw(entries())
    alert, story = data.draw(alerts(entry)), data.draw(stories(entry))
    async with BotApi() as api:
        async with make_bot(api.token, base_url=api.url) as bot:
            channel = TelegramChannel(bot, lambda: NOW)
            for language in languages():
                with speaking(language):
                    drawn = card(alert, story, entry, names=readable, now=NOW)
                    first = await channel.send(item(drawn))
                    told = reply(alert, story, entry, now=NOW)
                    second = await channel.send(item(told, kind=AlertKind.REPLY, reply_to=first.message_id))
                    third = await channel.send(item(told, kind=AlertKind.EDIT, reply_to=first.message_id))
                assert [r.plain for r in (first, second, third)] == [False] * 3
                assert [a.text for a in api.accepted[-3:]] == [drawn.text, told.text, told.text]
