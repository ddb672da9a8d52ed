"""What the chat commands and the command line read and write. Implements `ports.Desk`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time

from bot.model import (
    Alert,
    AlertKind,
    Digest,
    Event,
    Setup,
    Severity,
    Silence,
    Story,
    Subscriber,
    Target,
    TargetKind,
)
from bot.ports import Explanation, Past, Status
from bot.store.audience import moved_chats, rung
from bot.store.database import Database
from bot.store.ingest import load_card
from bot.store.outgoing import audience_changed, close_pending
from bot.store.past import read_past, read_setup, write_setup
from bot.store.rows import (
    ALERT,
    STORY,
    clean,
    digest_text,
    moment,
    quiet_text,
    silence_of,
    stamp,
    subscriber_of,
    verdict_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was told and what was held back, over everything stored."""

    copies: int  # entries that only repeat another
    revisions: int  # entries that were edited later
    levels: Mapping[str, int]  # cards by level, loudest first
    replies: int
    edits: int
    held: Mapping[str, int]  # decisions not to send, by reason, most frequent first


class Desk:
    """Subscribers, what they follow, and what was decided; see `ports.Desk`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def subscriber(self, subscriber_id: str, /) -> Subscriber | None:
        """The subscriber, active or not."""
        row = self._db.row("SELECT * FROM subscribers WHERE id = ?", (subscriber_id,))
        return subscriber_of(row) if row else None

    def enroll(self, channel: str, address: str, now: datetime, /) -> Subscriber:
        """Add the subscriber or wake it up again, keeping what it followed."""
        subscriber_id = f"{channel}:{address}"
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT INTO subscribers (id, channel, address, level, active, language, created_at) "
                "VALUES (?, ?, ?, ?, 1, 'en', ?) ON CONFLICT (id) DO UPDATE SET active = 1, error = ''",
                (subscriber_id, channel, address, int(Severity.LOW), stamp(now)),
            )
            # A topic that had fallen back into its group is a place of its own again.
            cursor.execute("DELETE FROM meta WHERE key = ?", (f"moved {subscriber_id}",))
            audience_changed(cursor)
        found = self.subscriber(subscriber_id)
        assert found is not None
        return found

    def leave(self, subscriber_id: str, now: datetime, /) -> None:
        """Stop sending: inactive, pending rows closed, subscriptions kept."""
        with self._db.transaction() as cursor:
            cursor.execute("UPDATE subscribers SET active = 0 WHERE id = ?", (subscriber_id,))
            close_pending(cursor, subscriber_id, "the subscriber left", now)
            audience_changed(cursor)

    def watch(
        self, subscriber_id: str, target: Target, now: datetime, /, *, level: Severity | None = None
    ) -> bool:
        """Follow a target, or from another level on; False if it was followed just so already."""
        floor = None if level is None else int(level)
        with self._db.transaction() as cursor:
            done = cursor.execute(
                "INSERT INTO watches (subscriber_id, kind, target, created_at, level) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (subscriber_id, kind, target) DO UPDATE SET level = excluded.level "
                "WHERE level IS NOT excluded.level",
                (subscriber_id, target.kind.value, target.id, stamp(now), floor),
            )
            audience_changed(cursor)
            return done.rowcount > 0

    def unwatch(self, subscriber_id: str, target: Target, /) -> bool:
        """Stop following; False if it was not followed."""
        with self._db.transaction() as cursor:
            done = cursor.execute(
                "DELETE FROM watches WHERE subscriber_id = ? AND kind = ? AND target = ?",
                (subscriber_id, target.kind.value, target.id),
            )
            audience_changed(cursor)
            return done.rowcount > 0

    def watches(self, subscriber_id: str, /) -> list[Target]:
        """What is followed, in the order of following."""
        rows = self._db.rows(
            "SELECT kind, target FROM watches WHERE subscriber_id = ? ORDER BY created_at, kind, target",
            (subscriber_id,),
        )
        return [Target(TargetKind(row["kind"]), row["target"]) for row in rows]

    def floors(self, subscriber_id: str, /) -> dict[Target, Severity]:
        """Below which level some of it is left out."""
        rows = self._db.rows(
            "SELECT kind, target, level FROM watches WHERE subscriber_id = ? AND level IS NOT NULL",
            (subscriber_id,),
        )
        return {Target(TargetKind(r["kind"]), r["target"]): Severity(r["level"]) for r in rows}

    def setup(self, subscriber_id: str, /) -> Setup | None:
        """How far a new chat has come with saying what it wants; None where it is done or never began."""
        return read_setup(self._db, subscriber_id)

    def save_setup(self, subscriber_id: str, setup: Setup | None, /) -> None:
        """Keep how far it has come; None: it is done."""
        write_setup(self._db, subscriber_id, setup)

    def past(self, since: datetime, limit: int, /) -> Past:
        """What was told to anybody since then, the newest first, `limit` cards at most."""
        return read_past(self._db, since, limit)

    def set_level(self, subscriber_id: str, level: Severity, /) -> None:
        """Send nothing below this level."""
        with self._db.transaction() as cursor:
            cursor.execute("UPDATE subscribers SET level = ? WHERE id = ?", (int(level), subscriber_id))
            audience_changed(cursor)

    def mute(self, subscriber_id: str, until: datetime | None, /) -> None:
        """Hold back everything until then; None lifts it."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "UPDATE subscribers SET muted_until = ? WHERE id = ?", (stamp(until), subscriber_id)
            )
            audience_changed(cursor)

    def set_language(self, subscriber_id: str, language: str, /) -> None:
        """Speak to it in this language."""
        self._set(subscriber_id, "language", language)

    def set_timezone(self, subscriber_id: str, timezone: str, /) -> None:
        """Read times, quiet hours, days and digests by this clock."""
        self._set(subscriber_id, "timezone", timezone)

    def set_quiet(self, subscriber_id: str, quiet: tuple[time, time] | None, /) -> None:
        """Ring nobody between these times of day."""
        self._set(subscriber_id, "quiet", quiet_text(quiet))

    def set_budget(self, subscriber_id: str, budget: int | None, /) -> None:
        """Ring so often a day at most."""
        self._set(subscriber_id, "budget", budget)

    def set_digest(
        self, subscriber_id: str, digest: Digest | None, due: datetime | None, /, *, by_budget: bool = False
    ) -> None:
        """Send digests at these times, the first one when it is due."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "UPDATE subscribers SET digest = ?, digest_at = ?, digest_by_budget = ? WHERE id = ?",
                (digest_text(digest), stamp(due), int(by_budget), subscriber_id),
            )
            audience_changed(cursor)

    def sounds(self, subscriber_id: str, since: datetime, /) -> int:
        """How often it was rung since then."""
        return len(rung(self._db, subscriber_id, since))

    def _set(self, subscriber_id: str, column: str, value: str | int | None) -> None:
        with self._db.transaction() as cursor:
            cursor.execute(f"UPDATE subscribers SET {column} = ? WHERE id = ?", (value, subscriber_id))
            audience_changed(cursor)

    def add_mute(self, subscriber_id: str, mute: Silence, /) -> None:
        """Hold back what it covers until it ends; one that covers the same is replaced."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "DELETE FROM mutes WHERE subscriber_id = ? AND rule_id = ? AND company = ? AND story_id = ? AND feed_id = ?",
                (subscriber_id, mute.rule_id, mute.company, mute.story_id, mute.feed_id),
            )
            cursor.execute(
                "INSERT OR REPLACE INTO mutes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    mute.id,
                    subscriber_id,
                    stamp(mute.until),
                    mute.rule_id,
                    mute.company,
                    mute.story_id,
                    mute.feed_id,
                    clean(mute.comment),
                ),
            )
            audience_changed(cursor)

    def mutes(self, subscriber_id: str, now: datetime, /) -> list[Silence]:
        """A subscriber's own mutes that are in force, the first to end first."""
        rows = self._db.rows(
            "SELECT * FROM mutes WHERE subscriber_id = ? AND until > ? ORDER BY until, id",
            (subscriber_id, stamp(now)),
        )
        return [silence_of(row) for row in rows]

    def end_mute(self, subscriber_id: str, mute_id: str, /) -> bool:
        """End one before its time; False if there is none of this id."""
        with self._db.transaction() as cursor:
            gone = cursor.execute(
                "DELETE FROM mutes WHERE subscriber_id = ? AND id = ?", (subscriber_id, mute_id)
            )
            audience_changed(cursor)
            return gone.rowcount > 0

    def sent_cards(self, subscriber_id: str, since: datetime, limit: int, /) -> list[tuple[Alert, Story]]:
        """The cards that a subscriber got since then, newest first, with what has become of their stories."""
        rows = self._db.rows(
            "SELECT a.body AS alert, s.body AS story FROM outbox o JOIN alerts a ON a.id = o.alert_id "
            "JOIN stories s ON s.id = o.story_id WHERE o.subscriber_id = ? AND o.kind = 'new' "
            "AND o.created_at >= ? ORDER BY o.seq DESC LIMIT ?",
            (subscriber_id, stamp(since), limit),
        )
        return [(ALERT.validate_json(row["alert"]), STORY.validate_json(row["story"])) for row in rows]

    def moved(self) -> dict[str, str]:
        """Subscribers whose chat has another address now: former id → id."""
        return moved_chats(self._db)

    def latest(self, limit: int, /, *, subscriber_id: str = "") -> list[Alert]:
        """Newest `new` alerts first; only those sent to the subscriber if one is named, at the level of what it was told since."""
        if not subscriber_id:
            sql = "SELECT body FROM alerts WHERE kind = 'new' ORDER BY created_at DESC, id LIMIT ?"
            return [ALERT.validate_json(row["body"]) for row in self._db.rows(sql, (limit,))]
        sql = (
            "SELECT DISTINCT a.body, a.created_at, a.id, coalesce(t.level, a.level) AS told "
            "FROM alerts a JOIN outbox o ON o.alert_id = a.id "
            "LEFT JOIN told t ON t.alert_id = a.id AND t.subscriber_id = o.subscriber_id "
            "WHERE a.kind = 'new' AND o.kind = 'new' AND o.subscriber_id = ? "
            "ORDER BY a.created_at DESC, a.id LIMIT ?"
        )
        rows = self._db.rows(sql, (subscriber_id, limit))
        return [replace(ALERT.validate_json(row["body"]), level=Severity(row["told"])) for row in rows]

    def why(self, reference: str, /, *, subscriber_id: str = "") -> Explanation | None:
        """Explain an alert by its id (or the start of it), or by a message id in the subscriber's chat."""
        alert_id = alert_named(self._db, reference.strip(), subscriber_id)
        card = load_card(self._db, alert_id) if alert_id else None
        if card is None:
            return None
        alert, entry = card
        story = self.story(alert.story_id)
        verdicts = self._db.rows(
            "SELECT * FROM verdicts WHERE entry_id = ? AND subscriber_id IN ('', ?) ORDER BY id LIMIT 50",
            (alert.entry_id, subscriber_id),
        )
        return Explanation(
            alert=alert,
            entry=entry,
            story_title=story.title if story else entry.title,
            origins=story.origins if story else 1,
            copies=story.copies if story else 0,
            verdicts=tuple(verdict_of(row) for row in verdicts),
            story=story,
            told=self._answered(alert) if alert.kind is AlertKind.REPLY else None,
        )

    def _answered(self, answer: Alert) -> Event | None:
        """What the card told that an answer is to; None if it is stored no more."""
        rows = self._db.rows(
            "SELECT body FROM alerts WHERE story_id = ? AND kind = 'new' ORDER BY created_at, id",
            (answer.story_id,),
        )
        cards = [ALERT.validate_json(row["body"]) for row in rows]
        # An answer has the card's exposures, but may have the rule of what took the story up.
        cards.sort(key=lambda card: (card.exposures != answer.exposures, card.rule_id != answer.rule_id))
        return cards[0].event if cards else None

    def story(self, story_id: str, /) -> Story | None:
        """A story, open or not."""
        body = self._db.value("SELECT body FROM stories WHERE id = ?", (story_id,))
        return STORY.validate_json(body) if body else None

    def status(self, now: datetime, /) -> Status:
        """Figures of the whole program."""
        feeds = self._db.row(
            "SELECT sum(status <> 'paused') AS n, sum(failures > 0 AND status = 'active') AS failing, "
            "sum(status IN ('gone', 'blocked')) AS stopped, max(last_polled_at) AS polled FROM poll_states"
        )
        outbox = self._db.row(
            "SELECT sum(state = 'pending') AS pending, sum(state = 'parked') AS parked, "
            "min(CASE WHEN state = 'pending' THEN created_at END) AS oldest FROM outbox"
        )
        assert feeds is not None
        assert outbox is not None
        return Status(
            feeds=feeds["n"] or 0,
            feeds_failing=feeds["failing"] or 0,
            feeds_stopped=feeds["stopped"] or 0,
            entries=self._db.value("SELECT count(*) FROM entries"),
            stories=self._db.value("SELECT count(*) FROM stories"),
            alerts=self._db.value("SELECT count(*) FROM alerts WHERE kind = 'new'"),
            subscribers=self._db.value("SELECT count(*) FROM subscribers WHERE active = 1"),
            pending=outbox["pending"] or 0,
            parked=outbox["parked"] or 0,
            oldest_pending_at=moment(outbox["oldest"]),
            last_poll_at=moment(feeds["polled"]),
            counters={
                row["reason"]: row["n"] for row in self._db.rows("SELECT * FROM counters ORDER BY n DESC")
            },
        )

    def tally(self) -> Tally:
        """Counts for a summary."""
        sent = {
            row["kind"]: row["n"]
            for row in self._db.rows(
                "SELECT kind, count(*) AS n FROM outbox WHERE state = 'sent' GROUP BY kind"
            )
        }
        levels = self._db.rows(
            "SELECT level, count(*) AS n FROM alerts WHERE kind = 'new' GROUP BY level ORDER BY level DESC"
        )
        held = self._db.rows(
            "SELECT reason, count(*) AS n FROM verdicts WHERE send = 0 GROUP BY reason ORDER BY n DESC, reason"
        )
        return Tally(
            copies=self._db.value("SELECT count(*) FROM verdicts WHERE reason = 'echo'"),
            revisions=self._db.value("SELECT count(DISTINCT entry_id) FROM revisions"),
            levels={Severity(row["level"]).word: row["n"] for row in levels},
            replies=sent.get("reply", 0),
            edits=sent.get("edit", 0),
            held={row["reason"]: row["n"] for row in held},
        )


def alert_named(db: Database, reference: str, subscriber_id: str) -> str:
    """The id of the alert that a message in the subscriber's chat shows, or that begins so; empty if none or several."""
    if subscriber_id:
        found = db.value(
            "SELECT alert_id FROM outbox WHERE subscriber_id = ? AND message_id = ? LIMIT 1",
            (subscriber_id, reference),
        )
        if found:
            return str(found)
    return id_that_begins(db, "alerts", reference)


def id_that_begins(db: Database, table: str, reference: str) -> str:
    """The one id of a table that begins so, at four characters or more; empty if none or several do."""
    if len(reference) < 4:
        return ""
    rows = db.rows(
        f"SELECT id FROM {table} WHERE id >= ? AND id < ? LIMIT 2", (reference, reference + "\uffff")
    )
    return str(rows[0]["id"]) if len(rows) == 1 or (rows and rows[0]["id"] == reference) else ""
