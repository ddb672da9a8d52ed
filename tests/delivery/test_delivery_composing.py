"""A rule of a chat's own: what /when shows of it, and what its buttons change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from card_scene import NOW
from desk_fakes import META, META_MATERIALS, MICRON, NVIDIA, MemoryDesk, small_vocabulary
from hypothesis import given
from hypothesis import strategies as st
from make import alert, entry, event
from workshop_fakes import workshop

from bot.delivery.commands import Commands
from bot.delivery.drafting import Draft, Wording, frequent, looser, stricter
from bot.delivery.history import Tally
from bot.delivery.replies import Chat, Reply
from bot.delivery.watching import MOST_RULES
from bot.following import Subject
from bot.locale import speaking
from bot.model import (
    CERTAINTIES,
    MOST_PARTS,
    Alert,
    Attribution,
    Button,
    Entry,
    Modality,
    OwnRule,
    Severity,
    SourceKind,
    Stage,
    Target,
    TargetKind,
)
from bot.text import utf16_length

ME, OTHER = Chat(address="1", user="1"), Chat(address="2", user="2")
DAY = timedelta(days=1)
SOLD = OwnRule(themes=("compute_resale",), who=("hyperscaler",))
SAID = "hyperscalers selling compute"
TABLE = {
    SAID: Wording(rule=SOLD),
    f"{SAID}, only high": Wording(rule=SOLD, level=Severity.HIGH, is_limited=True),
    f"{SAID} merrily": Wording(rule=SOLD, unknown=("merrily",)),
    "nvidia, merrily, only confirmed": Wording(
        rule=OwnRule(who=("NVDA",), least=Modality.CONFIRMED), unknown=("merrily",), is_limited=True
    ),
    "meta, only confirmed": Wording(
        rule=OwnRule(least=Modality.CONFIRMED),
        unclear=(("meta", (META, META_MATERIALS)), ("arm", (NVIDIA, MICRON))),
        is_limited=True,
    ),
    "a dozen and one": Wording(rule=OwnRule(who=tuple(f"C{n}" for n in range(MOST_PARTS + 1)))),
    "not denied": Wording(rule=OwnRule(), is_limited=True),
}


class Desk:
    """A chat with a bot that has a past."""

    def __init__(self) -> None:
        self.desk, self.now = MemoryDesk(), NOW
        self.desk.begun = NOW - 60 * DAY
        self.desk.enroll("telegram", "3", NOW - 60 * DAY)
        self.desk.set_level("telegram:3", Severity.INFO)
        self.desk.watch("telegram:3", Target(TargetKind.ALL), NOW - 60 * DAY)
        self.start()

    def start(self) -> None:
        """The program begins anew; what was kept is there."""
        self.workshop = getattr(self, "workshop", workshop(TABLE, {"META": "hyperscaler"}))
        self.commands = Commands(self.desk, small_vocabulary(), lambda: self.now, workshop=self.workshop)

    def tell(
        self, title: str, *, ago: timedelta = DAY, kind: SourceKind = SourceKind.WIRE, **more: object
    ) -> None:
        made = entry(title, at=self.now - ago, kind=kind)
        said = {"stage": Stage.DONE, **{k: v for k, v in more.items() if k != "level"}}
        of = alert(made, event=event(**said), level=more.get("level", Severity.HIGH))  # type: ignore[arg-type]
        self.desk.told.append((of, made))
        self.desk.told.sort(key=lambda told: told[0].created_at)

    async def ask(self, text: str, chat: Chat = ME) -> Reply:
        name, *args = text.split()
        return await self.commands.handle(name.removeprefix("/"), args, chat)

    async def tap(self, label: str, reply: Reply, chat: Chat = ME) -> Reply:
        return await self.commands.tap(named(reply, label).data, chat)

    @property
    def follows(self) -> list[Target]:
        return self.desk.watches("telegram:1")


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.tell("Meta sells spare servers to a bank", attribution=Attribution.FILING)
    made.tell("Meta sells spare servers to a school", ago=2 * DAY)
    made.tell("Meta may sell servers", ago=3 * DAY, attribution=Attribution.SPECULATION)
    made.tell("So Meta sells servers", ago=4 * DAY, kind=SourceKind.SOCIAL, level=Severity.MEDIUM)
    made.tell("Nvidia sells servers", ago=5 * DAY, actor="NVDA")
    return made


def said(reply: Reply) -> str:
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


def named(reply: Reply, label: str) -> Button:
    return next(b for b in buttons(reply) if b.label == label)


async def test_plain_words_become_a_sentence_a_number_samples_and_buttons(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    assert said(reply).split("\n") == [
        "A rule of your own:",
        f"Tells of {SOLD}.",
        "At level medium and above. Denials and corrections reach everybody who got the card.",
        "That would have been 4 alerts in the last 30 days, about 1 in 8 days.",
        "• 01 Mar 18:03 HIGH Meta sells spare servers to a bank",
        "• 28 Feb 18:03 HIGH Meta sells spare servers to a school",
        "• 27 Feb 18:03 HIGH Meta may sell servers",
    ]
    assert [b.label for b in buttons(reply)] == [
        "Follow",
        "Stricter",
        "Without a word",
        "YAML",
        "Cancel",
    ], "nothing is looser"
    assert desk.follows == [], "to be asked changes nothing"


async def test_it_is_followed_by_a_button_and_tells_from_then_on_what_it_would_have_told(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    done = await desk.tap("Follow", reply)
    label = "compute resale · hyperscaler (own rule)"
    assert said(done).startswith(f"Following {label}.")
    assert done.replace
    assert desk.follows == [Target(TargetKind.RULE, str(SOLD))]
    assert said(await desk.tap("Follow", reply)) == f"Followed already: {label}."
    listed = await desk.ask("/list")
    assert f"• {label} · about 1 in 8 days" in said(listed)
    gone = await desk.tap(f"✕ {label}", listed)
    assert desk.follows == []
    assert "follows nothing" in said(gone)


async def test_the_rules_of_a_chat_are_shown_and_opened_to_be_changed_or_stopped(desk: Desk) -> None:
    assert buttons(await desk.ask("/when")) == []
    await desk.tap("Follow", await desk.ask(f"/when {SAID}, only high"))
    mine = await desk.ask("/when")
    label = "compute resale · hyperscaler (own rule)"
    assert said(mine).split("\n")[:2] == ["The rules of this chat; tap on one to change it:", f"• {label}"]
    opened = await desk.tap(label, mine)
    assert "At level high and above." in said(opened)
    assert "This chat follows it." in said(opened)
    louder = await desk.tap("Looser", opened)
    assert next(b.label for b in buttons(louder)) == "Follow", "as it is now it is not followed"
    await desk.tap("Follow", louder)
    assert desk.desk.floors("telegram:1") == {}
    stopped = await desk.tap("Stop following", await desk.tap(label, await desk.ask("/when")))
    assert desk.follows == []
    assert next(b.label for b in buttons(stopped)) == "Follow"


@pytest.mark.parametrize(
    "called", ["compute resale · hyperscaler or Nvidia", "Compute resale · hyperscaler or Nvidia (own rule)"]
)
async def test_a_rule_can_be_dropped_by_what_the_list_calls_it(desk: Desk, called: str) -> None:
    await desk.ask("/start")
    rule = OwnRule(themes=("compute_resale",), who=("NVDA", "hyperscaler"))
    desk.desk.watch("telegram:1", Target(TargetKind.RULE, str(OwnRule.parse(str(rule)))), NOW)
    shown = called.replace("hyperscaler or Nvidia", "Nvidia or hyperscaler")
    assert said(await desk.ask(f"/unwatch {shown}")).startswith("No longer following compute resale")
    assert desk.follows == [Target(TargetKind.ALL)]


async def test_stricter_and_looser_go_step_by_step_and_back(desk: Desk) -> None:
    reply, seen = await desk.ask(f"/when {SAID}"), []
    while any(b.label == "Stricter" for b in buttons(reply)):
        reply = await desk.tap("Stricter", reply)
        assert reply.replace
        seen.append((said(reply).split("\n")[1], said(reply).split("\n")[3].partition(" in the")[0]))
    rule = "Tells of themes=compute_resale&who=hyperscaler"
    assert seen == [
        (f"{rule}&least=considering.", "That would have been 3 alerts"),
        (f"{rule}&least=reported.", "That would have been 3 alerts"),
        (f"{rule}&not_kinds=social&least=reported.", "That would have been 2 alerts"),
        (f"{rule}&not_kinds=social&least=confirmed.", "That would have been 1 alert"),
        (f"{rule}&not_kinds=social&least=confirmed.", "That would have been 1 alert"),
    ]
    assert "At level high and above." in said(reply)
    for _ in seen:
        reply = await desk.tap("Looser", reply)
    assert said(reply) == said(await desk.ask(f"/when {SAID}"))


async def test_a_word_of_what_it_would_have_told_can_be_left_out(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    offered = await desk.tap("Without a word", reply)
    words = [b.label for b in buttons(offered)]
    assert words == ["meta", "servers", "sells", "spare", "bank", "school", "sell", "Back"]
    changed = await desk.tap("bank", offered)
    assert f"Tells of {replace(SOLD, not_words=('bank',))}." in said(changed)
    assert "3 alerts" in said(changed)
    assert "bank" not in [b.label for b in buttons(await desk.tap("Without a word", changed))]
    assert said(await desk.tap("Back", offered)) == said(reply)


async def test_its_file_is_shown_and_changes_nothing(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    shown = await desk.tap("YAML", reply)
    assert not shown.replace
    assert said(shown).split("\n")[:3] == [
        f"rule: {SOLD}",
        "level: medium",
        "Meta sells spare servers to a bank",
    ]
    assert [e.kind.value for e in shown.cards[0].entities] == ["pre"]


async def test_buttons_work_after_a_restart_and_twice(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    desk.start()
    once, twice = await desk.tap("Stricter", reply), await desk.tap("Stricter", reply)
    assert said(once) == said(twice)
    assert buttons(once) == buttons(twice)


async def test_nobody_else_can_use_a_rule_of_this_chat(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    for label in ("Follow", "Stricter", "Without a word", "YAML"):
        answer = await desk.tap(label, reply, OTHER)
        assert said(answer) == "I have forgotten this rule. /when and its words bring it back."
    assert desk.desk.watches("telegram:2") == []


@pytest.mark.parametrize(
    "data",
    [
        "when:",
        "when:on:",
        "when:on:x",
        "when:up:\x00",
        "when:x:y:z",
        "narrow:",
        "narrow:all",
        "narrow:pack:compute",
        "narrow:rule:x",
        "narrow:company:NOBODY",
    ],
)
async def test_forged_buttons_do_nothing(desk: Desk, data: str) -> None:
    before = dict(desk.desk.followed)
    assert said(await desk.commands.tap(data, ME))
    assert desk.desk.followed == before


async def test_what_is_wrong_with_a_draft_s_button_is_old(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}")
    draft_id = named(reply, "Follow").data.rpartition(":")[2]
    assert "old" in said(await desk.commands.tap(f"when:nonsense:{draft_id}", ME))
    assert said(await desk.commands.tap(f"when:cut:{draft_id}:!", ME)) == said(reply), (
        "no word: nothing changes"
    )


async def test_what_was_not_understood_is_said_and_nothing_is_asked_of_nothing(desk: Desk) -> None:
    assert "Not understood, so left out: “merrily”." in said(await desk.ask(f"/when {SAID} merrily"))
    assert "I understood nothing of “gibberish”" in said(await desk.ask("/when gibberish"))
    assert "at most 12 things of a kind" in said(await desk.ask("/when a dozen and one"))
    assert "only what you don't want" in said(await desk.ask("/when not denied"))
    assert said(await desk.ask("/when")).startswith("When shall I tell you? For example: /when hyperscalers")


async def test_a_name_that_means_several_things_is_asked_about(desk: Desk) -> None:
    reply = await desk.ask("/when meta, only confirmed")
    assert "“meta” can mean several things. Which one?" in said(reply)
    assert "Unclear as well, so left out: “arm”." in said(reply)
    chosen = await desk.tap("Meta (company)", reply)
    assert "Tells of who=META&least=confirmed." in said(chosen)


async def test_the_level_that_was_said_is_what_it_is_followed_from(desk: Desk) -> None:
    reply = await desk.ask(f"/when {SAID}, only high")
    assert "At level high and above." in said(reply)
    await desk.tap("Follow", reply)
    assert desk.desk.floors("telegram:1") == {Target(TargetKind.RULE, str(SOLD)): Severity.HIGH}


async def test_watch_takes_what_is_no_name_but_a_combination(desk: Desk) -> None:
    assert said(await desk.ask(f"/watch {SAID}")) == said(await desk.ask(f"/when {SAID}"))
    assert "Tells of who=NVDA&least=confirmed." in said(
        await desk.ask("/watch nvidia, merrily, only confirmed")
    )
    assert "as a word" in said(await desk.ask(f"/watch {SAID} merrily")), "the rest of it would be lost"
    assert said(await desk.ask("/watch nvidia")).startswith("Nvidia: whatever it does")
    assert said(await desk.ask("/watch nvidia, micron")).startswith("Following Nvidia")


async def test_what_watch_would_follow_can_be_narrowed_instead(desk: Desk) -> None:
    for text, rule in (
        ("nvidia", "who=NVDA"),
        ("compute resale", "themes=compute_resale"),
        ("word cooling", "words=cooling"),
    ):
        narrowed = await desk.tap("Narrow", await desk.ask(f"/watch {text}"))
        assert narrowed.replace
        assert said(narrowed).split("\n")[1] == f"Tells of {rule}."


async def test_a_chat_has_room_for_so_many_rules(desk: Desk) -> None:
    await desk.ask("/start")
    desk.desk.unwatch("telegram:1", Target(TargetKind.ALL))
    for n in range(MOST_RULES):
        desk.desk.watch("telegram:1", Target(TargetKind.RULE, f"themes=x{n}"), NOW)
    answer = said(await desk.tap("Follow", await desk.ask(f"/when {SAID}")))
    assert answer.startswith("Not followed: compute resale · hyperscaler (own rule).")
    assert f"{MOST_RULES} rules of its own" in answer
    assert len(desk.follows) == MOST_RULES


async def test_it_speaks_german(desk: Desk) -> None:
    with speaking("de"):
        reply = await desk.ask(f"/when {SAID}")
        assert [b.label for b in buttons(reply)][1] == "Strenger"
        done = said(await desk.tap("Folgen", reply))
        assert "(eigene Regel)" in done


@pytest.mark.parametrize(
    "hostile", ["x" * 190, "<b>" * 60, "\u202e" * 10 + "nvidia", "'" * 50, "{0}%s"], ids=range(5)
)
async def test_hostile_words_are_answered_in_one_short_message(desk: Desk, hostile: str) -> None:
    reply = await desk.ask(f"/when {hostile}")
    assert 0 < utf16_length(said(reply)) < 600


# --- one step narrower, one step wider ---

DRAFTS = st.builds(
    Draft,
    st.builds(
        OwnRule,
        themes=st.just(("compute_resale",)),
        least=st.sampled_from(CERTAINTIES),
        kinds=st.sampled_from([(), (SourceKind.FILING,)]),
        not_kinds=st.sampled_from([(), (SourceKind.SOCIAL,), (SourceKind.BLOG,)]),
    ),
    st.sampled_from([None, *Severity]),
)


def past() -> list[tuple[Alert, Entry]]:
    said = [(s, a, k) for s in Stage for a in Attribution for k in (SourceKind.WIRE, SourceKind.SOCIAL)]
    made = [(entry(f"number {n}", kind=k), event(stage=s, attribution=a)) for n, (s, a, k) in enumerate(said)]
    return [(alert(e, event=v, level=lv), e) for e, v in made for lv in Severity]


PAST = past()


def told(draft: Draft, level: Severity) -> set[int]:
    least = max(level, draft.level or level)
    return {n for n, (a, e) in enumerate(PAST) if a.level >= least and Subject(a, e).fits(draft.rule)}


@given(DRAFTS, st.sampled_from(Severity))
def test_each_step_tells_no_more_and_each_step_back_no_less_and_both_end(
    draft: Draft, level: Severity
) -> None:
    for step, smaller in ((stricter, True), (looser, False)):
        at: Draft | None = draft
        for _ in range(20):
            assert at is not None
            following = step(at, level)
            if following is None:
                break
            before, after = told(at, level), told(following, level)
            assert after <= before if smaller else after >= before
            at = following
        else:
            pytest.fail("it never ends")


@given(DRAFTS)
def test_a_draft_is_read_as_it_is_written(draft: Draft) -> None:
    assert Draft.parse(str(draft)) == draft


@pytest.mark.parametrize(
    "text", ["", " ", "high", "loud themes=a", " least=reported", "high  themes=a", "\x00"]
)
def test_anything_else_is_no_draft(text: str) -> None:
    assert Draft.parse(text) is None


def test_words_to_leave_out_are_those_of_headlines_the_most_frequent_first() -> None:
    titles = ["Meta's GPUs: GPUs for sale in 2026", "The GPUs of Meta, leased", "Straßen gesperrt"]
    hits = tuple((alert(e), e) for e in map(entry, titles))
    tally = Tally(hits=hits, span=DAY, covered=DAY, is_whole=True)
    draft = Draft(OwnRule(words=("meta",), not_words=("leased",)))
    assert frequent(draft, tally)[:1] == ["gpus"]
    assert not {"meta", "leased", "2026"} & set(frequent(draft, tally))
