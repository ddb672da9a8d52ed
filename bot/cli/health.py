"""Whether the bot that runs is well. A container asks twice a minute, so nothing is imported here that takes long."""

from __future__ import annotations

import http.client
import json
from datetime import timedelta

import click

from bot.config import Settings
from bot.errors import BotError, ConfigError
from bot.terminal import finding, with_settings

HEALTH_WITHIN = timedelta(seconds=4)
HEALTH_BYTES = 10_000  # of an answer that are read
LOOPBACK = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # where one listens on all addresses


@click.command()
@with_settings
def health(settings: Settings) -> None:
    """Ask the running bot whether it is well.

    Made for a container's health check: the exit code is 1 if it does not answer or is not ready.
    """
    with finding(BotError):
        click.echo(ask_health(settings))


def ask_health(settings: Settings) -> str:
    """Ask the running bot for its readiness; gives its answer.

    Raises:
        ConfigError: The port is not known, or no bot answers there.
        BotError: The bot says that it is not ready; names what is missing.
    """
    host, port = settings.http_host, settings.http_port
    if port == 0:
        raise ConfigError("BOT_HTTP_PORT is 0, so the bot's port is not known; give both the same fixed port")
    connection = http.client.HTTPConnection(
        LOOPBACK.get(host, host), port, timeout=HEALTH_WITHIN.total_seconds()
    )
    try:
        connection.request("GET", "/readyz")
        text = connection.getresponse().read(HEALTH_BYTES).decode()
        answer = json.loads(text)
    except OSError as e:
        raise ConfigError(f"no bot answers on {host} port {port}: {e.strerror or e}; is it running?") from e
    except (http.client.HTTPException, ValueError) as e:
        raise ConfigError(
            f"what answers on {host} port {port} is not this bot; set BOT_HTTP_PORT as for the bot"
        ) from e
    finally:
        connection.close()
    if not isinstance(answer, dict) or answer.get("status") != "ready":
        raise BotError(f"the bot on {host} port {port} is not ready: {text}")
    return text
