"""A scripted user at the running program, over real HTTP, with a restart in the middle of each group of flows."""

from __future__ import annotations

from pathlib import Path

from library_scene import CUT, RAIN, busy_day, flood
from make import NOW
from make import TITLE as REPORT
from test_app_browsing import store
from user_scene import BOSS, FRIEND, World, labels, styled, until, world

from bot.model import Severity, Target, TargetKind
from bot.store.database import Database
from bot.store.desk import Desk

EVERYTHING = Target(TargetKind.ALL)


def remember(w: World) -> None:
    """Two days of news, a harbour's reports among them, of which a manager was told everything."""
    (w.folder / "news").mkdir()
    store(w.settings.database, [*busy_day(w.folder / "news"), *flood(20)])
    database = Database(w.settings.database)
    desk = Desk(database)
    desk.enroll("telegram", str(BOSS), NOW)
    desk.set_level(f"telegram:{BOSS}", Severity.INFO)
    desk.watch(f"telegram:{BOSS}", EVERYTHING, NOW)
    database.close()


async def test_a_new_user_is_set_up_in_three_taps_over_a_restart_and_sees_what_is_to_come(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        remember(w)
        user = w.person()
        async with w.running():
            first = await user.says("/start", "Step 1 of 3")
            assert {"Skip", "AI compute starter pack", "Pick companies", "Everything"} == set(labels(first))
        async with w.running():
            second = await user.taps("AI compute starter pack", "Step 2 of 3", on=first)
            assert second.message_id == first.message_id, "one message that changes in place"
            assert "So many alerts would have come in the last 2 days" in second.text
            assert "• high: about 1 in 2 days" in second.text
            third = await user.taps("high", "Step 3 of 3")
            assert "Skip: no quiet hours" in labels(third)
            new = user.mark()
            ended = await user.taps("Berlin, Paris", "That's it.", on=third)
            assert "This chat follows AI compute market (pack), at level high and above." in ended.text
            assert "Quiet from 22:00 to 07:00; times are shown in Europe/Berlin." in ended.text
            assert "one card for each story, about 1 in 2 days going by what came in the last 2 days" in (
                ended.text
            )
            sample = await user.hears("SAMPLE, no news: this was sent ", new)
            assert f"\n{REPORT}\n" in sample.text, "a real alert of the past"
            assert styled(sample, "strikethrough") == [REPORT], "as its story stands now: denied"
            assert (await user.taps("Why", on=sample)).text.startswith(f"Why: {REPORT}")
            late = await user.taps("Everything", on=first)
            assert late.text == "That is set up already. /start shows how."


async def test_every_step_can_be_skipped_and_names_typed_instead(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        remember(w)
        user, friend = w.person(), w.person(FRIEND)
        async with w.running():
            await user.says("/start", "Step 1 of 3")
            await user.taps("Skip", "Step 2 of 3")
            await friend.says("/start", "Step 1 of 3")
        async with w.running():
            skipped = await user.taps("Skip: medium", "Step 3 of 3")
            ended = await user.taps("Skip: no quiet hours", "That's it.", on=skipped)
            assert "follows everything, at level medium and above" in ended.text
            assert "No quiet hours; times are shown in UTC" in ended.text
            await friend.says("nvidia, micron", "Step 2 of 3")
            await friend.says("low", "Step 3 of 3")
            ended = await friend.says("23:00-06:30 Tokyo", "That's it.")
            assert "follows Nvidia (company), Micron (company), at level low and above" in ended.text
            assert "Quiet from 23:00 to 06:30; times are shown in Asia/Tokyo." in ended.text


async def test_what_is_followed_by_chat_is_shown_counted_and_asked_about_first(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        remember(w)
        user = w.person()
        async with w.running():
            asked = await user.says("/watch microsoft", "Microsoft: whatever it does or is touched by")
            assert "That would have been 1 alert in the last 2 days" in asked.text
            assert f"MEDIUM {CUT}" in asked.text, "a sample"
            assert labels(asked) == ["Follow", "Only high", "Narrow", "Cancel"]
            which = await user.says("/watch meta", "“meta” can mean several things. Which one?")
            assert labels(which) == ["Meta (company)", "Meta Materials (company)"]
        async with w.running():
            followed = await user.taps("Follow", "Following Microsoft (company).", on=asked)
            assert (followed.method, labels(followed)) == ("editMessageText", [])
            meta = await user.taps("Meta (company)", "Meta: whatever it does", on=which)
            cancelled = await user.taps("Cancel", on=meta)
            assert cancelled.text == "Nothing was changed."
            word = await user.says("/watch liquid cooling", "“liquid cooling” as a word")
            await user.taps("Follow", "Following “liquid cooling” (word).", on=word)
            listed = await user.says("/list")
            assert [line.partition(" · ")[0] for line in listed.text.split("\n")[1:]] == [
                "• Microsoft (company)",
                "• “liquid cooling” (word)",
            ]
            new = user.mark()
            await w.news(w.learn("Micron explores renting out spare servers", "MU"))
            told = w.learn("CoreWeave plans to sell liquid cooling halls", "CRWV")
            await w.news(told)
            mine = w.learn("Microsoft explores renting out spare servers")
            await w.news(mine)
            assert [m.text.split("\n")[1] for m in new()] == [told, mine], "and nothing else"
            empty = await user.taps("✕ Microsoft (company)", on=listed)
            assert "Microsoft" not in empty.text
            new = user.mark()
            await w.news(w.learn("Microsoft cuts spending on towers", theme="capex_cut"))
            assert new() == []


async def test_things_are_looked_up_and_their_pages_turned_over_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        remember(w)
        user = w.person()
        async with w.running():
            await user.says("/start")
            found = await user.says("/search harbour report", "20 found")
            assert "newest first; 1–6:" in found.text
            assert "number 19" in found.text
            top = await user.says("/top 7d", "The biggest stories of the last 7 days")
        async with w.running():
            page = await user.taps("▶", "; 7–12:", on=found)
            assert (page.method, page.message_id) == ("editMessageText", found.message_id)
            assert "number 13" in page.text
            await user.taps("▶", "; 13–18:", on=page)
            back = await user.taps("◀", "; 7–12:")
            assert back.text == page.text
            story = await user.taps("1", on=top)
            assert story.text.startswith(f"{REPORT}\nHIGH denied")
            assert "First report" in story.text
            assert (await user.taps("Why", on=story)).text.startswith(f"Why: {REPORT}")
            rain = await user.says("/search rain", RAIN)
            link = next(e["url"] for e in rain.entities if e["type"] == "text_link")
            missed = await user.says(f"/whynot {link}")
            assert "Nobody was told: it tells of nothing that is watched for." in missed.text
            who = await user.says("/who nvidia")
            assert "• Meta buys from it: noticeable (a filing, Jan 2025)" in who.text
            chart = await user.says("/chart microsoft 7d")
            assert chart.method == "sendPhoto"
            assert chart.photo.startswith(b"\x89PNG")
            assert "Microsoft (company), 7 days to " in chart.text
            query = w.api.push_inline(FRIEND, "trims spend")
            await until(lambda: query in w.api.offered)
            assert [r["title"] for r in w.api.offered[query]["results"]] == [CUT]
            latest = await user.says("/latest", "Nothing was sent here yet. The newest alerts of all:")
            alert_id = styled(latest, "code")[0]
            assert (await user.says(f"/why {alert_id}")).text.startswith("Why: ")
            assert (await user.says(f"/story {alert_id}")).text.startswith(CUT), "the newest of them"
