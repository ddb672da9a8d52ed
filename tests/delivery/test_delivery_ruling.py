"""Rules as readers see them, texts that are tried on them, and what is handed on to the managers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from card_scene import NOW, told, wire
from desk_fakes import MemoryFeedback
from hypothesis import given
from hypothesis import strategies as st
from make import alert, entry
from managers_scene import BOSS, HOSTILE, STRANGER, Scene, buttons, checked, said
from newsroom import PACK, make_book
from office_fakes import MemoryDeeds

from bot.delivery.feedback import LEAST
from bot.delivery.mailbox import LIMIT, MAX_TEXT, Mailbox
from bot.delivery.managing import Office
from bot.delivery.replies import Chat, Reply
from bot.delivery.ruling import MONTH, Ruling
from bot.delivery.trying import MAX_AT_ONCE, Ask, Trying
from bot.errors import NotStoredError, StoreError
from bot.locale import speaking
from bot.model import Card, EntityKind, SourceKind
from bot.ports import Explanation
from bot.ruling.shelf import RulesInForce
from bot.store.database import Database
from bot.store.privacy import Privacy
from bot.store.registry import Registry

READER = Chat(address="70015001", user="70015001")
GROUP = Chat(address="-100500", user="12", may_manage=False, private=False)
RESALE = "compute/resale"


class FakeExaminer:
    """A `trying.Examiner` that notes what it is asked; with `desk_open` cleared it takes its time."""

    def __init__(self, shelf: RulesInForce) -> None:
        self.meant = shelf.meant
        self.asked: list[Ask] = []
        self.desk_open = asyncio.Event()
        self.desk_open.set()
        self.error: Exception | None = None

    async def examine(self, ask: Ask) -> Card:
        self.asked.append(ask)
        await self.desk_open.wait()
        if self.error is not None:
            raise self.error
        return Card(text=f"read {ask.text or ask.reference}")


class House(Scene):
    """A chat with a bot that has four rules."""

    def __init__(self, folder: Path, pack: str = PACK, operators: Sequence[str] = ("9",)) -> None:
        self.deeds, self.feedback = MemoryDeeds(), MemoryFeedback()
        super().__init__(NOW, self.deeds)  # type: ignore[arg-type]
        self.folder, self.book = folder, make_book(folder, pack).rules
        self.shelf = RulesInForce(lambda: self.book, lambda an_id: an_id)
        self.cards: dict[str, list[datetime]] = {}
        self.broken = False
        self.examiner = FakeExaminer(self.shelf)
        self.letters: list[tuple[str, Card]] = []
        self.add(
            Ruling(self.shelf, self.begun, self.feedback, self.desk, self.clock),
            Trying(self.examiner, self.desk),
            Mailbox(self.office, operators, self.hand_on),
        )

    def begun(self, since: datetime) -> Counter[str]:
        if self.broken:
            raise StoreError("the database is locked")
        return Counter({rule: sum(at >= since for at in times) for rule, times in self.cards.items()})

    async def hand_on(self, draw: Callable[[], Card]) -> None:
        for operator, language in (("9", "en"), ("10", "de")):
            with speaking(language):
                self.letters.append((operator, draw()))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def labels(reply: Reply) -> list[str]:
    return [button.label for button in buttons(reply)]


def data_of(reply: Reply, label: str) -> str:
    return next(button.data for button in buttons(reply) if button.label == label)


# --- /rules ---


async def test_rules_are_listed_by_pack_and_a_pack_is_tapped_open(house: House) -> None:
    reply = await house.reply("/rules", READER)
    assert said(reply).split("\n") == [
        "In force: 4 rules in 1 pack.",
        "• AI compute market: 4 rules",
        "Tap on a pack to see its rules.",
    ]
    opened = await house.tap(data_of(reply, "AI compute market"), READER)
    assert opened.replace
    assert said(opened).split("\n")[0] == "AI compute market: 4 rules"
    back = await house.tap(data_of(opened, "All packs"), READER)
    assert said(back) == said(reply)


async def test_a_pack_shows_titles_levels_and_cards_of_thirty_days(house: House) -> None:
    house.cards = {RESALE: [NOW - MONTH, NOW - timedelta(days=1), NOW - MONTH - timedelta(seconds=1)]}
    assert (await house.ask("/rules compute", READER)).split("\n") == [
        "AI compute market: 4 rules",
        "With the number of cards that each began in the last 30 days:",
        "• A company sells surplus compute, HIGH, 2 cards compute/resale",
        "• A company cuts spending, MEDIUM, 0 cards compute/cut",
        "• Several cuts in days, HIGH, 0 cards compute/wave",
        "• A company falls, LOW, 0 cards compute/fall",
    ]
    assert await house.ask("/rules ai compute MARKET", READER) == await house.ask("/rules compute", READER)


def many(rules: int) -> str:
    """A pack of so many rules."""
    tests = "tests: [{title: yes, fires: true}, {title: no, fires: false}]"
    lines = [
        f"  - {{id: r{n}, title: Rule {n}, level: low, match: {{theme: rally}}, {tests}}}"
        for n in range(rules)
    ]
    return "\n".join(["version: 1", "pack: compute", "title: Many", "rules:", *lines]) + "\n"


async def test_many_rules_come_by_pages_that_turn_without_anything_kept(tmp_path: Path) -> None:
    first = await House(tmp_path, many(20)).reply("/rules compute", READER)
    assert "20 rules, page 1 of 3" in said(first)
    assert "▶" in labels(first)
    assert "◀" not in labels(first)
    later = House(tmp_path, many(20))  # a program that has been started again
    last = await later.tap("rules:compute:3", READER)
    assert labels(last) == ["Rule 16", "Rule 17", "Rule 18", "Rule 19", "◀", "All packs"]
    turned = await later.tap(data_of(last, "◀"), READER)
    assert labels(turned)[:2] == ["Rule 8", "Rule 9"]
    assert said(await later.tap("rules:compute:99", READER)) == said(last)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ("rules:gone:1", "This pack is not in force any more. /rules shows those that are."),
        ("rules:compute", "This button is of an older version. /help lists what I understand."),
        ("rules:compute:x", "This button is of an older version. /help lists what I understand."),
        ("rules:compute:1234567", "This button is of an older version. /help lists what I understand."),
        (f"rules:{HOSTILE}:1", "This pack is not in force any more. /rules shows those that are."),
    ],
    ids=repr,
)
async def test_an_old_or_forged_page_is_refused(house: House, data: str, answer: str) -> None:
    assert said(await house.tap(data, READER)) == answer


async def test_an_unknown_pack_names_those_there_are(house: House) -> None:
    answer = await house.ask("/rules chips", READER)
    assert answer == "There is no pack “chips”. /rules shows all: compute."


# --- /rule ---


async def test_a_rule_is_a_card_in_plain_words(house: House) -> None:
    house.cards = {RESALE: [NOW]}
    assert (await house.ask("/rule compute/resale", READER)).split("\n") == [
        "A company sells surplus compute",
        "compute/resale · HIGH",
        "Tells of “compute_resale” where it is neither denied nor only speculated.",
        "A story has one card for 72 hours. The card changes silently with copies, further sources or further claims. "
        "It is answered after a further step, a confirmation, a denial, a correction, a withdrawal of the report or "
        "the reaction that the card predicted. A story is answered once in 6 hours at most; denials and the like do "
        "not wait.",
        "The card names companies that it touches, over 2 steps at most; links weaker than 0.1 are left out.",
        "Began in the last 30 days: 1 card.",
        "Its own tests: 2 tests, all of which pass, or its pack would not be in force.",
        "Pack: AI compute market. File: compute.yaml:6.",
    ]


@pytest.mark.parametrize("text", ["/rule resale", "/rule COMPUTE/Resale", "/rule  compute/resale "])
async def test_a_rule_is_found_by_its_short_name_in_any_case(house: House, text: str) -> None:
    assert "compute/resale · HIGH" in await house.ask(text, READER)


async def test_votes_are_told_only_where_there_are_enough(house: House) -> None:
    for n in range(LEAST):
        assert "votes" not in await house.ask("/rule resale", READER)
        voted = alert(entry(str(n)))
        house.feedback.vote(voted, "wire", f"telegram:{n}", str(n), useful=n > 1, reason="", now=NOW)
    answer = await house.ask("/rule resale", READER)
    assert f"By its readers' votes: {LEAST - 2} of {LEAST} useful" in answer


async def test_a_typing_mistake_names_the_nearest_and_they_can_be_tapped(house: House) -> None:
    reply = await house.reply("/rule compute/resael", READER)
    assert said(reply).startswith("There is no rule “compute/resael”. Which of these do you mean?")
    assert labels(reply)[0] == RESALE
    assert "compute/resale · HIGH" in said(await house.tap(data_of(reply, RESALE), READER))


@pytest.mark.parametrize("text", ["</b>evil", "x" * 199, "https://a.example/b", "\u202eelaser", "compute/"])
async def test_a_rule_that_is_none_is_quoted_harmlessly(house: House, text: str) -> None:
    reply = await house.reply(f"/rule {text}", READER)
    assert said(reply).startswith("There is no rule “")
    assert not any(card.entities for card in reply.cards)


async def test_a_rule_without_a_name_asks_for_one_or_takes_that_of_the_card(house: House) -> None:
    assert "Which rule?" in await house.ask("/rule", READER)
    assert "Which rule?" in await house.ask("/rule", replace(READER, reply_to="8"))
    show(house)
    assert "compute/resale · HIGH" in await house.ask("/rule", replace(READER, reply_to="77"))
    assert "Which rule?" in await house.ask("/rule", replace(STRANGER, address="2", reply_to="77"))


def show(house: House) -> None:
    """The reader has got a card as message 77."""
    of = wire()
    shown = Explanation(alert=told(of), entry=of, story_title=of.title, origins=1, copies=0, verdicts=())
    house.desk.explanations[shown.alert.id] = shown
    house.desk.sent[READER.subscriber_id, "77"] = shown.alert.id


async def test_its_pack_can_be_followed_with_a_preview_and_it_can_be_muted(house: House) -> None:
    house.desk.enroll("telegram", READER.address, NOW)
    card = await house.reply("/rule resale", READER)
    assert labels(card) == ["Follow its pack", "Mute 7 d", "YAML"]
    asked = await house.tap(data_of(card, "Follow its pack"), READER)
    assert "whatever the rules of this pack tell" in said(asked)
    assert data_of(asked, "Follow") == "watch:pack:compute"
    for _ in range(2):  # a double tap
        muted = await house.tap(data_of(card, "Mute 7 d"), READER)
        assert said(muted).startswith("Muted: compute/resale, until ")
    (mute,) = house.desk.mutes(READER.subscriber_id, NOW)
    assert (mute.rule_id, mute.until) == (RESALE, NOW + timedelta(days=7))


async def test_a_guest_of_a_group_may_look_but_not_mute(house: House) -> None:
    card = await house.reply("/rule resale", GROUP)
    assert said(await house.tap(data_of(card, "Mute 7 d"), GROUP)).startswith("Only admins")


async def test_its_text_is_that_of_its_file(house: House) -> None:
    reply = await house.tap("yaml:compute/cut", READER)
    (card,) = reply.cards
    assert card.text.split("\n") == [
        "- id: cut",
        '  title: "{actor} cuts spending"',
        "  level: medium",
        "  match: {theme: capex_cut, modality: {not: [denied, speculated]}}",
        "  tests: *tests",
    ]
    (block,) = card.entities
    assert (block.kind, block.start, block.end) == (EntityKind.BLOCK, 0, len(card.text))
    assert reply.files == ()


async def test_a_long_text_comes_as_a_file_as_well(tmp_path: Path) -> None:
    one = f'      - {{title: "{"x" * 400}", fires: false}}\n'
    house = House(tmp_path, PACK.replace("  - id: cut", one * 12 + "  - id: cut", 1))
    reply = await house.tap("yaml:compute/resale", READER)
    (card,) = reply.cards
    assert card.text.startswith("- id: resale\n")
    assert card.text.endswith("\n…")
    (file,) = reply.files
    assert file.name == "compute_resale.yaml"
    assert file.content.decode().count("x" * 400) == 12


async def test_a_file_that_was_edited_since_is_not_shown_as_the_rule(house: House) -> None:
    path = house.folder / "alerts" / "compute.yaml"
    path.write_text("# a new first line\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    answer = said(await house.tap("yaml:compute/cut", READER))
    assert answer == "The text of “compute/cut” was changed since it was loaded, so I can't show it."
    path.unlink()
    assert said(await house.tap("yaml:compute/cut", READER)) == answer


@pytest.mark.parametrize("rule", ["", "compute/gone", "../../etc/passwd", HOSTILE], ids=repr)
async def test_no_other_file_is_shown(house: House, rule: str) -> None:
    reply = await house.tap(f"yaml:{rule}", READER)
    assert said(reply).startswith("There is no rule “")
    assert reply.files == ()


async def test_a_database_that_fails_is_admitted(house: House) -> None:
    house.broken = True
    assert "failed on my side" in await house.ask("/rules compute", READER)
    assert "failed on my side" in await house.ask("/rule resale", READER)


async def test_rules_read_german_in_german(house: House) -> None:
    with speaking("de"):
        answer = await house.ask("/rules compute", READER)
        assert answer.split("\n")[:2] == [
            "Markt für KI-Rechenleistung: 4 Regeln",
            "Dahinter die Zahl der Karten, die jede in letzter Zeit begonnen hat (30 Tage):",
        ]
        assert "Meldet „compute_resale“, wenn es weder dementiert noch reine Spekulation ist." in (
            await house.ask("/rule resale", READER)
        )
        assert "Welcher Text?" in await house.ask("/test", READER)


@given(text=st.text(max_size=200))
def test_whatever_is_typed_has_an_answer(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    house = House(tmp_path_factory.mktemp("rules"))
    for name in ("rules", "rule", "test", "feedback"):
        checked(asyncio.run(house.commands.handle(name, text.split(), replace(READER, written=text))))
    for verb in ("rules", "rule", "yaml"):
        checked(asyncio.run(house.commands.tap(f"{verb}:{text}", READER)))


# --- /test ---


async def asked(house: House, text: str, **more: str) -> Ask:
    await house.reply(f"/test {text}", replace(READER, written=text, **more))
    return house.examiner.asked[-1]


async def test_a_text_is_tried_on_all_rules_as_from_a_wire(house: House) -> None:
    assert await asked(house, "Meta sells\nspare compute") == Ask(text="Meta sells\nspare compute")


async def test_or_on_one(house: House) -> None:
    assert await asked(house, "compute/resale Meta sells") == Ask(rule_id=RESALE, text="Meta sells")
    assert await asked(house, "Compute/Resale\nMeta sells") == Ask(rule_id=RESALE, text="Meta sells")


async def test_its_source_can_be_told(house: House) -> None:
    assert await asked(house, "compute/resale kind:social tier:3 Meta sells") == Ask(
        rule_id=RESALE, text="Meta sells", kind=SourceKind.SOCIAL, tier=3
    )
    for wrong in ("tier:4", "kind:gossip", "tier:" + "9" * 5000):
        answer = await house.ask(f"/test {wrong} Meta", replace(READER, written=f"{wrong} Meta"))
        assert answer.endswith(
            "is unknown: kind is one of wire, paper, trade, newsroom, filing, regulator, blog, social, tier 1, 2 or 3."
        )


async def test_an_address_is_looked_up(house: House) -> None:
    url = "https://news.example/a?b=1"
    assert await asked(house, url) == Ask(reference=url)
    assert await asked(house, f"compute/resale {url}") == Ask(rule_id=RESALE, reference=url)
    assert (await asked(house, f"Meta sells {url}")).text == f"Meta sells {url}"


async def test_an_answered_message_is_read_and_a_card_is_the_article_behind_it(house: House) -> None:
    answered = {"reply_to": "8", "answered": "Forwarded: Meta sells"}
    assert await asked(house, "", **answered) == Ask(text="Forwarded: Meta sells")
    assert await asked(house, "compute/resale", **answered) == Ask(
        rule_id=RESALE, text="Forwarded: Meta sells"
    )
    assert (await asked(house, "typed instead", **answered)).text == "typed instead"
    show(house)
    assert await asked(house, "", reply_to="77", answered="HIGH …") == Ask(reference=wire().id)


@pytest.mark.parametrize(
    ("text", "more", "answer"),
    [
        ("", {}, "Which text?"),
        ("compute/resale", {}, "Which text?"),
        ("", {"reply_to": "8"}, "There is no text in that message that I could read."),
        ("\u202e\x00", {}, "There is nothing in it that I could read."),
        ("x" * 5000, {}, "That is too long: at most 4,096 characters."),
        ("", {"reply_to": "8", "answered": "x" * 5000}, "That is too long: at most 4,096 characters."),
        ("compute/resael Meta", {}, "There is no rule “compute/resael”; the nearest are compute/resale"),
    ],
    ids=["nothing", "a rule alone", "a picture", "nothing visible", "long", "long answer", "near"],
)
async def test_what_can_not_be_tried_is_not_read(
    house: House, text: str, more: dict[str, str], answer: str
) -> None:
    assert (await house.ask(f"/test {text}", replace(READER, written=text, **more))).startswith(answer)
    assert house.examiner.asked == []


@pytest.mark.parametrize(
    "text",
    ["AI/ML stocks fall", "and/or both firms cut", "compute/memory makers fall", "zzz/qqq Meta"],
    ids=["capitals", "and/or", "half a rule", "far"],
)
async def test_words_with_a_slash_are_text(house: House, text: str) -> None:
    assert (await asked(house, text)).text == text


async def test_an_article_that_is_not_stored_names_the_nearest(house: House) -> None:
    house.examiner.error = NotStoredError("no", near="https://news.example/near")
    answer = await house.ask("/test https://news.example/x", READER)
    assert answer.startswith("I have not seen “https://")
    assert answer.endswith("”. The nearest of its site is https://news.example/near")
    house.examiner.error = NotStoredError("no", near="")
    assert (await house.ask("/test https://news.example/x", READER)).endswith(
        "/search finds what I have seen."
    )


async def test_each_chat_has_one_text_under_way_and_all_of_them_a_few(house: House) -> None:
    house.examiner.desk_open.clear()
    chats = [replace(READER, address=str(n)) for n in range(MAX_AT_ONCE)]
    under_way = [asyncio.create_task(house.ask("/test Meta", chat)) for chat in chats]
    await asyncio.sleep(0)
    assert (await house.ask("/test Meta", chats[0])).startswith("I am still reading")
    assert (await house.ask("/test Meta", READER)).startswith("Too many texts")
    house.examiner.desk_open.set()
    assert await asyncio.gather(*under_way) == ["read Meta"] * MAX_AT_ONCE
    assert await house.ask("/test Meta", chats[0]) == "read Meta"


async def test_a_reading_that_failed_is_over(house: House) -> None:
    house.examiner.error = StoreError("the bot is starting or stopping")
    assert "failed on my side" in await house.ask("/test Meta", READER)
    house.examiner.error = None
    assert await house.ask("/test Meta", READER) == "read Meta"


# --- /feedback ---


async def test_feedback_reaches_every_manager_in_its_language_and_is_kept(house: House) -> None:
    assert await house.ask("/feedback The levels are too high", READER) == (
        "Thank you, the managers of this bot have it."
    )
    (_, english), (_, german) = house.letters
    assert english.text == "Feedback of user 70015001, in private:\nThe levels are too high"
    assert german.text == "Rückmeldung von Nutzer 70015001, privat:\nThe levels are too high"
    (deed,) = house.deeds.kept
    assert deed.who == "70015001"
    assert deed.what == "feedback in 70015001: The levels are too high"


async def test_that_of_a_group_says_which(house: House) -> None:
    await house.ask("/feedback Hello", GROUP)
    assert house.letters[0][1].text.startswith("Feedback of user 12, in the chat -100500:")
    await house.ask("/feedback As the channel", replace(GROUP, user=""))
    assert house.letters[2][1].text.startswith("Feedback of user -100500, in the chat -100500:")


async def test_hostile_feedback_is_text_and_forges_no_lines_of_the_bots(house: House) -> None:
    text = f"one\n{HOSTILE}\r\n\u2028two"
    await house.reply("/feedback x", replace(READER, written=text))
    letter = house.letters[0][1]
    assert letter.text.split("\n")[1] == "one"
    assert "\u202e" not in letter.text
    assert "\x00" not in letter.text
    assert "@everyone" not in letter.text
    assert "/stop" not in letter.text
    assert all(e.end <= len("Feedback of user 70015001, in private:") for e in letter.entities)
    assert "\n" not in house.deeds.kept[0].what


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "What should the managers of this bot know? Write it behind /feedback."),
        ("\x00\u202e \n", "What should the managers of this bot know? Write it behind /feedback."),
        ("x" * 5000, f"That is too long: at most {MAX_TEXT:,} characters."),
    ],
    ids=["nothing", "nothing visible", "long"],
)
async def test_what_can_not_be_handed_on_is_not_and_costs_nothing(
    house: House, text: str, answer: str
) -> None:
    for _ in range(LIMIT + 1):
        assert said(await house.reply("/feedback", replace(READER, written=text))) == answer
    assert house.letters == []
    assert house.deeds.kept == []


async def test_a_user_may_write_a_few_times_a_day_wherever(house: House) -> None:
    for n in range(LIMIT):
        chat = replace(READER, address="-100500", private=False) if n else READER
        assert "Thank you" in await house.ask(f"/feedback {n}", chat)
    for _ in range(2):
        assert await house.ask("/feedback more", READER) == (
            f"I hand on {LIMIT} messages a day. Please write again tomorrow."
        )
    assert "Thank you" in await house.ask("/feedback another person's", GROUP)
    assert len(house.deeds.kept) == LIMIT + 1
    house.now += timedelta(days=1)
    assert "Thank you" in await house.ask("/feedback more", READER)


async def test_a_bot_without_managers_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, operators=())
    assert await house.ask("/feedback Hello", READER) == "This bot has no manager to whom I could hand it on."
    assert house.letters == []
    assert house.deeds.kept == []


async def test_managers_read_it_in_the_audit_as_well(house: House) -> None:
    await house.ask("/feedback Hello there", READER)
    assert "feedback in 70015001: Hello there" in await house.ask("/audit", BOSS)


async def test_who_is_deleted_is_named_by_no_feedback_either(tmp_path: Path) -> None:
    database = Database(tmp_path / "spillover.db")
    office = Office(Registry(database), lambda: NOW, {"9"})
    sent: list[Card] = []

    async def hand_on(draw: Callable[[], Card]) -> None:
        sent.append(draw())

    mailbox = Mailbox(office, {"9"}, hand_on)
    await mailbox.feedback("I am 70015001, write to me", READER)
    privacy = Privacy(database)
    exported = privacy.everything(READER.subscriber_id, NOW)
    assert "I am 70015001" in str(exported["mentioned_by_managers"])
    assert privacy.erase(READER.subscriber_id, NOW)
    (deed,) = Registry(database).deeds(5)
    assert "70015001" not in f"{deed.who} {deed.what} {deed.result}"
    database.close()


@pytest.mark.parametrize(
    "chat",
    [
        pytest.param(READER, id="a user"),
        pytest.param(replace(GROUP, user=""), id="a channel"),
    ],
)
async def test_what_was_written_counts_over_a_restart_until_it_is_a_day_old_or_deleted(
    tmp_path: Path, chat: Chat
) -> None:
    async def hand_on(draw: Callable[[], Card]) -> None:
        draw()

    async def writes(at: datetime) -> str:
        database = Database(tmp_path / "spillover.db")
        office = Office(Registry(database), lambda: at, {"9"})
        office.note(replace(chat, user="9"), "feedback in 9: a manager's own", "handed on")
        reply = await Mailbox(office, {"9"}, hand_on).feedback("More chips", chat)
        database.close()
        return said(reply)

    for n in range(LIMIT):
        assert "Thank you" in await writes(NOW + timedelta(hours=n))
    assert "Please write again tomorrow" in await writes(NOW + timedelta(hours=LIMIT))
    assert "Thank you" in await writes(NOW + timedelta(days=1))
    assert "Please write again tomorrow" in await writes(NOW + timedelta(days=1))
    database = Database(tmp_path / "spillover.db")
    assert Privacy(database).erase(chat.subscriber_id, NOW)
    database.close()
    assert "Thank you" in await writes(NOW + timedelta(days=1))
