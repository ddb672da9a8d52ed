"""A story as a user sees it grow, what the user says of it, and what the user does not want to hear of."""

from __future__ import annotations

from pathlib import Path

import pytest
from bot_api import Accepted
from user_scene import BOSS, FRIEND, HOUR, MINUTE, Person, World, labels, styled, world

from bot.delivery.pacing import Limit, Pacer
from bot.model import Attribution, Polarity, Stage

WEIGHS = "Microsoft weighs renting out spare AI servers, people familiar say"
TALKS = "Microsoft in talks over renting spare AI servers to outsiders"
AGREES = "Microsoft agrees to rent out spare AI servers"
DENIES = "Microsoft says that it rents out no AI servers"
RECORD = Attribution.ON_RECORD


@pytest.fixture(autouse=True)
def no_pause_between_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace has tests of its own; a story of six messages would take as many seconds."""
    monkeypatch.setitem(Pacer.__init__.__kwdefaults__, "private", Limit(1, MINUTE / 3000))


def learn(w: World) -> None:
    w.learn(WEIGHS)
    w.learn(TALKS)
    w.learn(AGREES, stage=Stage.AGREED, attribution=RECORD)
    w.learn(DENIES, polarity=Polarity.DENIED, attribution=RECORD)


async def follows_everything(person: Person, level: str = "low") -> None:
    await person.says("/watch all, nvidia")
    await person.says(f"/level {level}", f"From now on only {level} and above.")


def loud(messages: list[Accepted]) -> list[str]:
    return [m.text for m in messages if m.method == "sendMessage" and not m.silent]


async def test_a_story_is_one_card_that_grows_silently_and_is_answered_when_it_turns(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        learn(w)
        user, late = w.person(), w.person(FRIEND)
        async with w.running():
            await follows_everything(user)
            new = user.mark()
            await w.news(WEIGHS)
            (card,) = new()
            assert not card.silent
            assert card.text.startswith(f"HIGH · considering · sourced\n{WEIGHS}\n")
            assert "1 independent origin · " in card.text
            new = user.mark()
            await w.news(WEIGHS, "copier")
            (copied,) = new()
            assert (copied.method, copied.message_id) == ("editMessageText", card.message_id)
            assert "1 independent origin, 1 copy" in copied.text
        async with w.running():
            new = user.mark()
            await w.news(TALKS, "paper")
            (seconded,) = new()
            assert (seconded.method, seconded.message_id) == ("editMessageText", card.message_id)
            assert "2 independent origins, 1 copy" in seconded.text
            assert "rev 3" in seconded.text
            new = user.mark()
            await w.news(AGREES, "newsroom")
            edited, answer = new()
            assert (edited.method, edited.message_id) == ("editMessageText", card.message_id)
            assert edited.text.startswith("HIGH · confirmed · on record")
            assert (answer.reply_to, answer.silent) == (card.message_id, False)
            assert answer.text.startswith("CONFIRMED · ")
            await follows_everything(late)
        async with w.running():
            new, of_late = user.mark(), late.mark()
            await w.news(DENIES, "newsroom")
            struck, denial = new()
            assert struck.message_id == card.message_id
            assert struck.text.startswith("DENIED ")
            assert styled(struck, "strikethrough") == [WEIGHS]
            assert (denial.reply_to, denial.silent) == (card.message_id, False)
            assert denial.text.startswith("DENIED · ")
            assert of_late() == [], "whoever never had the card hears of no denial"
            story = await user.taps("Story", on=card)
            assert "Independent origin 2" in story.text
            assert "Denied" in story.text
            why = await user.answers(card, "/why")
            assert why.text.startswith(f"Why: {WEIGHS}")


async def test_noise_is_noted_with_its_reason_and_may_be_said_over_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        learn(w)
        user, boss = w.person(), w.person(BOSS)
        async with w.running():
            await follows_everything(user)
            new = user.mark()
            await w.news(WEIGHS)
            (card,) = new()
            new = user.mark()
            asked = await user.taps("Noise", "Noted as noise. What was wrong with it?", on=card)
            assert labels(asked) == [
                "Not about it",
                "Old news",
                "Wrong company",
                "Denied or untrue",
                "Too minor",
            ]
        async with w.running():
            thanked = await user.taps("Old news", on=asked)
            assert (thanked.message_id, thanked.text) == (
                asked.message_id,
                "Noted as noise (old news). Thank you.",
            )
            (vote,) = (await user.exported())["feedback"]
            assert (vote["useful"], vote["reason"], vote["rule_id"]) == (0, "old", "compute/resale")
            assert await user.toasted("Useful", on=card) == "Noted: useful. Thank you."
            (vote,) = (await user.exported())["feedback"]
            assert (vote["useful"], vote["reason"]) == (1, "")
            await boss.says("/precision", "Useful cards, by what readers said in 90 days")


@pytest.mark.parametrize(
    ("label", "said", "held", "told"),
    [
        pytest.param("1 h", "Muted until 15:", ["MSFT", "MU"], [], id="an hour"),
        pytest.param("Today", "Muted until 05 Mar 00:00", ["MSFT", "MU"], [], id="today"),
        pytest.param("Microsoft", "Muted: Microsoft, until", ["MSFT"], ["MU"], id="the company"),
        pytest.param("Source: wire", "Muted: wire, until", ["MSFT", "MU"], [], id="the source"),
    ],
)
async def test_what_a_card_mutes_is_not_heard_but_denials_are_and_undo_ends_it(
    tmp_path: Path, label: str, said: str, held: list[str], told: list[str]
) -> None:
    titles = {
        "MSFT": "Microsoft leases out a whole hall of racks",
        "MU": "Micron offers its idle test machines",
    }
    again = {"MSFT": "Microsoft lets its oldest campus to a bank", "MU": "Micron hires out a clean room"}
    async with world(tmp_path) as w:
        learn(w)
        for company in titles:
            w.learn(titles[company], company, theme="capex_cut")
            w.learn(again[company], company, theme="selloff")
        user = w.person()
        async with w.running():
            await follows_everything(user)
            new = user.mark()
            await w.news(WEIGHS)
            (card,) = new()
            menu = await user.taps("Mute ▾", "Mute what?", on=card)
            assert labels(menu) == ["1 h", "Today", "This story", "Microsoft", "Source: wire"]
        async with w.running():
            muted = await user.taps(label, said, on=menu)
            new = user.mark()
            for company in (*held, *told):
                await w.news(titles[company])
            assert [m.text.split("\n")[1] for m in new()] == [titles[c] for c in told]
            new = user.mark()
            await w.news(DENIES, "newsroom")
            assert [m.text.partition(" ")[0] for m in new()] == ["DENIED", "DENIED"]
            assert len(loud(new())) == 1, "what was told before and is denied is heard all the same"
        async with w.running():
            if "Undo" in labels(muted):
                await user.taps("Undo", "No longer muted", on=muted)
            else:
                await user.says("/unmute", "No longer muted")
            new = user.mark()
            await w.news(again["MU"])
            await w.news(again["MSFT"])
            assert len(new()) == 2
            await user.says("/mutes", "Nothing is muted here.")


async def test_a_muted_story_is_only_brought_up_to_date_until_its_mute_is_undone(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        learn(w)
        user = w.person()
        async with w.running():
            await follows_everything(user)
            new = user.mark()
            await w.news(WEIGHS)
            (card,) = new()
            menu = await user.taps("Mute ▾", "Mute what?", on=card)
            muted = await user.taps("This story", "Muted: Microsoft weighs", on=menu)
            assert "Denials of what you were told still reach you." in muted.text
        async with w.running():
            new = user.mark()
            await w.news(AGREES, "newsroom")
            (edited,) = new()
            assert (edited.method, edited.message_id) == ("editMessageText", card.message_id)
            listed = await user.says("/mutes", "Muted here")
            await user.taps("✕ " + labels(listed)[0].removeprefix("✕ "), "No longer muted", on=listed)
            again = await user.taps("Undo", on=muted)
            assert again.text == "That is not muted any more."
            new = user.mark()
            await w.news(DENIES, "newsroom")
            assert len(loud(new())) == 1


async def test_quiet_hours_are_silent_and_what_is_over_the_budget_comes_at_the_digests_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.DIGEST_EVERY", MINUTE / 1200)
    titles = [w + " sells idle servers to outsiders" for w in ("Microsoft", "CoreWeave", "Micron", "Nvidia")]
    async with world(tmp_path) as w:
        for title, company in zip(titles, ("MSFT", "CRWV", "MU", "NVDA"), strict=True):
            w.learn(title, company)
        small = w.learn("Meta shares slip", "META", theme="selloff")
        user = w.person()
        async with w.running():
            await follows_everything(user, "medium")
            await user.says("/quiet 14:00-18:00 Berlin", "It is quiet now, until 18:00")
            new = user.mark()
            await w.news(titles[0])
            assert [m.silent for m in new()] == [True]
            await user.says("/quiet off", "No quiet hours any more")
            await user.says("/digest daily 16:30", "The next one: 16:30")
            await user.says("/budget 1", "At most 1 sound a day")
            new = user.mark()
            await w.news(titles[1])
            assert [m.silent for m in new()] == [False]
        async with w.running():
            new = user.mark()
            await w.news(titles[2])
            await w.news(titles[3])
            await w.news(small)
            assert new() == [], "there were enough sounds, and that is below the level"
            shown = await user.says("/digest", "Every day at 16:30, Europe/Berlin: what did not ring.")
            assert "The next one: 16:30" in shown.text
        async with w.running():
            new = user.mark()
            await w.forward(2 * HOUR)
            (digest,) = new()
            lines = digest.text.split("\n")
            assert lines[0] == "Digest: 3 stories that did not ring"
            assert lines[1].startswith(f"• HIGH · {titles[3]}")
            assert lines[2].startswith(f"• HIGH · {titles[2]}")
            assert lines[3].startswith(f"• LOW · {small}")
            assert lines[4].startswith("2 over the budget of sounds, 1 below the level · 16:")
            assert lines[4].endswith(" CET")
            await w.forward(HOUR)
            assert new() == [digest], "once"
