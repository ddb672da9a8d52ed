"""Reads what somebody looks for: words and phrases, and filters such as `company:nvidia since:7d`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, tzinfo

from bot.delivery.replies import echo
from bot.delivery.words import alternatives, kind_word, level_words, read_level, read_modality, suggestion
from bot.locale import marked, tr
from bot.model import Modality, Target, TargetKind
from bot.ports import Vocabulary
from bot.shelves import Query
from bot.text import nearest, parse_duration

FILTERS = ("company", "theme", "modality", "level", "since")
MODALITIES = [str(m) for m in Modality]

_RUN = 4  # words that a name after a filter may have
_QUOTES = str.maketrans("“”„«»", '"""""')
# A quoted phrase, a filter with a quoted or plain value, or a word.
_PIECE = re.compile(
    r'(?P<bare>[^\W\d_]+):(?=\s|$)|(?:(?P<key>[^\W\d_]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was understood; if `choices` or `problem` is there, the query is not whole."""

    query: Query = field(default_factory=Query)
    choices: tuple[Target, ...] = ()  # companies, of which one is meant
    name: str = ""  # as it was typed, of which these are choices
    problem: str = ""  # a sentence for who asks


@dataclass(frozen=True, slots=True)
class _Piece:
    key: str  # in lower case; empty for a word or phrase
    text: str
    is_quoted: bool = False


def read_query(
    text: str,
    vocabulary: Vocabulary,
    now: datetime,
    tz: tzinfo,
    *,
    company: str = "",
    is_typing: bool = False,
) -> Asked:
    """Understand a line; nothing in it can be wrong in such a way that it raises.

    Args:
        text: What was typed.
        vocabulary: Knows companies and themes.
        now: From which durations count back.
        tz: The zone of days.
        company: The one that was chosen where a name can mean several.
        is_typing: The text is still being typed: a name that can mean several companies means all of them,
            and of the last word only the beginning may be there.
    """
    asked = Asked()
    words: list[str] = []
    pieces = _pieces(text.translate(_QUOTES))
    seen: set[str] = set()
    while pieces and not asked.problem and not asked.choices:
        piece = pieces.pop(0)
        if not piece.key:
            words += [piece.text] if any(c.isalnum() for c in piece.text) else []
            continue
        if piece.key in seen:
            return Asked(problem=tr("{filter}: stands there twice; name one.", filter=piece.key))
        seen.add(piece.key)
        if piece.key not in FILTERS:
            return Asked(
                problem=tr(
                    "There is no filter {filter}; did you mean {near}:?",
                    filter=echo(piece.key + ":"),
                    near=_near(piece.key),
                )
            )
        if not piece.text:
            return Asked(
                problem=tr(
                    "Nothing stands behind “{filter}:”. Write for example {example}.",
                    filter=piece.key,
                    example=tr(_EXAMPLES[piece.key]),
                )
            )
        if piece.key in ("company", "theme"):
            name, pieces = _longest(piece, pieces, vocabulary, TargetKind(piece.key))
            asked = _named(asked, TargetKind(piece.key), name, vocabulary, company, is_typing=is_typing)
        else:
            asked = _valued(asked, piece, now, tz)
    if asked.problem or asked.choices:
        return asked
    typing = is_typing and bool(words) and not text.endswith((" ", '"'))
    query = replace(asked.query, words=tuple(words), is_typing=typing)
    if query == Query():
        return Asked(
            problem=tr("What do you look for? For example: /search surplus compute company:meta since:7d.")
        )
    return replace(asked, query=query)


_EXAMPLES = {
    "company": "company:nvidia",
    "theme": "theme:compute_resale",
    "modality": "modality:denied",
    "level": "level:high",
    "since": marked("since:7d or since:2026-03-01"),
}


_ADVICE = {
    TargetKind.COMPANY: marked("Write a name or a ticker, such as nvidia."),
    TargetKind.THEME: marked("Write a kind of event, such as compute resale."),
}


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    for found in _PIECE.finditer(text):
        key = (found["key"] or found["bare"] or "").lower()
        value = found["phrase"] if found["phrase"] is not None else found["word"] or ""
        is_quoted = found["phrase"] is not None
        if pieces and pieces[-1].key and not pieces[-1].text and not key:  # 'company: nvidia'
            pieces[-1] = _Piece(pieces[-1].key, value, is_quoted)
        elif not key or _near(key):
            pieces.append(_Piece(key, value, is_quoted))
        else:  # a colon within a word: 're:Invent', an address
            pieces.append(_Piece("", found[0]))
    return pieces


def _near(key: str) -> str:
    """The filter that a key is, or is a slip of the pen for; else an empty string."""
    return next(iter(nearest(key, FILTERS)), "")


def _longest(
    piece: _Piece, rest: list[_Piece], vocabulary: Vocabulary, kind: TargetKind
) -> tuple[str, list[_Piece]]:
    """The name that begins with a filter's value: as many of the words after it as are one ('sk hynix')."""
    if piece.is_quoted:
        return piece.text, rest
    run = [piece.text]
    for follower in rest[: _RUN - 1]:
        if follower.key or follower.is_quoted:
            break
        run.append(follower.text)
    for size in range(len(run), 1, -1):
        name = " ".join(run[:size])
        if any(t.kind is kind for t in vocabulary.resolve(name)):
            return name, rest[size - 1 :]
    return piece.text, rest


def _named(
    asked: Asked, kind: TargetKind, name: str, vocabulary: Vocabulary, company: str, *, is_typing: bool
) -> Asked:
    """Add a company or theme."""
    known = vocabulary.resolve(name)
    targets = [t for t in known if t.kind is kind]
    if kind is TargetKind.THEME and targets:
        return replace(asked, query=replace(asked.query, theme=targets[0].id))
    chosen = [t for t in targets if t.id == company]
    if len(targets) == 1 or chosen or (targets and is_typing):
        ids = tuple(t.id for t in chosen or targets)
        return replace(asked, query=replace(asked.query, companies=ids))
    if targets:
        return Asked(choices=tuple(targets), name=name)
    return Asked(problem=unknown(kind, name, known, vocabulary))


def unknown(kind: TargetKind, name: str, known: Sequence[Target], vocabulary: Vocabulary) -> str:
    """Says that a name is none of this kind, and what it is or could be.

    Args:
        kind: What was looked for.
        name: As it was typed.
        known: What it means otherwise.
        vocabulary: Knows what comes near.
    """
    example = _ADVICE[kind]
    if known:
        found = kind_word(known[0].kind)
        told = tr("{name} is a {found}, not a {kind}.", name=echo(name), found=found, kind=kind_word(kind))
        return told + " " + tr(example)
    near = [
        word for word in vocabulary.suggest(name) if any(t.kind is kind for t in vocabulary.resolve(word))
    ]
    told = tr("I know no {kind} {name}.", kind=kind_word(kind), name=echo(name))
    return told + " " + (tr("Did you mean {near}?", near=alternatives(near)) if near else tr(example))


def _valued(asked: Asked, piece: _Piece, now: datetime, tz: tzinfo) -> Asked:
    """Add a modality, level or date."""
    word = piece.text.lower()
    if piece.key == "modality":
        modality = read_modality(word)
        if modality is None:
            return Asked(
                problem=tr(
                    "{text} is no modality. Modalities: {modalities}{hint}",
                    text=echo(piece.text),
                    modalities=", ".join(MODALITIES),
                    hint=suggestion(word, MODALITIES),
                )
            )
        return replace(asked, query=replace(asked.query, modality=modality))
    if piece.key == "level":
        level = read_level(word)
        if level is None:
            known = level_words()
            return Asked(
                problem=tr(
                    "{text} is no level. Levels: {levels}{hint}",
                    text=echo(piece.text),
                    levels=", ".join(known),
                    hint=suggestion(word, known),
                )
            )
        return replace(asked, query=replace(asked.query, level=level))
    try:
        since = _moment(word, now, tz)
    except (ValueError, OverflowError):
        example = tr(_EXAMPLES["since"])
        return Asked(
            problem=tr("{text} is no time. Write {example}.", text=echo(piece.text), example=example)
        )
    if since > now:
        return Asked(problem=tr("{text} is still to come.", text=echo(piece.text)))
    return replace(asked, query=replace(asked.query, since=since))


def _moment(word: str, now: datetime, tz: tzinfo) -> datetime:
    """A day's beginning, or so long ago.

    Raises:
        ValueError: It is neither.
        OverflowError: It is before the calendar.
    """
    if "-" in word:
        return datetime.combine(date.fromisoformat(word), time.min, tz).astimezone(UTC)
    return now - parse_duration(word)
