"""One analyzer for all tests of the room: loading the parser takes a second."""

from __future__ import annotations

import pytest
from nlp_entries import RULES

from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.lexicon import Lexicon, load_lexicon
from bot.nlp.themes import Taxonomy, load_taxonomy


@pytest.fixture(scope="session")
def analyzer() -> SpacyAnalyzer:
    return load_analyzer(RULES)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon(RULES / "companies")


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(RULES / "themes")
