from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
from card_scene import EVIDENCE, NOW, TEXT, TITLE, begun, edited, names, told, wire
from hostile import alive
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.explain import explanation, latest
from bot.delivery.finds import offer
from bot.delivery.quote import Quote, quote, split
from bot.delivery.render import card, facts_of, headline_of, reply, status_of
from bot.delivery.sheet import MAX_UNITS, Sheet, clean, fold, safe_url
from bot.delivery.words import clock_time, reason_text
from bot.model import (
    AlertKind,
    Attribution,
    Card,
    Claim,
    DateQuality,
    Decision,
    EntityKind,
    Exposure,
    Polarity,
    Reason,
    Severity,
    Span,
    Stage,
    Verdict,
)
from bot.ports import Explanation
from bot.shelves import Hit
from bot.text import utf16_length

NEW_YORK = ZoneInfo("America/New_York")
DENIAL = "Meta denies plan to sell computing capacity"

# Whatever a feed may hold: also lone surrogates, controls, right-to-left text and emoji.
ANY_TEXT = st.text(st.characters(codec=None), max_size=600)


def parts(drawn: Card, kind: EntityKind) -> list[str]:
    return [drawn.text[e.start : e.end] for e in drawn.entities if e.kind is kind]


def draw(alert, story, entry, **more) -> Card:
    return card(alert, story, entry, **({"names": names, "now": NOW, "tz": NEW_YORK} | more))


def test_a_new_card_says_how_certain_then_what_then_why_then_who_is_exposed():
    entry = wire()
    drawn = draw(told(entry), begun(entry), entry, flags={"ai_generated"})
    assert drawn.text == (
        "HIGH · considering · sourced\n"
        "Meta weighs selling surplus AI compute to outsiders\n"
        "“The company is exploring selling excess computing capacity, people familiar with the matter said.”"
        " (Example Wire)\n"
        "Exposed: CRWV, NBIS (competes) · NVDA (demand) · MU, SK Hynix (via NVDA)\n"
        "Contains AI-generated content\n"
        "Rule: Meta sells surplus compute\n"
        "2 independent origins, 9 copies · published 13:02 · seen 13:03 EST · rev 2"
    )
    assert parts(drawn, EntityKind.BOLD) == ["HIGH · considering · sourced", TITLE, EVIDENCE]
    assert [(e.url, drawn.text[e.start : e.end]) for e in drawn.entities if e.url] == [(entry.url, TITLE)]
    assert [[(button.label, button.data) for button in row] for row in drawn.buttons] == [
        [("Why", "why:a1b2c3d4e5f60718"), ("Story", "story:a1b2c3d4e5f60718"), ("Open", "")],
        [
            ("Useful", "good:a1b2c3d4e5f60718"),
            ("Noise", "noise:a1b2c3d4e5f60718"),
            ("Mute ▾", "mutes:a1b2c3d4e5f60718"),
        ],
    ]


def test_an_edit_shows_the_new_counts_and_what_changed():
    entry = wire()
    copy = wire(title="Meta could sell AI compute, report says", text=TEXT, url="https://copy.example/1")
    drawn = draw(edited(copy), begun(entry, origins=3, copies=12, revision=3), copy, note="third origin")
    assert status_of(drawn) == "HIGH · considering · sourced"
    assert headline_of(drawn) == TITLE, "the headline stays the story's"
    assert parts(drawn, EntityKind.LINK) == [TITLE]
    assert drawn.entities[2].url == entry.url
    assert "Update: third origin" in drawn.text.split("\n")
    assert facts_of(drawn) == [
        "3 independent origins, 12 copies",
        "published 13:02",
        "seen 13:03",
        "updated 13:41 EST",
        "rev 4",
    ]


def test_a_denial_strikes_the_headline_out_and_says_so_first():
    entry, denial = wire(), wire(title=DENIAL, text="", url="https://wire.example/denial")
    alert = told(
        denial,
        evidence="denies plan",
        kind=AlertKind.EDIT,
        reason=Reason.DENIED,
        polarity=Polarity.DENIED,
        attribution=Attribution.ON_RECORD,
        created_at=NOW + timedelta(minutes=67),
    )
    drawn = draw(alert, begun(entry, polarity=Polarity.DENIED), denial)
    assert status_of(drawn) == "DENIED 14:10 · on record · HIGH"
    assert parts(drawn, EntityKind.STRIKE) == [TITLE]
    assert f"“{DENIAL}” (Example Wire)" in drawn.text
    assert "\nWould have been exposed: CRWV, NBIS (competes)" in drawn.text, "but nobody is exposed any more"


def test_a_withdrawal_strikes_the_headline_out_and_so_do_later_edits():
    entry = wire()
    story = replace(begun(entry, origins=1), withdrawn_by=("wire",))
    at = NOW + timedelta(minutes=67)
    drawn = draw(edited(entry, reason=Reason.WITHDRAWN, created_at=at), story, entry)
    assert status_of(drawn) == "WITHDRAWN 14:10 · sourced · HIGH"
    assert parts(drawn, EntityKind.STRIKE) == [TITLE]
    later = draw(edited(entry), story, entry)
    assert status_of(later) == "WITHDRAWN · sourced · HIGH"
    assert parts(later, EntityKind.STRIKE) == [TITLE]


@pytest.mark.parametrize(
    ("origins", "more", "status"),
    [
        pytest.param(2, {}, "HIGH · considering · sourced", id="another origin stands by it"),
        pytest.param(
            1,
            {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD},
            "HIGH · confirmed · on record",
            id="the record bears it out",
        ),
    ],
)
def test_a_withdrawn_report_may_still_be_so(origins, more, status):
    entry = wire()
    story = begun(entry, origins=origins)
    story = replace(story, claims=(replace(story.claims[0], **more),), withdrawn_by=("wire",))
    drawn = draw(edited(entry), story, entry)
    assert status_of(drawn) == status
    assert parts(drawn, EntityKind.STRIKE) == []


def test_a_reply_to_an_edited_entry_tells_when_the_edit_was_seen():
    entry = wire()
    alert = told(entry, kind=AlertKind.REPLY, created_at=NOW)
    before, after = clock_time(entry.at, NOW, UTC, zone=True), clock_time(NOW, NOW, UTC, zone=True)
    assert before != after
    assert reply(alert, begun(entry), entry, now=NOW).text.endswith(before)
    assert reply(alert, begun(entry), replace(entry, revision=1), now=NOW).text.endswith(after)


def test_copies_that_there_are_none_of_are_not_counted():
    entry = wire()
    assert facts_of(draw(told(entry), begun(entry, copies=0), entry))[0] == "2 independent origins"


def test_a_reply_does_not_repeat_the_slug_of_a_wire():
    entry = wire(title="WITHDRAWN-Meta weighs selling compute", text="")
    alert = told(entry, evidence=entry.title, kind=AlertKind.REPLY, reason=Reason.WITHDRAWN)
    assert reply(alert, begun(entry), entry, now=NOW).text.split("\n")[0] == entry.title


def test_a_later_edit_of_a_denied_story_still_says_denied():
    entry = wire()
    drawn = draw(edited(entry), begun(entry, polarity=Polarity.DENIED), entry)
    assert status_of(drawn) == "DENIED · sourced · HIGH"
    assert parts(drawn, EntityKind.STRIKE) == [TITLE]


def test_a_new_card_about_a_denial_is_not_struck_out():
    entry = wire(title=DENIAL)
    alert = told(entry, evidence="denies", polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD)
    drawn = draw(alert, begun(entry, polarity=Polarity.DENIED), entry)
    assert status_of(drawn) == "HIGH · denied · on record"
    assert parts(drawn, EntityKind.STRIKE) == []


def test_evidence_in_the_headline_is_bold_there_and_not_repeated():
    entry = wire(text="Nothing more.")
    drawn = draw(told(entry, evidence="weighs selling surplus AI compute"), begun(entry), entry)
    assert parts(drawn, EntityKind.BOLD)[1:] == ["weighs selling surplus AI compute"]
    assert "“" not in drawn.text
    assert "Source: Example Wire" in drawn.text.split("\n")


@pytest.mark.parametrize("kind", [AlertKind.NEW, AlertKind.EDIT])
def test_a_long_post_shows_its_evidence_in_its_headline_and_does_not_say_it_twice(kind):
    text = "Meta may sell superfluous capacity. " + "What this could mean for chips, memory and clouds. " * 12
    entry = wire(title="", text=text)
    story = replace(begun(entry), title=entry.headline)
    drawn = draw(told(entry, kind=kind, evidence="superfluous"), story, entry)
    assert drawn.text.count("superfluous") == 1
    assert "superfluous" in parts(drawn, EntityKind.BOLD)
    assert "“" not in drawn.text


def test_a_post_without_a_title_is_its_own_headline():
    entry = wire(title="", text="$META to sell spare compute \n\n lol")
    drawn = draw(told(entry, evidence="sell spare compute"), begun(entry), entry)
    assert headline_of(drawn) == "$META to sell spare compute lol"
    assert parts(drawn, EntityKind.BOLD)[1:] == ["sell spare compute"]


def test_companies_that_gain_have_a_line_of_their_own():
    entry = wire()
    gains = Exposure(company="ANET", path=("supplies",), weight=0.5, direction=1)
    drawn = draw(told(entry, exposures=(gains,)), begun(entry), entry)
    assert "May gain: ANET (supplies)" in drawn.text.split("\n")
    assert "Exposed:" not in drawn.text


def test_a_long_list_of_exposed_companies_says_how_many_more():
    entry = wire()
    many = tuple(
        Exposure(company=f"{chr(65 + n)}X", path=("demand_for",), weight=1 - n / 100) for n in range(15)
    )
    drawn = draw(told(entry, exposures=many), begun(entry), entry)
    assert "Exposed: AX, BX, CX, DX, EX, FX, GX, HX, IX, JX, KX, LX (demand) · 3 more" in drawn.text.split(
        "\n"
    )


@pytest.mark.parametrize(
    "quality",
    [
        pytest.param(DateQuality.MISSING, id="no date"),
        pytest.param(DateQuality.FUTURE, id="a date ahead of the clock"),
        pytest.param(DateQuality.ANCIENT, id="an epoch"),
    ],
)
def test_a_date_that_cannot_be_trusted_is_not_shown(quality):
    entry = wire(date_quality=quality)
    assert facts_of(draw(told(entry), begun(entry), entry))[1] == "undated"


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        pytest.param(0, "13:03 EST", id="today"),
        pytest.param(-14, "01 Mar 23:03 EST", id="yesterday in the reader's zone"),
        pytest.param(24 * 7, "09 Mar 14:03 EDT", id="summer time"),
        pytest.param(-24 * 100, "22 Nov 2025 13:03 EST", id="another year"),
    ],
)
def test_a_time_has_its_day_beside_it_where_that_is_not_today(hours, shown):
    assert clock_time(NOW + timedelta(hours=hours), NOW, NEW_YORK, zone=True) == shown


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        pytest.param({"reason": Reason.DENIED, "polarity": Polarity.DENIED}, "DENIED", id="denied"),
        pytest.param({"reason": Reason.CORRECTED}, "CORRECTED", id="corrected"),
        pytest.param({"reason": Reason.WITHDRAWN}, "WITHDRAWN", id="withdrawn"),
        pytest.param(
            {"reason": Reason.DEVELOPED, "stage": Stage.AGREED, "attribution": Attribution.ON_RECORD},
            "CONFIRMED",
            id="confirmed",
        ),
        pytest.param({"reason": Reason.DEVELOPED, "stage": Stage.DONE}, "NOW REPORTED", id="gone further"),
    ],
)
def test_a_reply_begins_with_what_changed(changes, first):
    entry = wire(title=DENIAL, text="")
    alert = told(entry, evidence="plan to sell", kind=AlertKind.REPLY, note="first of two", **changes)
    drawn = reply(alert, begun(entry), entry, now=NOW, tz=NEW_YORK)
    lines = drawn.text.split("\n")
    assert lines[0] == f"{first} · {DENIAL}"
    assert lines[1].startswith("first of two · Example Wire · ")
    assert lines[1].endswith(" · 2 independent origins · 13:02 EST")
    assert parts(drawn, EntityKind.BOLD) == [first, "plan to sell"]
    assert parts(drawn, EntityKind.LINK) == [DENIAL]
    assert [b.label for b in drawn.buttons[0]] == ["Why", "Story", "Open"]


def test_a_spillover_is_tied_to_the_card_that_predicted_it():
    entry = wire(title="SOX falls 4%", text="")
    alert = told(entry, evidence="falls 4%", kind=AlertKind.REPLY, reason=Reason.SPILLOVER)
    drawn = reply(alert, begun(entry), entry, now=NOW)
    assert drawn.text.split("\n")[0] == "SPILLOVER SEEN · SOX falls 4%: predicted by this card"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "The deal is big. It will SELL chips. More.", "It will [SELL] chips.", id="its sentence"
        ),
        pytest.param("SELL", "[SELL]", id="nothing around it"),
        pytest.param("They SELL.", "They [SELL].", id="a full stop"),
        pytest.param(
            f"{'word ' * 40}SELL{' word' * 40}", f"…{'word ' * 17}[SELL]{' word' * 17}…", id="whole words"
        ),
        pytest.param(
            f"{'字' * 200}SELL{'字' * 200}", f"…{'字' * 90}[SELL]{'字' * 90}…", id="no words to keep whole"
        ),
    ],
)
def test_a_quote_keeps_whole_sentences_or_words_around_the_evidence(text, expected):
    entry = wire(text=text)
    found = quote(told(entry, evidence="SELL"), entry)
    assert found is not None
    assert f"{found.before}[{found.words}]{found.after}" == expected


@pytest.mark.parametrize("evidence", ["evil", "evil.", ".example", "evil.example", "xample", "example now"])
def test_a_quote_makes_no_address_where_its_parts_meet(evidence):
    text = "Go to evil.example now"
    start = text.index(evidence)
    found = split(text, start, start + len(evidence))
    assert found is not None
    shown = found.before + found.words + found.after
    assert shown.replace("\u2060", "") == text
    assert list(alive(shown)) == []


@pytest.mark.parametrize("numbers", ["10.", "10", "10.0.", "0.0.1", ".1"])
def test_a_quote_makes_no_address_of_numbers_either(numbers):
    text = "at 10.0.0.1 now"
    start = text.index(numbers)
    found = split(text, start, start + len(numbers))
    assert found is not None
    assert list(alive(found.before + found.words + found.after)) == []


def test_a_quote_ends_where_the_evidence_ends_its_sentence():
    entry = wire(text="It will sell. Then something else.")
    found = quote(told(entry, evidence="will sell."), entry)
    assert found == Quote("It ", "will sell.", "")


def test_evidence_that_moved_in_a_revision_is_found_again():
    entry = wire()
    alert = told(entry)
    later = replace(entry, text="Update: " + TEXT)
    assert EVIDENCE in parts(draw(alert, begun(later), later), EntityKind.BOLD)


def test_evidence_that_a_revision_removed_is_still_quoted():
    entry = wire()
    alert = told(entry)
    later = replace(entry, text="Quite another text. " * 20)
    assert f"“{EVIDENCE}”" in draw(alert, begun(later), later).text


def test_a_feed_cannot_write_lines_of_its_own():
    forged = "Meta\nCRITICAL · confirmed · filing\u2028Exposed: X\x85Y\r\nZ"
    entry = wire(title=forged, source="A\nB", text="x")
    alert = told(entry, evidence="Meta", title="R\nS", note="N\nM")
    honest = wire(title="Meta", text="x")
    expected = draw(told(honest, evidence="Meta"), begun(honest), honest).text.count("\n")
    assert draw(alert, begun(entry), entry).text.count("\n") == expected


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("a\u202eb\u2066c\u200fd", "abcd", id="text direction"),
        pytest.param("a\x1b[31mb\x00c", "a[31mbc", id="terminal codes"),
        pytest.param("a \u200b \n b", "a b", id="blanks around nothing"),
        pytest.param("\ud83d", "\ufffd", id="half a character"),
        pytest.param("e" + "\u0301" * 50, "e" + "\u0301" * 4, id="a tower of accents"),
        pytest.param("👩\u200d💻", "👩\u200d💻", id="a joined emoji stays"),
        pytest.param("می\u200cخواهد", "می\u200cخواهد", id="a Persian joiner stays"),
    ],
)
def test_what_hides_or_steers_is_dropped(raw, shown):
    assert fold(raw) == shown


@pytest.mark.parametrize("title", ["\u2800", "\u200d\u200d", "\u3164 \u2060", "\ufffc"])
def test_a_title_that_does_not_show_is_none(title):
    entry = wire(title=title)
    drawn = draw(told(entry), begun(entry), entry)
    assert headline_of(drawn).startswith(TEXT[:20])
    assert offer(Hit(entry=replace(entry, text="")), now=NOW, tz=NEW_YORK).title == "(no title)"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("via @alice now", "via @\u2060alice now", id="a name to ping"),
        pytest.param("tap /stop", "tap /\u2060stop", id="a command to tap"),
        pytest.param("and/or 3.5 U.S. a.m.", "and/or 3.5 U.S. a.m.", id="inside words"),
        pytest.param("write a@b.example", "write a@b.\u2060example", id="an address to write to"),
        pytest.param("see bank.example", "see bank.\u2060example", id="an address to open"),
        pytest.param("☕.com, x.рф, x.भारत", "☕.\u2060com, x.\u2060рф, x.\u2060भारत", id="of any script"),
        pytest.param("in rules/sources.yaml:5", "in rules/sources.yaml:5", id="a file of ours"),
        pytest.param("at 10.0.0.1", "at 10.\u20600.0.1", id="an address of numbers"),
        pytest.param("https://x.example", "https://\u2060x.\u2060example", id="with its protocol"),
        pytest.param("ftp://~x.1y", "ftp://\u2060~x.1y", id="with an odd one"),
        pytest.param("ends in @", "ends in @\u2060", id="where the next part may go on"),
    ],
)
def test_a_stranger_cannot_ping_people_or_offer_commands_and_addresses(raw, shown):
    assert clean(raw) == clean(clean(raw)) == shown


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="none"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("tg://resolve?domain=x", id="another scheme"),
        pytest.param("https://localhost/x", id="no dotted host"),
        pytest.param("https://bank.example@evil.example/", id="a false host"),
        pytest.param("https://a.example/x y", id="a blank"),
        pytest.param("https://a.example/\u202e", id="a direction mark"),
        pytest.param("https://[::1", id="broken"),
        pytest.param("https://a.example:99999/", id="a port that can't be"),
        pytest.param("https://a.example:0/", id="no port"),
        pytest.param("https://a.example:x/", id="a port in letters"),
        pytest.param('https://a"b.example/', id="a host that can't be"),
        pytest.param("https://a.example/" + "x" * 3000, id="endless"),
    ],
)
def test_an_address_that_is_not_plainly_the_web_is_no_link_and_no_button(url):
    entry = wire(url=url)
    drawn = draw(told(entry), begun(entry), entry)
    assert safe_url(url) == ""
    assert parts(drawn, EntityKind.LINK) == []
    assert [b.label for b in drawn.buttons[0]] == ["Why", "Story"]


def test_an_id_that_is_too_long_for_a_button_is_cut():
    entry = wire()
    why, story, *_ = draw(told(entry, id="é" * 80), begun(entry), entry).buttons[0]
    for button, start in ((why, "why:éé"), (story, "story:éé")):
        assert len(button.data.encode()) <= 64
        assert button.data.startswith(start)


def check(drawn: Card) -> None:
    """What every card must be, whatever the feed held."""
    assert drawn.text.strip()
    assert utf16_length(drawn.text) <= MAX_UNITS
    drawn.text.encode("utf-8")
    for entity in drawn.entities:
        assert 0 <= entity.start < entity.end <= len(drawn.text)


@given(title=ANY_TEXT, body=ANY_TEXT, source=ANY_TEXT, note=ANY_TEXT, data=st.data())
def test_whatever_a_feed_holds_the_card_is_whole_and_its_evidence_bold(title, body, source, note, data):
    field, whole = ("title", title) if title and data.draw(st.booleans()) else ("text", body)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    entry = wire(title=title, text=body, source=source)
    alert = told(wire(), title=note, note=note)
    words = whole[start:end]
    alert = replace(alert, event=replace(alert.event, evidence=Span(field, start, end)), evidence=words)
    for kind in (AlertKind.NEW, AlertKind.EDIT):
        drawn = draw(replace(alert, kind=kind), begun(entry), entry)
        check(drawn)
        assert len(drawn.text.split("\n")) <= 8
        if 0 < len(clean(words).strip()) <= 300:
            assert clean(words).strip() in parts(drawn, EntityKind.BOLD)
    answer = reply(alert, begun(entry), entry, now=NOW)
    check(answer)
    assert len(answer.text.split("\n")) <= 3


@pytest.mark.parametrize(
    "wide", [pytest.param("😀", id="emoji"), pytest.param("ش", id="Arabic"), pytest.param("x", id="Latin")]
)
def test_the_longest_card_fits_into_one_message(wide):
    long = (wide * 30 + " ") * 40
    entry = wire(title=long, text=long * 3, source=long)
    alert = told(wire(), title=long, note=long, kind=AlertKind.EDIT)
    span = Span("text", 700, 1400)
    alert = replace(alert, event=replace(alert.event, evidence=span), evidence=entry.text[700:1400])
    both = tuple(
        Exposure(company=f"c{n}{long}", path=(f"relation {n}{long}",), weight=0.5, direction=sign)
        for n in range(20)
        for sign in (-1, 1)
    )
    check(draw(replace(alert, exposures=both), begun(entry), entry, flags={long}, names=lambda i: i))
    verdict = Verdict(
        entry_id="e",
        at=NOW,
        decision=Decision(send=False, reason=Reason.SILENCED, detail=long),
        rule_id=long,
    )
    why = Explanation(
        alert=alert, entry=entry, story_title=long, origins=1, copies=0, verdicts=(verdict,) * 30
    )
    check(explanation(why, names=lambda i: long, now=NOW))
    check(latest([alert] * 10, now=NOW, heading="Newest:"))


def test_offsets_are_exact_after_emoji_and_right_to_left_text():
    entry = wire(title="🚀🇺🇸 ميتا 👩\u200d💻 weighs", text=f"😀 قالت {EVIDENCE} 😀")
    drawn = draw(told(entry), begun(entry), entry)
    assert parts(drawn, EntityKind.BOLD)[-1] == EVIDENCE
    assert parts(drawn, EntityKind.LINK) == [entry.title]


def why(*verdicts: Verdict) -> Explanation:
    entry = wire()
    return Explanation(
        alert=told(entry), entry=entry, story_title=TITLE, origins=2, copies=1, verdicts=verdicts
    )


def test_an_explanation_names_rule_line_event_evidence_and_decisions():
    held = Decision(send=False, reason=Reason.THROTTLED, until=NOW + timedelta(hours=6), detail="per story")
    verdicts = (
        Verdict(entry_id="e", at=NOW, decision=Decision(send=True, reason=Reason.FIRST), rule_id="resale"),
        Verdict(entry_id="f", at=NOW, decision=held),
    )
    drawn = explanation(why(*verdicts), names=names, now=NOW, tz=NEW_YORK)
    assert drawn.text == (
        f"Why: {TITLE}\n"
        "Sent 13:03 EST: first card of this story\n"
        "Rule: Meta sells surplus compute, level high\n"
        "Event: compute resale by Meta: considering\n"
        "Evidence: “The company is exploring selling excess computing capacity, people familiar with the matter"
        " said.” (Example Wire, tier 1)\n"
        "Exposed: CRWV, NBIS (competes) · NVDA (demand) · MU, SK Hynix (via NVDA)\n"
        "Story: 2 independent origins, 1 copy\n"
        "13:03 sent: first card of this story [resale]\n"
        "13:03 held back until 19:03: its rule spoke a short while ago (per story)\n"
        "For those who write rules: compute/resale (compute.yaml:5); exploring, sourced, affirmed; score 1.00\n"
        "Id: a1b2c3d4e5f60718"
    )
    assert parts(drawn, EntityKind.CODE) == ["a1b2c3d4e5f60718"]


def test_an_explanation_of_what_was_denied_since_names_nobody_as_exposed():
    story = begun(wire(), polarity=Polarity.DENIED)
    drawn = explanation(replace(why(), story=story), names=names, now=NOW)
    assert "\nWould have been exposed: CRWV" in drawn.text


def test_an_explanation_of_an_answer_names_nobody_as_exposed_by_what_was_denied_since():
    story = begun(wire(), polarity=Polarity.DENIED)
    fall = make.event("selloff", "NVDA", stage=Stage.DONE)
    answer = replace(told(wire()), kind=AlertKind.REPLY, reason=Reason.SPILLOVER, event=fall)
    asked = replace(
        why(),
        alert=answer,
        told=told(wire()).event,
        story=replace(story, claims=(*story.claims, Claim.of(fall))),
    )
    assert "\nWould have been exposed: CRWV" in explanation(asked, names=names, now=NOW).text


def test_an_explanation_says_the_same_once_and_cuts_no_rule_s_name_within_its_marks():
    long = f"“{'A company falls after a sale of compute that touches it, ' * 2}too”"
    held = Decision(send=False, reason=Reason.INHIBITED, detail="told by compute/resale")
    verdict = Verdict(entry_id="e", at=NOW, decision=held, rule_id="compute/fall")
    lines = explanation(why(*[verdict] * 5), names=lambda i: long if "/" in i else i, now=NOW).text.split(
        "\n"
    )
    assert [line for line in lines if "another card tells it" in line] == [
        f"18:03 held back: another card tells it already (told by {long}) [{long}]"
    ]


def test_an_explanation_in_a_chat_hides_what_was_decided_about_others():
    def about(who: str, detail: str) -> Verdict:
        decision = Decision(send=False, reason=Reason.MUTED, detail=detail)
        return Verdict(entry_id="e", at=NOW, decision=decision, subscriber_id=who)

    asked = why(about("telegram:1", "mine"), about("telegram:2", "another's"))
    mine = explanation(asked, names=names, now=NOW, subscriber_id="telegram:1").text
    assert "mine" in mine
    assert "another's" not in mine
    assert "another's" in explanation(asked, names=names, now=NOW).text


def test_every_reason_has_a_phrase():
    assert all(reason_text(reason) for reason in Reason)


def test_every_level_is_told_by_its_word():
    entry = wire()
    for level in Severity:
        assert status_of(draw(told(entry, level=level), begun(entry), entry)).startswith(level.name + " · ")


def test_a_piece_of_a_sheet_cannot_break_its_line():
    assert Sheet().line("a\nb").line("c\u2029d").card().text == "a b\nc d"
