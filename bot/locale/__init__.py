"""In which language the bot speaks: texts are written in English where they are said, and translated there.

A language is one file here, `<language>.po`; what it lacks is said in English. Who is spoken to is known by the
context (`speaking`), so that no text needs to be handed a language. Quotes, company names and what the rules'
authors wrote are never translated, but for the names of themes, sectors, packs and rules that come along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

SOURCE = "en"
"""The language in which the texts are written."""

_spoken: ContextVar[str] = ContextVar("spoken", default=SOURCE)


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are, the source's first, by their ISO 639 codes."""
    names = (path.name for path in files(__name__).iterdir())
    return (SOURCE, *sorted(name.removesuffix(".po") for name in names if name.endswith(".po")))


def native_name(language: str) -> str:
    """What a language calls itself: 'Deutsch'."""
    name = Locale.parse(language).get_language_name(language) or language
    return name[:1].upper() + name[1:]


def known_language(code: str) -> str:
    """The language that is meant by a code such as 'de-AT', or by a name, its own or the English one; '' if there is none."""
    wanted = code.strip().casefold()
    for language in languages():
        names = {language, native_name(language).casefold()}
        names.add((Locale.parse(language).get_language_name(SOURCE) or "").casefold())
        if wanted in names or wanted.replace("_", "-").partition("-")[0] == language:
            return language
    return ""


def spoken() -> str:
    """The language that is spoken here."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language in what follows; where there is none of that code, the one that was spoken before."""
    if language not in languages():
        yield
        return
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def tr(text: str, /, **values: object) -> str:
    """A text in the language that is spoken, with `{name}` replaced by the values.

    Nothing in a value is ever taken for a place to fill in.
    """
    said = _catalogue(_spoken.get()).gettext(text) if text else ""
    return said.format(**values) if values else said


def tr_n(one: str, many: str, number: int, /, **values: object) -> str:
    """A text that depends on a number, which fills in `{n}`."""
    said = _catalogue(_spoken.get()).ngettext(one, many, number)
    return said.format(n=show_number(number), **values)


def plural_form(noun: str, plural: str, number: int) -> str:
    """The noun as it stands behind a number."""
    return _catalogue(_spoken.get()).ngettext(noun, plural, number)


def marked(text: str, /) -> str:
    """A text as it is, noted for the catalogue: `tr` says it later."""
    return text


def show_number(number: float) -> str:
    """'1,234' and '0.5', '1.234' and '0,5'."""
    return f"{number:,}" if _spoken.get() == SOURCE else str(format_decimal(number, locale=_spoken.get()))


def show_decimal(number: float, digits: int) -> str:
    """'1,234.5', '1.234,5', with so many digits behind the point."""
    if _spoken.get() == SOURCE:
        return f"{number:,.{digits}f}"
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(number, format=pattern, locale=_spoken.get()))


def show_date(moment: datetime, pattern: str) -> str:
    """A time by a pattern of the Unicode standard ('d MMM HH:mm'), which each language may have its own of."""
    return str(format_datetime(moment, tr(pattern), locale=_spoken.get()))


def each_language(say: Callable[[], str]) -> dict[str, str]:
    """What is said, in each language that there is."""
    said = {}
    for language in languages():
        with speaking(language):
            said[language] = say()
    return said


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    with (files(__name__) / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
