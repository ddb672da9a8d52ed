"""The values that rules are written with: words and lists, ids, durations, patterns, titles. No keys here."""

from __future__ import annotations

import re
from datetime import timedelta
from string import Formatter
from typing import Annotated, Any, TypeVar

import re2
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from bot.documents import Loc, Place, shape
from bot.text import did_you_mean, parse_duration

PLACEHOLDERS = ("actor", "target", "theme", "count")
MAX_PATTERN = 500  # characters of one text pattern
_MAX_SPAN = timedelta(days=366)
_ID = re.compile(r"[a-z][a-z0-9_]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")

T = TypeVar("T")
Places = dict[Loc, Place]


def _items(value: object) -> object:
    """Refuse what was meant as a list but is none, in words that say how to write one."""
    if not isinstance(value, list):
        raise ValueError(
            f"expected a list here, found {shape(value)}: write [a, b], or begin each item with '- '"
        )
    if not value:
        raise ValueError("this list is empty; write one item at least, or leave out a key that may be")
    return value


def _values(value: object) -> object:
    """Accept one word where a list of words is meant."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, dict):
        raise ValueError("expected one value or a list of values here, found keys with values")
    for item in _items(value):  # type: ignore[attr-defined]
        if not isinstance(item, str) or not item.strip():
            raise ValueError(
                f"expected a plain word here, found {shape(item)}" if item else "nothing is written here"
            )
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is no id; use lower-case letters, digits and '_', a letter first")
    return value


def _span(value: object) -> timedelta:
    try:
        span = parse_duration(str(value))
    except OverflowError:
        span = _MAX_SPAN * 2
    if not timedelta(0) < span <= _MAX_SPAN:
        raise ValueError(f"{value!r} is out of range; write a duration from 1s to 366d")
    return span


def _moment(value: object) -> timedelta:
    if value in ("0", "0s", "0m", "0h", "0d"):
        return timedelta(0)
    return _span(value)


def unfold(value: Any, places: Places) -> Any:
    """Put each `$name` of a pack's `lists` in its place among the words; a name that is not there stays as it is.

    In `places` the words of a list then stand where its name does, and what comes after them keeps its own place.
    """
    if not isinstance(value, dict) or not isinstance(value.get("lists"), dict):
        return value
    lists = {f"${name}": words for name, words in value["lists"].items() if isinstance(words, list)}
    moved: Places = {}
    unfolded = _unfolded(value | {"lists": {}}, lists, (), (), places, moved)
    of_lists = {loc: place for loc, place in places.items() if loc[:1] == ("lists",)}
    places.clear()
    places.update(moved | of_lists)
    return unfolded | {"lists": value["lists"]}


def _unfolded(
    value: Any, lists: dict[str, list[Any]], was: Loc, now: Loc, places: Places, moved: Places
) -> Any:
    moved[now] = places[was]
    if isinstance(value, dict):
        return {k: _unfolded(v, lists, (*was, k), (*now, k), places, moved) for k, v in value.items()}
    if not isinstance(value, list):
        return lists.get(value, value)
    parts: list[Any] = []
    for n, part in enumerate(value):
        if isinstance(part, str) and part in lists:
            moved |= {(*now, len(parts) + k): places[*was, n] for k in range(len(lists[part]))}
            parts += lists[part]
        else:
            parts.append(_unfolded(part, lists, (*was, n), (*now, len(parts)), places, moved))
    return parts


def _pattern(value: str) -> str:
    if len(value) > MAX_PATTERN:
        raise ValueError(f"this pattern is longer than {MAX_PATTERN} characters")
    if re.fullmatch(r"\$\w+", value):
        raise ValueError(
            f"{value!r} can match nothing, and no list is called that; a pattern is no list of words"
        )
    try:
        compile_pattern(value)
    except re2.error as e:
        reason = e.args[0].decode("utf-8", "replace") if isinstance(e.args[0], bytes) else e.args[0]
        hint = "; look-around and back-references don't exist here" if "(?" in value or "\\" in value else ""
        raise ValueError(f"{value!r} is no usable pattern: {reason}{hint}") from e
    return value


def _tier(value: object) -> object:
    if value not in ("1", "2", "3"):
        raise ValueError(f"{shape(value)} is no tier; write 1, 2 or 3")
    return value


def _yes(value: object) -> object:
    if value not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r} is no language; write a code such as en or de")
    return value


def _title(value: str) -> str:
    if not value:
        raise ValueError("the title is empty")
    try:
        parts = list(Formatter().parse(value))
    except ValueError as e:
        raise ValueError(f"the title can't be filled in: {e}") from e
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS:
            raise ValueError(
                f"the title can't hold {{{name}}}, only {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}"
                f"{did_you_mean(name, PLACEHOLDERS)}"
            )
        if spec or conversion:
            raise ValueError(f"{{{name}}} in a title takes no format")
    return value


def _version(value: int) -> int:
    if value != 1:
        raise ValueError(f"version {value} is not known; this program reads version 1")
    return value


def compile_pattern(pattern: str) -> Any:
    """A text pattern ready to search: linear time, any case of letters, '.' matches line ends too.

    Raises:
        re2.error: It is no pattern of this engine.
    """
    options = re2.Options()
    options.case_sensitive, options.dot_nl, options.log_errors = False, True, False
    return re2.compile(pattern, options)


Title = Annotated[str, AfterValidator(_title)]
Version = Annotated[int, AfterValidator(_version)]
Id = Annotated[str, AfterValidator(_id)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": "^([0-9]+[smhdw])+$", "examples": ["6h", "3d"]}),
]
Moment = Annotated[
    timedelta,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": "^(0|([0-9]+[smhdw])+)$", "examples": ["0h", "3d"]}),
]
Pattern = Annotated[str, AfterValidator(_pattern)]
Language = Annotated[str, AfterValidator(_language)]
Tier = Annotated[int, Field(ge=1, le=3), BeforeValidator(_tier)]
Yes = Annotated[bool, BeforeValidator(_yes)]
Words = Annotated[tuple[T, ...], BeforeValidator(_values), Field(min_length=1)]
Items = Annotated[tuple[T, ...], BeforeValidator(_items), Field(min_length=1)]
