"""The schema, one recorded step after another; a step that has shipped is never edited."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("spillover")


@migrations()
def m001_first_schema(db: Database) -> None:
    """Everything of the first release.

    Times are ISO 8601 in UTC with microseconds, so that they sort as text. `entries.n` is there because
    VACUUM may renumber implicit row ids, which the full-text index points at.
    """
    script = """
        CREATE TABLE poll_states (
            feed_id TEXT PRIMARY KEY, status TEXT NOT NULL, next_poll_at TEXT, failures INTEGER NOT NULL,
            last_polled_at TEXT, last_ok_at TEXT, last_error TEXT NOT NULL, body TEXT NOT NULL);
        CREATE INDEX poll_states_due ON poll_states (next_poll_at) WHERE status = 'active';

        CREATE TABLE entries (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, feed_id TEXT NOT NULL, guid TEXT NOT NULL, url TEXT NOT NULL,
            title TEXT NOT NULL, text TEXT NOT NULL, content TEXT NOT NULL, published TEXT,
            date_quality TEXT NOT NULL, seen_at TEXT NOT NULL, kind TEXT NOT NULL, tier INTEGER NOT NULL,
            language TEXT NOT NULL, source TEXT NOT NULL, author TEXT NOT NULL, revision INTEGER NOT NULL);
        CREATE INDEX entries_content ON entries (feed_id, content);
        CREATE INDEX entries_url ON entries (url) WHERE url <> '';
        CREATE INDEX entries_seen ON entries (seen_at);
        CREATE TABLE revisions (
            entry_id TEXT NOT NULL, revision INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
            content TEXT NOT NULL, replaced_at TEXT NOT NULL, PRIMARY KEY (entry_id, revision));
        CREATE TABLE analyses (entry_id TEXT PRIMARY KEY, version TEXT NOT NULL, body TEXT NOT NULL);

        CREATE TABLE stories (
            id TEXT PRIMARY KEY, title TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
            revision INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE INDEX stories_last_seen ON stories (last_seen);
        CREATE TABLE alerts (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, story_id TEXT NOT NULL, entry_id TEXT NOT NULL,
            rule_id TEXT NOT NULL, level INTEGER NOT NULL, created_at TEXT NOT NULL, body TEXT NOT NULL);
        CREATE INDEX alerts_story ON alerts (story_id);
        CREATE INDEX alerts_created ON alerts (created_at);
        CREATE TABLE verdicts (
            id INTEGER PRIMARY KEY, entry_id TEXT NOT NULL, at TEXT NOT NULL, send INTEGER NOT NULL,
            reason TEXT NOT NULL, until TEXT, detail TEXT NOT NULL, story_id TEXT NOT NULL,
            rule_id TEXT NOT NULL, rule_line TEXT NOT NULL, subscriber_id TEXT NOT NULL);
        CREATE INDEX verdicts_entry ON verdicts (entry_id);
        CREATE INDEX verdicts_at ON verdicts (at);
        CREATE TABLE counters (reason TEXT PRIMARY KEY, n INTEGER NOT NULL);

        CREATE TABLE subscribers (
            id TEXT PRIMARY KEY, channel TEXT NOT NULL, address TEXT NOT NULL, level INTEGER NOT NULL,
            active INTEGER NOT NULL, muted_until TEXT, language TEXT NOT NULL, created_at TEXT,
            error TEXT NOT NULL DEFAULT '');
        CREATE TABLE watches (
            subscriber_id TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, created_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, kind, target));
        CREATE TABLE silences (
            id TEXT PRIMARY KEY, until TEXT NOT NULL, rule_id TEXT NOT NULL, company TEXT NOT NULL,
            story_id TEXT NOT NULL, feed_id TEXT NOT NULL, comment TEXT NOT NULL);
        CREATE TABLE told (
            story_id TEXT NOT NULL, subscriber_id TEXT NOT NULL, alert_id TEXT NOT NULL,
            rule_id TEXT NOT NULL, level INTEGER NOT NULL, last_sound_at TEXT NOT NULL,
            PRIMARY KEY (story_id, subscriber_id));
        CREATE TABLE outbox (
            id TEXT PRIMARY KEY, alert_id TEXT NOT NULL, subscriber_id TEXT NOT NULL, story_id TEXT NOT NULL,
            rule_id TEXT NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL, silent INTEGER NOT NULL,
            created_at TEXT NOT NULL, seq INTEGER NOT NULL, due_at TEXT NOT NULL, state TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0, first_attempt_at TEXT, error TEXT NOT NULL DEFAULT '',
            message_id TEXT NOT NULL DEFAULT '', closed_at TEXT, plain INTEGER NOT NULL DEFAULT 0,
            card TEXT NOT NULL);
        CREATE INDEX outbox_pending ON outbox (level DESC, seq) WHERE state = 'pending';
        CREATE INDEX outbox_pending_due ON outbox (due_at) WHERE state = 'pending';
        CREATE INDEX outbox_pending_subscriber ON outbox (subscriber_id, seq) WHERE state = 'pending';
        CREATE INDEX outbox_pending_story ON outbox (subscriber_id, story_id, seq) WHERE state = 'pending';
        CREATE INDEX outbox_card ON outbox (subscriber_id, story_id, kind);
        CREATE INDEX outbox_message ON outbox (subscriber_id, message_id) WHERE message_id <> '';
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
        INSERT INTO meta VALUES ('audience', '0');
        """
    for statement in script.split(";"):  # executescript would commit halfway
        db.execute(statement)
    db.table("entries").enable_fts(["title", "text"], create_triggers=True, tokenize="porter")


@migrations()
def m002_sightings(db: Database) -> None:
    """What correlations count: claims as stories first made them."""
    db.execute(
        "CREATE TABLE sightings (n INTEGER PRIMARY KEY, at TEXT NOT NULL, theme TEXT NOT NULL, "
        "story_id TEXT NOT NULL, body TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX sightings_at ON sightings (at)")


@migrations()
def m003_trends(db: Database) -> None:
    """How often each target is spoken of, by quarters of an hour, and which alerts were about it.

    What is stored already is counted once, but for what only the registry knows: the sector of who acts.
    `counted` says since when the counts are whole.
    """
    script = """
        CREATE TABLE trend_counts (
            target TEXT NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL,
            PRIMARY KEY (target, slot)) WITHOUT ROWID;
        CREATE TABLE trend_alerts (
            target TEXT NOT NULL, alert_id TEXT NOT NULL, at TEXT NOT NULL, level INTEGER NOT NULL,
            PRIMARY KEY (target, alert_id)) WITHOUT ROWID;

        INSERT INTO trend_counts
            WITH dated AS (
                SELECT id, CAST(strftime('%s', CASE WHEN published IS NOT NULL AND date_quality IN ('ok', 'naive')
                                     THEN published ELSE seen_at END) AS INTEGER) / 900 AS slot FROM entries),
            spoken AS (
                SELECT entry_id, 'company:' || json_extract(x.value, '$.company') AS target
                    FROM analyses, json_each(body, '$.mentions') x
                UNION SELECT entry_id, 'sector:' || x.value FROM analyses, json_each(body, '$.sectors') x
                UNION SELECT entry_id, 'theme:' || json_extract(x.value, '$.theme')
                    FROM analyses, json_each(body, '$.events') x WHERE json_extract(x.value, '$.fresh'))
            SELECT target, slot, count(*) FROM spoken JOIN dated ON dated.id = spoken.entry_id
                WHERE slot IS NOT NULL GROUP BY target, slot;

        INSERT OR IGNORE INTO trend_alerts
            WITH told AS (SELECT id AS alert_id, created_at, level, body FROM alerts WHERE kind = 'new')
            SELECT 'company:' || x.value, alert_id, created_at, level FROM told, json_each(body, '$.companies') x
            UNION SELECT 'company:' || json_extract(x.value, '$.company'), alert_id, created_at, level
                FROM told, json_each(body, '$.exposures') x
            UNION SELECT 'sector:' || x.value, alert_id, created_at, level FROM told, json_each(body, '$.sectors') x
            UNION SELECT 'theme:' || json_extract(body, '$.event.theme'), alert_id, created_at, level FROM told;

        INSERT OR IGNORE INTO meta
            SELECT 'counted', max(value, first) FROM meta, (SELECT min(at) AS first FROM verdicts)
                WHERE key = 'since' AND first IS NOT NULL
        """
    for statement in script.split(";"):
        db.execute(statement)


@migrations()
def m003_searches(db: Database) -> None:
    """What chats looked for, so that pages can be turned after a restart; the claims of one story."""
    db.execute(
        "CREATE TABLE searches (id TEXT PRIMARY KEY, subscriber_id TEXT NOT NULL, at TEXT NOT NULL, "
        "asked TEXT NOT NULL, found TEXT NOT NULL, is_complete INTEGER NOT NULL)"
    )
    db.execute("CREATE INDEX searches_at ON searches (at)")
    db.execute("CREATE INDEX searches_subscriber ON searches (subscriber_id, at)")
    db.execute("CREATE INDEX sightings_story ON sightings (story_id)")


@migrations()
def m004_attention(db: Database) -> None:
    """What readers say of their attention, what they mute, and what is held for their digests."""
    for column in (
        "timezone TEXT NOT NULL DEFAULT 'UTC'",
        "quiet TEXT NOT NULL DEFAULT ''",
        "budget INTEGER",
        "digest TEXT NOT NULL DEFAULT ''",
        "digest_at TEXT",
    ):
        db.execute(f"ALTER TABLE subscribers ADD COLUMN {column}")
    db.execute("ALTER TABLE told ADD COLUMN in_digest INTEGER NOT NULL DEFAULT 0")
    db.execute(
        "CREATE TABLE mutes (id TEXT PRIMARY KEY, subscriber_id TEXT NOT NULL, until TEXT NOT NULL, "
        "rule_id TEXT NOT NULL, company TEXT NOT NULL, story_id TEXT NOT NULL, feed_id TEXT NOT NULL, "
        "comment TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX mutes_subscriber ON mutes (subscriber_id, until)")
    db.execute(
        "CREATE TABLE held (subscriber_id TEXT NOT NULL, story_id TEXT NOT NULL, reason TEXT NOT NULL, "
        "at TEXT NOT NULL, level INTEGER NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (subscriber_id, story_id))"
    )
    db.execute("CREATE INDEX held_at ON held (at)")


@migrations()
def m005_onboarding(db: Database) -> None:
    """From which level on something followed is told, and how far new chats have come with their setup."""
    db.execute("ALTER TABLE watches ADD COLUMN level INTEGER")  # null: as the chat says
    db.execute(
        "CREATE TABLE setups (subscriber_id TEXT PRIMARY KEY, step TEXT NOT NULL, message_id TEXT NOT NULL, "
        "offers TEXT NOT NULL)"
    )


@migrations()
def m006_managing(db: Database) -> None:
    """Whom managers let in and keep out, what they did, what they changed of the feeds, and what they tell all."""
    for statement in (
        "CREATE TABLE access (id TEXT PRIMARY KEY, state TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL)",
        "CREATE TABLE audit (n INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, "
        "result TEXT NOT NULL)",
        "CREATE INDEX audit_at ON audit (at)",
        "CREATE TABLE feed_changes (feed_id TEXT PRIMARY KEY, enabled INTEGER, url TEXT NOT NULL, "
        "instead_of TEXT NOT NULL, added TEXT NOT NULL)",
        "CREATE TABLE broadcasts (id TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL, "
        "card TEXT NOT NULL)",
    ):
        db.execute(statement)


@migrations()
def m007_feedback(db: Database) -> None:
    """What readers said of cards."""
    db.execute(
        "CREATE TABLE feedback (alert_id TEXT NOT NULL, subscriber_id TEXT NOT NULL, user TEXT NOT NULL, "
        "useful INTEGER NOT NULL, reason TEXT NOT NULL, rule_id TEXT NOT NULL, feed_id TEXT NOT NULL, "
        "at TEXT NOT NULL, PRIMARY KEY (alert_id, subscriber_id, user))"
    )
    db.execute("CREATE INDEX feedback_at ON feedback (at)")


@migrations()
def m009_outbox_by_channel(db: Database) -> None:
    """What waits is looked up by channel: a backlog of one must not slow down another's looks."""
    channel = "substr(subscriber_id, 1, instr(subscriber_id, ':') - 1)"
    db.execute("DROP INDEX outbox_pending")
    db.execute("DROP INDEX outbox_pending_due")
    db.execute(f"CREATE INDEX outbox_pending ON outbox ({channel}, level DESC, seq) WHERE state = 'pending'")
    db.execute(f"CREATE INDEX outbox_pending_due ON outbox ({channel}, due_at) WHERE state = 'pending'")


@migrations()
def m010_bindings(db: Database) -> None:
    """Who turned alerts on in a group, channel or topic, to be told when they end there."""
    db.execute("CREATE TABLE bindings (subscriber_id TEXT PRIMARY KEY, user TEXT NOT NULL, at TEXT NOT NULL)")
    db.execute("CREATE INDEX bindings_user ON bindings (user)")


@migrations()
def m011_drafts(db: Database) -> None:
    """Rules that chats are putting together."""
    db.execute(
        "CREATE TABLE drafts (id TEXT PRIMARY KEY, subscriber_id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX drafts_at ON drafts (at)")
    db.execute("CREATE INDEX drafts_subscriber ON drafts (subscriber_id, at)")


@migrations()
def m012_settings(db: Database) -> None:
    """Digests that only came with a budget; settings sent as a file until they are applied; the votes of one chat."""
    db.execute("ALTER TABLE subscribers ADD COLUMN digest_by_budget INTEGER NOT NULL DEFAULT 0")
    db.execute(
        "CREATE TABLE imports (subscriber_id TEXT PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, "
        "wishes TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX imports_at ON imports (at)")
    db.execute("CREATE INDEX feedback_subscriber ON feedback (subscriber_id, at)")


@migrations()
def m013_acks(db: Database) -> None:
    """Who marked a story's card as seen in a group, and by which name the card says so."""
    db.execute(
        "CREATE TABLE acks (subscriber_id TEXT NOT NULL, story_id TEXT NOT NULL, user TEXT NOT NULL, "
        "name TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (subscriber_id, story_id, user))"
    )
    db.execute("CREATE INDEX acks_user ON acks (user)")
