"""Settings as a file: what is written can be read again, what is wrong is named, and all is set at once or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from card_scene import NOW
from desk_fakes import HYNIX, META, NVIDIA
from test_delivery_commands import GUEST, ME, Scene, buttons, said

from bot.delivery.importing import MAX_FILE
from bot.delivery.replies import Attached, Chat, Reply
from bot.delivery.watching import MOST_FOLLOWED
from bot.locale import speaking
from bot.model import Digest, Modality, OwnRule, Severity, Silence, Target, TargetKind

DAY = timedelta(days=1)


class Filing(Scene):
    """A chat that sends files."""

    async def send(self, content: str | bytes, chat: Chat = ME) -> Reply:
        raw = content.encode() if isinstance(content, str) else content
        self.imports.files["f"] = raw
        attached = Attached(id="f", size=len(raw))
        return await self.commands.handle("import", [], replace(chat, attached=attached))

    async def apply(self, reply: Reply, label: str = "Apply", chat: Chat = ME) -> Reply:
        (data,) = [b.data for b in buttons(reply) if b.label == label]
        return await self.commands.tap(data, chat)

    async def exported(self, chat: Chat = ME) -> str:
        (_, settings) = (await self.reply("/export", chat)).files
        return settings.content.decode()

    @property
    def reader(self):
        return self.desk.subscribers[ME.subscriber_id]

    def state(self):
        """All that a file may set."""
        of = ME.subscriber_id
        return (self.reader, self.desk.watches(of), self.desk.floors(of), self.desk.mutes(of, self.now))


@pytest.fixture
async def chat() -> Filing:
    scene = Filing()
    await scene.ask("/start")
    for text in ("/watch nvidia, sk hynix", "/watch word liquid cooling, micron", "/level high"):
        await scene.ask(text)
    scene.desk.watch(ME.subscriber_id, HYNIX, NOW, level=Severity.CRITICAL)
    for text in ("/quiet 22:30-06:00 Tokyo", "/budget 8", "/digest weekly fri 07:15", "/mute micron 3d"):
        await scene.ask(text)
    await scene.ask("/mute rule compute/resale 7d")
    return scene


async def test_what_is_exported_changes_nothing_where_it_came_from(chat):
    written, before = await chat.exported(), chat.state()
    reply = await chat.send(written)
    assert said(reply) == "This chat is set like that already, so nothing is to be changed."
    assert (chat.state(), chat.imports.waiting) == (before, {})


async def test_what_is_exported_makes_another_chat_the_same(chat):
    written, (reader, followed, floors, mutes) = await chat.exported(), chat.state()
    other = Filing()
    await other.ask("/start")
    reply = await other.apply(await other.send(written))
    assert reply.replace
    for name in ("level", "timezone", "quiet", "budget", "digest", "language"):
        assert getattr(other.reader, name) == getattr(reader, name)
    assert (other.follows, other.desk.floors(ME.subscriber_id)) == (followed, floors)
    assert {m.company or m.rule_id for m in other.state()[3]} == {m.company or m.rule_id for m in mutes}
    assert await other.exported() == written


async def test_rules_of_ones_own_travel_with_it(chat):
    rule = OwnRule(themes=("compute_resale",), who=("META",), least=Modality.REPORTED, not_words=("über 5%",))
    target = Target(TargetKind.RULE, str(rule))
    chat.desk.watch(ME.subscriber_id, target, NOW, level=Severity.HIGH)
    written, other = await chat.exported(), Filing()
    assert "# compute resale · Meta · reported or confirmed · without" in written
    await other.ask("/start")
    await other.apply(await other.send(written))
    assert target in other.follows
    assert other.desk.floors(ME.subscriber_id)[target] is Severity.HIGH
    broken = written.replace("least=reported", "least=sure")
    assert "I don't know “rule:" in said(await other.send(broken))


async def test_the_file_names_what_stands_behind_ids_and_nobody(chat):
    written = await chat.exported()
    assert "- company:NVDA  # Nvidia (company)" in written
    assert "- {what: company:000660.KS, level: critical}  # SK Hynix (company)" in written
    assert "subscriber" not in written
    assert "telegram" not in written.lower()


async def test_what_would_change_is_shown_and_only_set_when_it_is_wanted(chat):
    before = chat.state()
    file = "level: low\nbudget: off\ndigest: off\nquiet: off\nfollow: [nvidia, {what: meta platforms, level: high}]\nmute: []\n"
    reply = await chat.send(file)
    assert said(reply).split("\n") == [
        "That would change here:",
        "• Level: high → low",
        "• Quiet hours: 22:30-06:00 → none",
        "• Budget: 8 sounds a day → none",
        "• Digest: every Friday at 07:15 → none",
        "• Followed from then on: Meta (company), only high",
        "• No longer followed: SK Hynix (company); “liquid cooling” (word); Micron (company)",
        "• No longer muted: Micron; compute/resale",
    ]
    assert chat.state() == before
    done = await chat.apply(reply)
    assert said(done).startswith("Applied:\n• Level: high → low\n")
    assert [b.data for b in buttons(done)] == ["settings:"]
    assert chat.reader.level is Severity.LOW
    assert (chat.reader.quiet, chat.reader.budget, chat.reader.digest) == (None, None, None)
    assert chat.desk.due[ME.subscriber_id] is None
    assert chat.follows == [NVIDIA, META]
    assert chat.desk.floors(ME.subscriber_id) == {META: Severity.HIGH}
    assert chat.desk.mutes(ME.subscriber_id, NOW) == []


async def test_what_the_file_does_not_name_stays(chat):
    reader, followed, floors, mutes = chat.state()
    await chat.apply(await chat.send("level: info"))
    assert chat.state() == (replace(reader, level=Severity.INFO), followed, floors, mutes)


async def test_a_file_is_applied_once_and_cancelled_for_good(chat):
    reply = await chat.send("level: info")
    await chat.apply(reply)
    await chat.ask("/level critical")
    assert "applied, cancelled or replaced already" in said(await chat.apply(reply))
    assert chat.reader.level is Severity.CRITICAL
    reply = await chat.send("level: info")
    assert said(await chat.apply(reply, "Cancel")) == "Nothing was changed."
    assert "applied, cancelled or replaced already" in said(await chat.apply(reply))
    assert chat.reader.level is Severity.CRITICAL


async def test_a_newer_file_takes_the_place_of_the_one_before_and_a_day_ends_both(chat):
    first, second = await chat.send("level: info"), await chat.send("level: low")
    assert "replaced already" in said(await chat.apply(first))
    chat.now += DAY + timedelta(seconds=1)
    assert "a day old" in said(await chat.apply(second))
    assert chat.reader.level is Severity.HIGH


async def test_another_chat_can_not_apply_what_waits_here(chat):
    other = Chat(address="2", user="2")
    await chat.ask("/start", other)
    reply = await chat.send("level: info")
    assert "applied, cancelled or replaced already" in said(await chat.apply(reply, chat=other))
    assert "level" in chat.imports.waiting[ME.subscriber_id][1].named


async def test_in_a_group_only_admins_import(chat):
    admin = replace(GUEST, may_manage=True)
    await chat.ask("/start", admin)
    assert "Only admins" in said(await chat.send("level: info", GUEST))
    reply = await chat.send("level: info", admin)
    assert "Only admins" in said(await chat.apply(reply, chat=GUEST))
    assert said(await chat.apply(reply, chat=admin)).startswith("Applied:")


async def test_a_budget_brings_its_digest_along_and_a_new_clock_moves_the_digest():
    chat = Filing()
    await chat.ask("/start")
    reply = await chat.send("budget: 5")
    assert "• Digest: none → every day at 08:00" in said(reply)
    await chat.apply(reply)
    assert (chat.reader.digest, chat.reader.digest_by_budget) == (Digest(at=time(8)), True)
    before = chat.desk.due[ME.subscriber_id]
    await chat.apply(await chat.send("timezone: Asia/Tokyo"))
    assert chat.desk.due[ME.subscriber_id] not in (None, before)
    assert chat.reader.digest_by_budget


async def test_what_is_muted_already_keeps_its_name_and_a_story_stays_muted(chat):
    of_rule = next(m for m in chat.state()[3] if m.rule_id)
    chat.desk.add_mute(ME.subscriber_id, replace(of_rule, comment="Spare racks"))
    story = Silence(id="s", until=NOW + DAY, story_id="5", comment="A story")
    chat.desk.add_mute(ME.subscriber_id, story)
    assert "Spare racks" in await chat.exported()
    reply = await chat.send(
        f"mute: [{{rule: compute/resale, until: {NOW + 2 * DAY:%Y-%m-%d}}}, {{source: wire, until: 2026-03-09T10:00+01:00}}]"
    )
    await chat.apply(reply)
    mutes = chat.desk.mutes(ME.subscriber_id, NOW)
    assert {m.rule_id or m.feed_id or m.story_id: m.comment for m in mutes} == {
        "compute/resale": "Spare racks",
        "wire": "wire",
        "5": "A story",
    }
    assert next(m.until for m in mutes if m.feed_id).hour == 9


async def test_a_mute_that_has_ended_is_left_out_and_said(chat):
    reply = await chat.send("level: info\nmute: [{rule: a/b, until: 2025-01-01}]")
    assert "Left out: 1 mute that has ended." in said(reply)


MISTAKES = """\
levl: high
level: hihg
timezone: Europe/Berlim
quiet: 22
budget: many
digest: off
chat_id: 70015002
language: fr
version: 2
follow:
  - nvidia
  - meta
  - xyz
  - {what: micron, levl: high, level: x}
  - company:NVDA
  - []
mute:
  - {company: meta, until: 2026-03-04}
  - nvidia
  - {rule: a/b, until: 2027-03-04}
  - {source: a}
  - {until: 2026-03-04, colour: red}
  - {rule: a/b, until: soon}
"""


async def test_every_mistake_is_named_with_its_line_and_what_to_do(chat):
    before = chat.state()
    reply = await chat.send(MISTAKES)
    lines = said(reply).split("\n")
    assert lines[:2] == [
        "Nothing was changed. In the file:",
        "• Line 1: there is no key “levl”; did you mean level?",
    ]
    assert lines[-2:] == ["and 12 more", "Correct it and send it again with the caption /import."]
    assert (chat.state(), chat.imports.waiting, buttons(reply)) == (before, {}, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("levl: high", "Line 1: there is no key “levl”; did you mean level?"),
        ("chat_id: 70015002", "Line 1: there is no key “chat_id”; there are: version, language"),
        ("\nlevel: hihg", "Line 2: “hihg” can't stand behind level; write high"),
        ("level: [high]", "Line 1: one value is expected behind level"),
        ("timezone: Europe/Berlim", "write Europe/Berlin"),
        ("quiet: 22:00-22:00", "write 22:00-07:00 or off"),
        ("quiet: 22:00-07:00 Tokyo", "write 22:00-07:00 or off"),
        ("budget: 201", "write a number from 0 to 200, or off"),
        ("budget: 2\ndigest: off", "Line 2: a budget needs a digest"),
        ("digest: noon", "write daily 07:30 or weekly mon 08:00 or off"),
        ("language: fr", "“fr” can't stand behind language; write en or de"),
        ("version: 2", "only version 1 can be read; /export makes one"),
        ("follow:\n- nvidia\n- meta", "Line 3: “meta” can mean several things; write company:META or company:MMAT"),
        ("follow: [nvidiaa]", "Did you mean nvidia"),
        ("follow: [planet:X]", "I don't know “planet:X”"),
        ("follow: [nvidia, NVDA]", "this stands here a second time; delete one"),
        ("follow: [[]]", "such as company:NVDA"),
        ("follow: [{what: nvidia, levl: high}]", "did you mean level?"),
        ("follow: nvidia", "a list is expected behind follow"),
        ("follow: [" + ", ".join(f"word:w{n:03}" for n in range(11)) + "]", "10 of them words; delete some"),
        ("follow: [" + ", ".join(f"word:w{n:03}" for n in range(101)) + "]", "at most 100 lines"),
        ("mute: [nvidia]", "write it as {company: NVDA, until: 2026-03-"),
        ("mute: [{company: NVDA}]", "until is missing; write until: 2026-03-"),
        ("mute: [{company: meta, until: 2026-03-04}]", "write META or MMAT"),
        ("mute: [{company: NVDA, rule: a/b, until: 2026-03-04}]", "exactly one of company, rule, source"),
        ("mute: [{rule: a/b, until: 2027-03-04}]", "30 days at most"),
        ("mute: [{rule: a/b, until: 0001-01-01T00:00+23:59}]", "“0001-01-01T00:00+23:59” can't stand behind until"),
        ("level: high\nlevel: low", "Line 2: this key stands here a second time"),
        ("level:\n\t- high", "Line 2: this is no YAML"),
        ("- level", "keys with values are expected here"),
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
        ("a: &a [*a]", "Line 1: "),
        ("[" * 200, "Line 1: "),
        (b"\xff\xd8\xff\xe0 a picture", "this is no YAML"),
        ('{"exported_at": "2026", "settings": []}', "the other one of /export, which ends in .yaml"),
    ],
)  # fmt: skip
async def test_a_mistake_is_told_with_its_line_and_changes_nothing(chat, text, words):
    before = chat.state()
    reply = await chat.send(text)
    assert words in said(reply)
    assert "\nCorrect it and send it again" in said(reply)
    assert (chat.state(), chat.imports.waiting) == (before, {})


async def test_a_mistake_is_told_in_german(chat):
    with speaking("de"):
        told = said(await chat.send(MISTAKES))
        asked = said(await chat.send("level: info"))
    assert "Zeile 1: es gibt keinen Schlüssel „levl“; meinst du level?" in told
    assert "Stufe: hoch → info" in asked


async def test_a_file_in_another_language_answers_in_it_once_it_is_applied(chat):
    reply = await chat.send("language: de")
    assert "• Language: English → Deutsch" in said(reply)
    assert said(await chat.apply(reply)).startswith("Angewendet:")


async def test_many_differences_fit_into_one_message(chat):
    many = [f"- word:{'w' * 30}{n}" for n in range(10)]
    chat.desk.followed[ME.subscriber_id] = [
        Target(TargetKind.WORD, f"{'x' * 36}{n}") for n in range(MOST_FOLLOWED)
    ]
    reply = await chat.send("follow:\n" + "\n".join(many))
    assert "20 more" in said(reply)


async def test_without_a_file_or_with_one_that_can_not_be_had_it_is_said(chat):
    assert "Send the file with the caption /import" in await chat.ask("/import")
    assert "Send the file with the caption /import" in await chat.ask("/import now")
    gone = replace(ME, attached=Attached(id="gone", size=10))
    assert "I could not get the file" in said(await chat.commands.handle("import", [], gone))
    large = replace(ME, attached=Attached(id="gone", size=MAX_FILE + 1))
    assert "too large: at most 64 kB" in said(await chat.commands.handle("import", [], large))
    assert "too large" in said(await chat.send(b"#" * (MAX_FILE + 1)))
    await chat.ask("/stop")
    assert "Alerts are off" in said(await chat.send("level: high"))


@pytest.mark.parametrize("data", ["import:", "import:apply", "import:apply:", "import:other:1", "import::"])
async def test_strange_buttons_of_an_import_change_nothing(chat, data):
    before = chat.state()
    assert "older version" in said(await chat.commands.tap(data, ME))
    assert chat.state() == before
