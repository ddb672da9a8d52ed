"""Settings from the environment: `BOT_*`, or `BOT_*_FILE` for a value that stands in a file.

`BOT_CHANNEL_NAME` is one for each name that routes speak of; its value is a secret as a whole.

An unknown `BOT_*` is a mistake, not a wish that is silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from bot.errors import ConfigError
from bot.hours import known_zone
from bot.text import did_you_mean, parse_duration, show_duration

PREFIX = "BOT_"
CHANNEL_PREFIX = "BOT_CHANNEL_"
MAX_PROCESSES = 256
_CHANNEL = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_MIN_SECRET = 8  # characters; what is shorter stands in every log by chance
_COMMON = frozenset({"localhost", "insecure", "starttls", "markdown", "truncate"})  # values of Apprise's keys
_PROCESSES = re.compile(r"processes:(\d{1,6})")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_CLUSTER = re.compile(r"dask:(tcp://(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5})")


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Zone = Annotated[str, AfterValidator(known_zone)]


class Settings(BaseModel):
    """Everything that an operator can set; the field `data_dir` is `BOT_DATA_DIR`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    telegram_token: SecretStr | None = Field(
        None, description="Token from @BotFather. Without it, cards go to the console."
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org", description="Base address of the Bot API, for a server of your own."
    )
    telegram_rate: int = Field(
        30,
        ge=1,
        le=1000,
        description="Messages a second. More than 30 are paid broadcasts: 0.1 Stars each beyond the 30, switched on at @BotFather.",
    )
    telegram_webhook_url: str = Field(
        "",
        description="Public https address where Telegram calls, instead of being asked; its path is served on BOT_HTTP_PORT.",
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None,
        description="Secret that comes with each call; without it, one is made and kept in BOT_DATA_DIR.",
    )
    telegram_admins: Words = Field((), description="Telegram user ids of the managers, separated by blanks.")
    access: Literal["open", "invite"] = Field(
        "open", description="Who may use the bot: everybody (open), or whom managers /allow (invite)."
    )
    morning: str = Field(
        "08:00", description="When managers get the day's report, by the clock of BOT_TIMEZONE; or off."
    )
    timezone: Zone = Field("UTC", description="The clock that new chats start with, such as Europe/Berlin.")
    data_dir: Path = Field(Path("data"), description="Folder of the database.")
    rules_dir: Path = Field(Path("rules"), description="Folder of sources, companies, themes and rules.")
    contact: str = Field(
        "", description="Mail or web address named to the servers that are polled; some require it."
    )
    rsshub_url: str = Field("", description="Base address of your RSSHub, for feeds that need a bridge.")
    allow_addresses: Words = Field(
        (), description="Private addresses that feeds may have: host:port, address or CIDR."
    )
    http_host: str = Field("127.0.0.1", description="Address of /healthz, /readyz and /metrics.")
    http_port: int = Field(8087, ge=0, le=65535, description="Port of the same; 0 takes any free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    tick: Duration = Field(timedelta(seconds=2), description="How often the database is asked who is due.")
    polls_at_once: int = Field(16, ge=1, le=256, description="Feeds polled at the same time.")
    polls_per_host: int = Field(2, ge=1, le=32, description="Requests to one host at the same time.")
    host_spacing: Duration = Field(timedelta(seconds=1), description="Pause between requests to one host.")
    fetch_timeout: Duration = Field(timedelta(seconds=30), description="Longest that one poll may take.")
    max_body_mb: int = Field(8, ge=1, le=64, description="Largest decoded body of a feed.")
    keep: Duration = Field(timedelta(days=90), description="How long entries and decisions are kept.")
    spacy_model: str = Field("", description="Name of the spaCy package; empty takes the one installed.")
    analysis: str = Field(
        "inline",
        description="Where texts are analysed: inline, processes:N, or dask:tcp://host:port.",
    )

    channels: dict[str, SecretStr] = Field(
        {},
        title=CHANNEL_PREFIX + "NAME",
        description="Address of another service in the form of Apprise; a route leads there by `to: apprise:name`.",
    )

    @field_validator("fetch_timeout", "tick", "keep")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value <= timedelta(0):
            raise ValueError("must be longer than 0s")
        return value

    @field_validator("telegram_api_url", "telegram_webhook_url", "rsshub_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("morning")
    @classmethod
    def _morning(cls, value: str) -> str:
        if value != "off" and not _TIME.fullmatch(value):
            raise ValueError(f"{value!r} is neither a time of day, such as 08:00, nor off")
        return value

    @field_validator("analysis")
    @classmethod
    def _place(cls, value: str) -> str:
        processes = _PROCESSES.fullmatch(value)
        if value != "inline" and not _CLUSTER.fullmatch(value) and not processes:
            raise ValueError(
                f"{value!r} is none of inline, processes:N (N processes of this machine) and "
                "dask:tcp://host:port (the scheduler of a Dask cluster)"
            )
        if processes and not 1 <= int(processes[1]) <= MAX_PROCESSES:
            raise ValueError(
                f"{value!r}: from 1 to {MAX_PROCESSES} processes; as many as there are cores do most"
            )
        return value

    @field_validator("telegram_token", mode="after")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        number, _, secret = value.get_secret_value().partition(":")
        if not number.isdigit() or len(secret) < 20 or not secret.replace("_", "").replace("-", "").isalnum():
            raise ValueError(
                "does not look like a token from @BotFather (digits, a colon, about 35 characters)"
            )
        return value

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_dir / "spillover.db"

    @property
    def morning_at(self) -> time | None:
        """When managers get the day's report, by the clock of `timezone`; None for never."""
        return None if self.morning == "off" else time.fromisoformat(self.morning)

    @property
    def webhook_secret_file(self) -> Path:
        """Where the secret of the webhook is kept that nobody set."""
        return self.data_dir / "webhook_secret"

    @property
    def analysis_processes(self) -> int:
        """How many processes analyse; 0 if none does."""
        found = _PROCESSES.fullmatch(self.analysis)
        return int(found[1]) if found else 0

    @property
    def analysis_cluster(self) -> str:
        """The address of the Dask scheduler through which texts are analysed; empty if none is."""
        found = _CLUSTER.fullmatch(self.analysis)
        return found[1] if found else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Strings that must never be written anywhere."""
        known = (self.telegram_token, self.telegram_webhook_secret)
        token = tuple(s.get_secret_value() for s in known if s is not None and s.get_secret_value())
        parts = {part for a in self.channels.values() for part in _secrets_of(a.get_secret_value())}
        return (*token, *sorted(parts, key=len, reverse=True))


def _secrets_of(address: str) -> set[str]:
    """The address and those of its parts that may be secret, as written and as sent."""
    found = urlsplit(address)
    login, _, place = found.netloc.rpartition("@")
    host = place.partition(":")[0]
    # Where it is no host of the internet, it is part of the secret, as in discord://ID/TOKEN.
    parts = [login, *login.split(":"), *re.split(r"[/+,]", found.path), *([] if "." in host else [host])]
    parts += [value for _, value in parse_qsl(found.query)]
    shown = {p for part in parts for p in (part, unquote(part)) if len(p) >= _MIN_SECRET}
    return {address} | shown - _COMMON


def setting_name(field: str) -> str:
    """The setting that holds a field of `Settings`."""
    return Settings.model_fields[field].title or PREFIX + field.upper()


def show_default(value: object) -> str:
    """A default as the documentation shows it."""
    if isinstance(value, timedelta):
        return f"`{show_duration(value).replace(' ', '')}`"
    return f"`{value}`" if value not in (None, "", (), {}) else ""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        ConfigError: One line for each wrong setting, naming it.
    """
    names = {PREFIX + field.upper(): field for field in Settings.model_fields if field != "channels"}
    values: dict[str, Any] = {}
    channels: dict[str, str] = {}
    problems: list[str] = []
    for key in sorted(k for k in environ if k.startswith(PREFIX)):
        plain = key.removesuffix("_FILE")
        if key.startswith(CHANNEL_PREFIX):
            _read_channel(key, environ, channels, problems)
        elif key in names:
            if f"{key}_FILE" in environ:
                problems.append(f"{key} and {key}_FILE are both set; keep one")
            values[names[key]] = environ[key]
        elif plain in names and plain != key:
            try:
                values[names[plain]] = _read_file(key, environ[key])
            except ConfigError as e:
                problems.append(str(e))
        else:
            problems.append(f"unknown setting {key}{did_you_mean(key, names)}")
    if problems:
        raise ConfigError("\n".join(problems))
    try:
        return Settings.model_validate(values | {"channels": channels})
    except ValidationError as e:
        raise ConfigError("\n".join(_problem(item) for item in e.errors(include_input=False))) from None


def _read_file(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        why = e.strerror if isinstance(e, OSError) else "is not text"
        raise ConfigError(f"{key}: can't read {path}: {why}") from e


def _read_channel(
    key: str, environ: Mapping[str, str], channels: dict[str, str], problems: list[str]
) -> None:
    """Read one address. It is a secret: no problem shows any of it."""
    plain = key.removesuffix("_FILE")
    name = plain.removeprefix(CHANNEL_PREFIX)
    if not _CHANNEL.fullmatch(name):
        problems.append(
            f"{key}: a name has capital letters, digits and _, begins with a letter and has at most 32 of them"
        )
        return
    if plain != key and plain in environ:
        problems.append(f"{plain} and {key} are both set; keep one")
        return
    try:
        address = environ[key].strip() if plain == key else _read_file(key, environ[key])
    except ConfigError as e:
        problems.append(str(e))
        return
    if not address:
        return  # as with every other setting, empty is unset
    if len(address.split()) > 1:
        problems.append(f"{key}: holds more than one address; give each a name of its own")
    elif "://" not in address:
        problems.append(f"{key}: an address begins with its service and ://, as in ntfys:// or mailtos://")
    else:
        channels[name.lower()] = address


def _problem(item: Any) -> str:
    name = PREFIX + str(item["loc"][0]).upper() if item["loc"] else PREFIX + "*"
    return f"{name}: {item['msg'].removeprefix('Value error, ')}"
