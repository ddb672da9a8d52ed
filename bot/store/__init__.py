"""The one SQLite file: what was polled, understood, decided, queued and delivered.

`database` opens it, `migrations` shapes it, `polls` knows who is due, `ingest` reads
snapshots and applies outcomes, `queue` is the
outbox, `desk` serves the chat commands, `archive` searches, prunes, backs up and restores.
"""
