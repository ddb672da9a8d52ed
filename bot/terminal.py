"""How the command line behaves on a terminal or in a pipe: mistakes as single lines, exit codes, output that ends."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from rich.console import Console

from bot.config import Settings, load_settings
from bot.errors import BotError, ConfigError, RulesError
from bot.telemetry import set_up_logging
from bot.text import parse_duration

P = ParamSpec("P")
T = TypeVar("T")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Group(click.Group):
    """Turns our own errors into lines on standard error and exit code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Read the arguments and run a command."""
        try:
            return super().main(*args, **kwargs)
        except OSError as e:
            if e.errno not in DISK_FULL:
                raise
            _drop_output()
            click.echo(f"spillover: the output can't be written: {e.strerror}; free some space", err=True)
            sys.exit(2)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BotError as e:
            tell(e)
            ctx.exit(2)
        except BrokenPipeError:  # whoever read our output has gone
            _drop_output()
            ctx.exit(0)


class Screen(Console):
    """Standard output that may be a pipe; when its reader goes, `gone` is called once.

    The base class would end the program in the middle of whatever it does.
    """

    def __init__(self, gone: Callable[[], None] | None = None, **options: Any) -> None:
        super().__init__(highlight=False, **options)
        self._gone = gone

    def on_broken_pipe(self) -> None:
        """Say so to the caller of `print`.

        Raises:
            BrokenPipeError: Always.
        """
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()
        raise BrokenPipeError(errno.EPIPE, "nobody reads the output any more")


def a_duration(_: click.Context, __: click.Parameter, text: str | None) -> timedelta | None:
    """The value of an option that is a duration, such as 6h or 30d."""
    try:
        return None if text is None else parse_duration(text)
    except (ValueError, OverflowError) as e:
        raise click.BadParameter(str(e)) from e


def not_empty(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """The value of an option or argument that must say something where it is given.

    An empty one, as of a shell's variable that is not set, would otherwise count as left out, which widens what it
    was to narrow.
    """
    if text is not None and not text.strip():
        raise click.BadParameter("it is empty; give a value, or leave it out")
    return text


def given_text(argument: str, *, dash: bool = False) -> str:
    """A text that was typed as an argument, or with `dash` and "-" that of standard input.

    Raises:
        ConfigError: It is no UTF-8; says where.
    """
    is_piped = dash and argument == "-"
    raw = sys.stdin.buffer.read() if is_piped else os.fsencode(argument)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        where = "standard input" if is_piped else "the text"
        raise ConfigError(f"{where} is no UTF-8 from byte {e.start:,} on; convert it first") from e


def _drop_output() -> None:
    """What is still buffered must not fail once more when Python closes the file."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def tell(error: BotError) -> None:
    """Write an error to standard error, a line for each mistake."""
    others = error.others if isinstance(error, RulesError) else ()
    for e in (error, *others):
        for line in str(e).splitlines():
            click.echo(f"spillover: {line}", err=True)


@contextmanager
def finding(kind: type[BotError]) -> Iterator[None]:
    """Within a check, an error of this kind is what was looked for: exit code 1."""
    try:
        yield
    except kind as e:
        tell(e)
        sys.exit(1)


def with_settings(command: Callable[Concatenate[Settings, P], T]) -> Callable[P, T]:
    """Give a command the settings; they are read when it runs, so that --help works with wrong ones."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        settings = load_settings(os.environ)
        set_up_logging(settings.log_level, settings.secrets)
        return command(settings, *args, **kwargs)

    return wrapped
