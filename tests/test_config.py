from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import load_settings
from bot.errors import ConfigError
from bot.telemetry import Redactor

TOKEN = "123456789:AAfakefakefakefakefakefakefakefakefake"


def test_without_anything_set_the_defaults_hold() -> None:
    settings = load_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings.telegram_token is None
    assert settings.database == Path("data/spillover.db")


def test_values_are_read_in_the_forms_that_people_write() -> None:
    settings = load_settings(
        {"BOT_KEEP": "30d", "BOT_TELEGRAM_ADMINS": "1, 2 3", "BOT_HTTP_PORT": "9000", "BOT_TICK": "1m30s"}
    )
    assert settings.keep == timedelta(days=30)
    assert settings.telegram_admins == ("1", "2", "3")
    assert (settings.http_port, settings.tick) == (9000, timedelta(seconds=90))


def test_a_secret_is_read_from_a_file_and_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    settings = load_settings({"BOT_TELEGRAM_TOKEN_FILE": str(tmp_path / "token")})
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN
    assert settings.secrets == (TOKEN,)
    assert TOKEN not in repr(settings)
    assert TOKEN not in str(settings)


def test_addresses_of_other_services_have_names_and_are_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("mailtos://me:word-of-pass@mail.example/?to=a%40b.example\n")
    settings = load_settings(
        {
            "BOT_CHANNEL_RISK_DESK": "ntfys://tk_secret@ntfy.example/topic-of-few",
            "BOT_CHANNEL_MAIL_FILE": str(tmp_path / "mail"),
            "BOT_CHANNEL_OFF": " ",
        }
    )
    assert settings.channels.keys() == {"risk_desk", "mail"}
    shown = repr(settings) + str(settings)
    assert "tk_secret" not in shown
    assert "word-of-pass" not in shown


def test_an_address_and_each_part_of_it_is_redacted() -> None:
    address = "json://user-name:word-of-pass@host.example:8080/path-known-to-two?token=a%20b%2Fcdef"
    secrets = load_settings({"BOT_CHANNEL_DESK": address}).secrets
    assert {address, "user-name", "word-of-pass", "path-known-to-two", "a b/cdef"} <= set(secrets)
    assert "host.example" not in secrets
    shown = Redactor(secrets).redact(f"asked http://host.example/path-known-to-two as user-name; {address}")
    assert shown == "asked http://host.example/[redacted] as [redacted]; [redacted]"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"BOT_CHANNEL_DESK": "word-of-pass"},
            "BOT_CHANNEL_DESK: an address begins with its service and ://, as in ntfys:// or mailtos://",
            id="no address",
        ),
        pytest.param(
            {"BOT_CHANNEL_DESK": "ntfy://word-of-pass@h/a ntfy://word-of-pass@h/b"},
            "BOT_CHANNEL_DESK: holds more than one address; give each a name of its own",
            id="several",
        ),
        pytest.param(
            {"BOT_CHANNEL_": "ntfy://word-of-pass@h/a"},
            "BOT_CHANNEL_: a name has capital letters, digits and _, begins with a letter and has at most 32 of them",
            id="no name",
        ),
        pytest.param(
            {"BOT_CHANNEL_DESK": "ntfy://word-of-pass@h/a", "BOT_CHANNEL_DESK_FILE": "/dev/null"},
            "BOT_CHANNEL_DESK and BOT_CHANNEL_DESK_FILE are both set; keep one",
            id="twice",
        ),
        pytest.param(
            {"BOT_CHANNEL_DESK_FILE": "/nowhere/desk"},
            "BOT_CHANNEL_DESK_FILE: can't read /nowhere/desk: No such file or directory",
            id="no file",
        ),
    ],
)
def test_a_wrong_address_is_one_line_that_does_not_show_it(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"BOT_TELEGRAM_TOKN": TOKEN},
            "unknown setting BOT_TELEGRAM_TOKN; did you mean 'BOT_TELEGRAM_TOKEN'?",
            id="unknown",
        ),
        pytest.param({"BOT_XYZZY": "1"}, "unknown setting BOT_XYZZY", id="unlike any"),
        pytest.param(
            {"BOT_TELEGRAM_TOKEN": "hello"},
            "BOT_TELEGRAM_TOKEN: does not look like a token from @BotFather (digits, a colon, about 35 characters)",
            id="no token",
        ),
        pytest.param(
            {"BOT_HTTP_PORT": "eighty"},
            "BOT_HTTP_PORT: Input should be a valid integer, unable to parse string as an integer",
            id="no number",
        ),
        pytest.param(
            {"BOT_KEEP": "a while"},
            "BOT_KEEP: 'a while' is no duration; write for example 30s, 15m, 72h or 5d",
            id="no duration",
        ),
        pytest.param({"BOT_TICK": "0s"}, "BOT_TICK: must be longer than 0s", id="no time at all"),
        pytest.param(
            {"BOT_RSSHUB_URL": "rsshub.example"},
            "BOT_RSSHUB_URL: must begin with http:// or https://",
            id="no address",
        ),
        pytest.param(
            {"BOT_TELEGRAM_TOKEN_FILE": "/nowhere/token"},
            "BOT_TELEGRAM_TOKEN_FILE: can't read /nowhere/token: No such file or directory",
            id="no file",
        ),
        pytest.param(
            {"BOT_CONTACT": "a", "BOT_CONTACT_FILE": "/dev/null"},
            "BOT_CONTACT and BOT_CONTACT_FILE are both set; keep one",
            id="twice",
        ),
        pytest.param(
            {"BOT_LOG_LEVEL": "loud"},
            "BOT_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'",
            id="no such level",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    assert str(caught.value) == message


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"BOT_TICK": "x", "BOT_HTTP_PORT": "99999"})
    assert len(str(caught.value).splitlines()) == 2


def test_a_wrong_token_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"BOT_TELEGRAM_TOKEN": "123456789:short-but-secret"})
    assert "secret" not in str(caught.value)
