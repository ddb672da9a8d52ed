"""Reads everything below the rules folder, checks it together, and hands it over as one value."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot import __version__
from bot.alerts.exposure import load_exposure
from bot.alerts.routes import Routes, load_routes
from bot.config import CHANNEL_PREFIX, Settings
from bot.errors import ConfigError
from bot.model import Feed
from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.places import Cluster, Place, Processes
from bot.nlp.vocabulary import RulesVocabulary
from bot.nlp.workers import Workers
from bot.pipeline import Book
from bot.pipeline.book import leads
from bot.ports import Analyzer, Clock
from bot.rules.book import KnownIds
from bot.rules.check import load_checked
from bot.sources.fetch import HttpFetcher
from bot.sources.registry import load_feeds
from bot.text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Rules, feeds and the analyzer, checked against one another; swapped as a whole on reload."""

    analyzer: Analyzer
    book: Book
    vocabulary: RulesVocabulary
    feeds: tuple[Feed, ...]


def load(settings: Settings) -> Loaded:
    """Read, check and test.

    Raises:
        RulesError: A file is wrong or a rule fails its tests; further mistakes are in its `others`.
        ConfigError: The folder is not there.
        AnalysisError: The language model can't be loaded.
    """
    folder = rules_folder(settings.rules_dir)
    analyzer = load_language(settings)
    feeds = load_feeds(folder / "sources.yaml", {"RSSHUB": settings.rsshub_url})
    known = replace(known_ids(analyzer), feeds=frozenset(f.id for f in feeds))
    exposure = load_exposure(folder / "exposure.yaml", companies=known.companies, themes=known.themes)
    rules = load_checked(folder / "alerts", known, analyzer, partial(leads, exposure))
    routes = load_routes(
        folder / "routes.yaml",
        rules={r.id for r in rules.rules},
        packs=rules.packs,
        themes=known.themes,
        companies=known.companies,
        sectors=known.sectors,
    )
    vocabulary = RulesVocabulary(analyzer.lexicon, analyzer.taxonomy, rules.packs)
    return Loaded(
        analyzer=analyzer,
        book=Book(rules=rules, exposure=exposure, routes=routes),
        vocabulary=vocabulary,
        feeds=feeds,
    )


def load_language(settings: Settings) -> SpacyAnalyzer:
    """The analyzer alone, with its companies and themes.

    Raises:
        RulesError: One of their files is wrong.
        ConfigError: The rules folder is not there.
        AnalysisError: The language model can't be loaded.
    """
    return load_analyzer(rules_folder(settings.rules_dir), settings.spacy_model or None)


def undefined_routes(routes: Routes, settings: Settings) -> dict[str, str]:
    """Routes to other services that no setting defines: target → what is wrong, where, and what to do."""
    problems = {}
    for target in sorted(routes.targets()):
        channel, _, name = target.partition(":")
        if channel == "apprise" and name not in settings.channels:
            setting = CHANNEL_PREFIX + name.upper()
            problems[target] = (
                f"{routes.places.get(target, 'routes.yaml')}: no setting defines {target}"
                f"{did_you_mean(name, settings.channels)}; nothing is sent there until {setting} or {setting}_FILE "
                "gives its address and the bot is started again"
            )
    return problems


def workers_for(settings: Settings) -> Workers:
    """Whoever analyses where the settings say; not opened yet."""
    place: Place | None = None
    if settings.analysis_processes:
        place = Processes(settings.analysis_processes)
    elif settings.analysis_cluster:
        place = Cluster(settings.analysis_cluster)
    return Workers(place, settings.rules_dir, settings.spacy_model or None)


def fetcher_for(settings: Settings, clock: Clock) -> HttpFetcher:
    """Whoever asks servers, as the settings say; to be entered as a context."""
    return HttpFetcher(
        user_agent=user_agent(settings.contact),
        clock=clock,
        exceptions=frozenset(settings.allow_addresses),
        max_bytes=settings.max_body_mb * 1024 * 1024,
        timeout=settings.fetch_timeout,
        per_host=settings.polls_per_host,
        spacing=settings.host_spacing,
    )


def rules_folder(path: Path) -> Path:
    """The rules folder.

    Raises:
        ConfigError: It is not there, not one, or can't be read.
    """
    try:
        is_one = (path / "sources.yaml").is_file()
    except OSError as e:
        raise ConfigError(
            f"can't read {path.absolute()}: {e.strerror}; let user {os.geteuid()} read the folder and all in it, "
            "or set BOT_RULES_DIR to another"
        ) from e
    if not is_one:
        raise ConfigError(
            f"{path.resolve()} holds no sources.yaml: set BOT_RULES_DIR to the rules folder, "
            "or start in the folder that has it"
        )
    return path


def known_ids(analyzer: SpacyAnalyzer) -> KnownIds:
    """The ids that rules may name."""
    companies = analyzer.lexicon.companies.values()
    sectors = analyzer.taxonomy.sectors
    return KnownIds(
        themes=frozenset(analyzer.taxonomy.themes),
        sectors=frozenset(sectors),
        companies={c.id: c.sector for c in companies},
        names={c.id: c.name for c in companies} | {s.id: s.name for s in sectors.values()},
    )


def user_agent(contact: str) -> str:
    """How the program names itself to the servers that it polls."""
    return f"Spillover/{__version__}" + (f" (+{contact})" if contact else " (news alert bot)")
