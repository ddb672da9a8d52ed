"""A scripted user makes a rule of its own at the running program, over real HTTP, with restarts in between."""

from __future__ import annotations

from pathlib import Path

from make import TITLE as REPORT
from test_app_user import remember
from user_scene import labels, styled, world

from bot.model import Attribution, Polarity, Stage

SALE = "Meta selling compute"


async def test_a_rule_is_written_in_plain_words_counted_changed_and_told_by_over_restarts(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        remember(w)
        w.learn(SALE, "META", evidence=(0, len(SALE)))
        user = w.person()
        async with w.running():
            asked = await user.says(
                f"/when Microsoft, {SALE}, not denied, without harbour", "A rule of your own:"
            )
            assert (
                "Tells of “compute resale” where Meta or Microsoft acts or is affected and it is not denied."
                in asked.text
            )
            assert "Never with “harbour” in the headline or text." in asked.text
            assert "At level medium and above." in asked.text
            assert "That would have been 1 alert in the last 2 days" in asked.text
            assert f"HIGH {REPORT}" in asked.text, "a sample"
            assert labels(asked) == ["Follow", "Stricter", "Without a word", "YAML", "Cancel"]
        async with w.running():
            once = await user.taps("Stricter", "neither denied nor only speculated", on=asked)
            assert once.message_id == asked.message_id, "one message that changes in place"
            twice = await user.taps("Stricter", "it is reported or confirmed", on=once)
            assert "That would have been no alerts" in twice.text
            words = await user.taps(
                "Without a word", "Without which word?", on=await user.taps("Looser", on=twice)
            )
            assert "surplus" in labels(words)
            chosen = await user.taps("outsiders", "Never with “harbour” or “outsiders”", on=words)
            shown = await user.taps("YAML", "id: compute_resale", on=chosen)
            assert styled(shown, "pre") == [shown.text]
        async with w.running():
            done = await user.taps("Follow", "Following ", on=chosen)
            assert "(own rule)" in done.text
            assert labels(done) == []
            listed = await user.says(
                "/list", "no mere speculation · without “harbour” or “outsiders” (own rule)"
            )
            new = user.mark()
            for other in (
                w.learn("Microsoft sells a harbour of servers", "MSFT"),
                w.learn("Nvidia explores renting out spare servers", "NVDA"),
                w.learn("Microsoft might sell spare servers", "MSFT", attribution=Attribution.SPECULATION),
            ):
                await w.news(other)
            told = w.learn("Microsoft plans to rent out spare servers", "MSFT", stage=Stage.PLANNED)
            await w.news(told)
            assert [m.text.split("\n")[1] for m in new()] == [told], "and nothing else"
        async with w.running():
            new = user.mark()
            denial = w.learn(
                "Microsoft denies plans to rent out spare servers",
                "MSFT",
                polarity=Polarity.DENIED,
                stage=Stage.PLANNED,
            )
            await w.news(denial)
            assert any("denied" in m.text.casefold() for m in new()), "who has the card hears of it"
            gone = await user.taps(next(b for b in labels(listed) if b.startswith("✕")), on=listed)
            assert "follows nothing" in gone.text
            new = user.mark()
            await w.news(w.learn("Microsoft intends to lease surplus racks", "MSFT", stage=Stage.PLANNED))
            assert [m for m in new() if m.method == "sendMessage"] == []


async def test_words_that_watch_can_t_follow_one_by_one_become_a_rule(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        remember(w)
        user = w.person()
        async with w.running():
            asked = await user.says("/watch microsoft, only confirmed", "A rule of your own:")
            assert "Tells of any event where Microsoft acts or is affected and it is confirmed." in asked.text
            narrowed = await user.says("/watch microsoft", "Microsoft: whatever it does")
        async with w.running():
            await user.taps("Narrow", "Tells of any event where Microsoft acts or is affected", on=narrowed)
            lost = await user.says("/when dancing bears", "I understood nothing of “dancing bears”")
            assert labels(lost) == []
