"""Reads the YAML files that people edit under `rules/`: strictly, and with a place for every mistake.

Every scalar is a string when it leaves YAML (so `ON`, `000660` and `22:00` stay what they look like);
the pydantic model of the file turns it into what it should be. What the files mean is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import RulesError
from bot.text import did_you_mean, nearest

Loc = tuple[str | int, ...]
Place = tuple[int, int]  # 1-based line and column

_MAX_BYTES = 5_000_000
_MAX_NODES = 500_000  # stops an alias bomb
_MAX_DEPTH = 50
_ONE_VALUE = frozenset({"enum", "literal_error", "string_type", "int_type", "float_type", "bool_type"})
_TOO_DEEP = "is nested too deeply or repeats itself through aliases"
_FAST = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml, where PyYAML was built with it


class Strict(BaseModel):
    """A part of a file: unknown keys are mistakes, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @classmethod
    def prepare(cls, data: Any, places: dict[Loc, Place]) -> Any:
        """What is to be validated, made from what was read; `places` may be changed in place with it."""
        return data


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Document(Generic[M]):
    """A file that was read: its content, and where each part stands."""

    path: Path
    content: M
    places: dict[Loc, Place]

    def place(self, loc: Sequence[str | int]) -> Place:
        """Line and column of a part, or of the nearest part around it that exists."""
        return _place(self.places, loc)

    def error(self, problem: str, loc: Sequence[str | int]) -> RulesError:
        """A mistake at a part of this file."""
        return RulesError(problem, self.path, *self.place(loc))


def read_document(path: Path, model: type[M]) -> Document[M]:
    """Read one file into its model.

    Raises:
        RulesError: The first mistake, with the rest in its `others`.
    """
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise RulesError(f"can't be read: {e.strerror or e}", path) from e
    return parse_document(raw, path, model)


def parse_document(raw: bytes | str, path: Path, model: type[M]) -> Document[M]:
    """Read a file's text into its model; `path` is for messages only.

    Raises:
        RulesError: The first mistake, with the rest in its `others`.
    """
    if len(raw) > _MAX_BYTES:
        raise RulesError(f"is larger than {_MAX_BYTES:,} bytes", path)
    try:
        node = _compose(raw, path)
    except yaml.MarkedYAMLError as e:
        raise _malformed(e, path) from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise _unreadable(raw, path) or RulesError(f"not valid YAML: {str(e).splitlines()[0]}", path) from e
    if node is None:
        raise RulesError("is empty", path)
    builder = _Builder(path)
    data = builder.build(node, ())
    if builder.mistakes:
        raise _joined(builder.mistakes)
    try:
        content = model.model_validate(_prepared(model, data, builder.places))
    except ValidationError as e:
        raise _joined(_explain(e, path, builder.places, model)) from e
    return Document(path, content, builder.places)


def _prepared(model: type[BaseModel], data: Any, places: dict[Loc, Place]) -> Any:
    return model.prepare(data, places) if issubclass(model, Strict) else data


def _compose(raw: bytes | str, path: Path) -> yaml.Node | None:
    """The nodes of a text; a few brackets too many are found before anything recurses."""
    try:
        depth = 0
        for event in yaml.parse(raw, Loader=_FAST):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                mark = event.start_mark
                raise RulesError(_TOO_DEEP, path, *((mark.line + 1, mark.column + 1) if mark else ()))
        return yaml.compose(raw, Loader=_FAST)
    except yaml.YAMLError:
        if _FAST is yaml.BaseLoader:
            raise
        return yaml.compose(raw, Loader=yaml.BaseLoader)  # says better what is wrong


def _malformed(error: yaml.MarkedYAMLError, path: Path) -> RulesError:
    """A slip of YAML's own grammar, in the words of those who make it; the parser's words are for its authors."""
    said, context = str(error.problem or error.context or error), str(error.context or "")
    start, mark = error.context_mark, error.problem_mark or error.context_mark
    if "expected ':'" in said:  # noticed a line too late
        said, mark = "a key needs ': ' behind it, with a blank", start or mark
    elif "\\t" in said:
        said = "a tab can't indent; use blanks"
    elif "<block end>" in said:
        said = "this doesn't follow from what stands before; look for a wrong indentation or an open quote"
    elif "mapping values" in said:
        said = "a ': ' is too many here; put a text that holds one in quotes"
    elif "another document" in said:
        said = "a second document begins here; a file holds one"
    elif "flow" in context and start:
        said = f"{said}; the bracket opens in line {start.line + 1}, column {start.column + 1}"
    return RulesError(f"not valid YAML: {said}", path, *((mark.line + 1, mark.column + 1) if mark else ()))


def _unreadable(raw: bytes | str, path: Path) -> RulesError | None:
    """The first thing in a file that is no text, or None if all is."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
    except UnicodeDecodeError as e:
        before, problem = e.object[: e.start].decode("utf-8"), f"byte 0x{e.object[e.start]:02x} is not UTF-8"
        return RulesError(f"{problem}; save the file as UTF-8", path, *_end_of(before))
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd is None:
        return None
    problem = f"the character U+{ord(odd[0]):04X} can't stand in a file; delete it"
    return RulesError(problem, path, *_end_of(text[: odd.start()]))


def _end_of(text: str) -> Place:
    """Where the character behind a text stands."""
    return text.count("\n") + 1, len(text) - text.rfind("\n")


class _Builder:
    """Turns nodes into dicts, lists and strings, and remembers where each stood."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[Loc, Place] = {}
        self.mistakes: list[RulesError] = []
        self._open: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        mark = node.start_mark
        here = (mark.line + 1, mark.column + 1)
        self.places.setdefault(loc, here)
        self._count += 1
        if self._count > _MAX_NODES or id(node) in self._open or len(loc) > _MAX_DEPTH:
            raise RulesError(_TOO_DEEP, self.path, *here)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        self._open.add(id(node))
        built: Any
        if isinstance(node, yaml.SequenceNode):
            built = [self.build(item, (*loc, n)) for n, item in enumerate(node.value)]
        else:
            built = {}
            for key_node, value_node in node.value:
                key, key_mark = key_node.value, key_node.start_mark
                at = (key_mark.line + 1, key_mark.column + 1)
                if not isinstance(key, str):
                    raise RulesError("a key must be a plain word", self.path, *at)
                if key in built:
                    first = self.places[(*loc, key)][0]
                    problem = f"{key!r} stands here a second time (first in line {first})"
                    self.mistakes.append(RulesError(problem, self.path, *at))
                    continue
                self.places[(*loc, key)] = at
                built[key] = self.build(value_node, (*loc, key))
        self._open.discard(id(node))
        return built


def _place(places: dict[Loc, Place], loc: Sequence[str | int]) -> Place:
    known: Loc = ()
    for part in loc:  # pydantic puts names of union branches between the real keys: step over them
        if (*known, part) in places:
            known = (*known, part)
    return places.get(known, (1, 1))


def _explain(
    error: ValidationError, path: Path, places: dict[Loc, Place], model: type[BaseModel]
) -> list[RulesError]:
    mistakes = []
    items = error.errors()
    unknown = [i["loc"] for i in items if i["type"] == "extra_forbidden"]
    mistyped = {  # a required key that is written wrongly is one mistake, not an unknown key and a missing one
        (*loc[:-1], key) for loc in unknown for key in nearest(str(loc[-1]), _keys_at(model, loc[:-1]))
    }
    missing: dict[Loc, list[str]] = {}  # what a part lacks is one mistake, told with its unknown key
    for item in items:
        if item["type"] == "missing" and item["loc"] not in mistyped:
            missing.setdefault(item["loc"][:-1], []).append(str(item["loc"][-1]))
    for item in items:
        loc, kind = item["loc"], item["type"]
        name = str(loc[-1]) if loc else ""
        if kind == "extra_forbidden":
            lacking = missing.pop(loc[:-1], [])
            problem = f"unknown key {name!r}{did_you_mean(name, _keys_at(model, loc[:-1]))}"
            problem += f"; {_are_missing(lacking)}" if lacking else ""
        elif kind == "missing":
            lacking = missing.pop(loc[:-1], []) if loc[:-1] not in {u[:-1] for u in unknown} else []
            if not lacking:
                continue
            problem = _are_missing(lacking)
        else:
            problem = _explained(item, name)
        mistakes.append(RulesError(problem, path, *_place(places, loc)))
    return sorted(mistakes, key=lambda m: (m.line or 0, m.column or 0))


def _are_missing(keys: list[str]) -> str:
    *first, last = (repr(key) for key in keys)
    return f"{', '.join(first)} and {last} are missing" if first else f"{last} is missing"


def _explained(item: Any, name: str) -> str:
    """What is wrong with a value, and what can stand there."""
    kind, given = item["type"], item["input"]
    if not isinstance(given, str) and kind in _ONE_VALUE:
        return f"{name}: expected one value here, found {shape(given)}"
    if kind in ("enum", "literal_error"):
        known = _expected(item)
        if len(known) == 1:
            return f"{given!r} can't stand here; the only word is {known[0]}"
        return f"{given!r} is not one of {', '.join(known)}{did_you_mean(given, known)}"
    if kind in ("int_parsing", "float_parsing"):
        return f"{name}: {given!r} is no {'whole ' if kind == 'int_parsing' else ''}number"
    if kind == "string_too_short":
        return f"{name}: nothing is written here"
    text: str = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{name}: {text}" if name and kind != "value_error" else text


def shape(value: object) -> str:
    """What was written, in a word or two."""
    if isinstance(value, dict):
        return "keys with values"
    return "a list" if isinstance(value, list) else repr(value) if value else "nothing"


def _expected(item: Any) -> list[str]:
    text = str(item.get("ctx", {}).get("expected", ""))
    return [part.strip(" '\"") for part in text.replace(" or ", ", ").split(",") if part.strip()]


def _keys_at(model: type[BaseModel], loc: Iterable[str | int]) -> set[str]:
    """All keys of the models at (or anywhere below) a place: enough to name the nearest one."""
    models: set[type[BaseModel]] = {model}
    for part in loc:
        if not isinstance(part, str):
            continue
        fields = [f for m in models for n, f in m.model_fields.items() if part in (n, f.alias)]
        deeper = {m for f in fields for m in _models_in(f.annotation)}
        named = {m for m in models if m.__name__ == part}
        models = named or deeper or models
    return {f.alias or n for m in models for n, f in m.model_fields.items()}


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    found: set[type[BaseModel]] = set()
    for part in getattr(annotation, "__args__", ()):
        found |= _models_in(part)
    inner = getattr(annotation, "__value__", None)
    return found | (_models_in(inner) if inner is not None else set())


def fail_with(mistakes: Iterable[RulesError]) -> None:
    """Raise the mistakes as one error, in the order of files and lines; do nothing if there are none.

    Raises:
        RulesError: There are some.
    """
    ordered = sorted(mistakes, key=lambda m: (str(m.path), m.line or 0, m.column or 0))
    if ordered:
        raise _joined(ordered)


def _joined(mistakes: list[RulesError]) -> RulesError:
    first = mistakes[0]
    first.others = tuple(mistakes[1:])
    return first
