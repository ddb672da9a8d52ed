"""What the running program tells its managers comes in the language of whoever reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from make import HOUR, NOW
from newsroom import PACK
from test_upkeep_feeds import NEW, House, feed
from test_upkeep_figures import FIGURES, loaded, night, of, source

from bot.errors import ConfigError, RulesError
from bot.locale import speaking
from bot.office import Delays
from bot.upkeep.morning import report
from bot.upkeep.rules import differences, mistakes


def test_the_morning_report_in_german():
    with speaking("de"):
        found = report(
            night(
                sources=[source("ended", state="gone"), source("quiet")],
                rates={"quiet": (300, NOW - 80 * HOUR)},
                slowest=[Delays(name="slow", count=9, median=2 * HOUR, slow=9 * HOUR)],
                fired=[("compute/resale", 1200)],
            ),
            NOW,
        )
    assert found == [
        "Guten Morgen. Die letzten 24 Stunden:",
        "Quellen: 2, davon gestört: 1, stumm: 1, langsam: 1",
        "• gestört: ended, eingestellt",
        "• stumm seit 3d 8h: quiet",
        "• langsam: slow, 2h nach dem Erscheinen",
        "Regeln, die am häufigsten griffen: compute/resale 1.200×",
        f"Warteschlange: 7 wartend, älteste seit 1m 30s, 1 abgelegt; {FIGURES.subscribers} Abonnenten",
        "Datenbank 12 MB, freier Speicherplatz 7,3 GB",
    ]


def test_what_readers_find_least_precise_in_german():
    with speaking("de"):
        found = report(
            night(
                sources=[source("wire", tier=1)],
                rule_votes=[of("compute/resale", 0, 30)],
                source_votes=[of("wire", 1, 20)],
            ),
            NOW,
        )
    heading, rule, wire = found[3:6]
    assert heading == "Am ungenauesten nach dem Urteil der Leser aus 90 Tagen; nichts ändert sich von selbst:"
    assert rule.startswith("• Regel compute/resale: 0 ")
    assert rule.endswith("; Vorschlag: eine niedrigere Stufe")
    assert wire.endswith("; Vorschlag: Rang 2 statt 1")


def test_what_a_reload_changes_in_german(tmp_path: Path) -> None:
    before = loaded(tmp_path / "a", PACK, *(feed(f"f{n}") for n in range(10)))
    after = loaded(tmp_path / "b", PACK.replace("level: high", "level: low", 1))
    with speaking("de"):
        assert differences(before, after) == [
            "geänderte Regeln: compute/resale",
            "entfernte Feeds: f0, f1, f2, f3, f4, f5, f6, f7 und 2 weitere",
        ]
        assert differences(before, before) == ["keine Unterschiede"]


def test_mistakes_stay_as_the_files_reader_said_them_and_are_counted_in_german() -> None:
    error = RulesError("unknown key 'levl'", "a.yaml", 3, 5)
    error.others = tuple(RulesError("odd", "a.yaml", n) for n in range(20))
    with speaking("de"):
        lines = mistakes(error)
    assert lines[0] == "• a.yaml:3:5: unknown key 'levl'"
    assert lines[-1] == "und 13 weitere: spillover rules check zeigt alle"


async def test_what_can_not_be_done_about_a_feed_is_said_in_german(tmp_path: Path) -> None:
    house = House(tmp_path / "spillover.db", feed())
    with speaking("de"):
        with pytest.raises(
            ConfigError, match=r"^es gibt keinen Feed 'wirr'; meintest du 'wire'\? Nenne einen"
        ):
            await house.desk.test("wirr")
        with pytest.raises(ConfigError, match=r"^ftp://x\.example/ ist keine http\(s\)-Adresse$"):
            await house.desk.add("ftp://x.example/", "blog", 3)
        with pytest.raises(ConfigError, match=r"^wire steht in rules/sources\.yaml: Lösche den Feed dort"):
            await house.desk.remove("wire")
    assert house.feed() == feed()
    assert NEW not in house.web.asked
    house.db.close()
