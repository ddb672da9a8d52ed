"""What the image needs is in it, and compose.yaml fits the Dockerfile. Neither is built here."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Settings, setting_name
from bot.text import parse_duration

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def told(instruction: str) -> list[str]:
    """What stands behind each use of an instruction."""
    return re.findall(rf"(?m)^{instruction} +(.+)$", DOCKERFILE)


ENVIRONMENT = dict(pair.split("=", 1) for line in told("ENV") for pair in line.split())


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = compose["services"]["spillover"]
    return found


def test_every_file_of_the_program_is_installed_with_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["bot"]
    files = [p for p in (ROOT / "bot").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    others = [p.relative_to(ROOT / "bot").as_posix() for p in files if p.suffix != ".py"]
    assert [p for p in others if not any(fnmatch(p, pattern) for pattern in patterns)] == []


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().split("\n")}
    copied = {name for line in told("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied
    assert copied <= sent
    assert all((ROOT / name).exists() for name in copied)


def test_the_settings_of_the_image_and_of_compose_are_settings(service: dict[str, Any]) -> None:
    known = {setting_name(field) for field in Settings.model_fields}
    named = {name for name in {*ENVIRONMENT, *service["environment"]} if name.startswith("BOT_")}
    assert {name.removesuffix("_FILE") for name in named} <= known


def test_compose_mounts_what_the_image_reads_and_writes(service: dict[str, Any]) -> None:
    mounts = dict(volume.removesuffix(":ro").split(":") for volume in service["volumes"])
    assert mounts == {"data": ENVIRONMENT["BOT_DATA_DIR"], "./rules": ENVIRONMENT["BOT_RULES_DIR"]}
    assert told("VOLUME") == [mounts["data"]]
    assert service["environment"]["BOT_TELEGRAM_TOKEN_FILE"] == f"/run/secrets/{service['secrets'][0]}"


def test_compose_publishes_the_port_of_the_image_to_this_machine_alone(service: dict[str, Any]) -> None:
    port = str(Settings.model_fields["http_port"].default)
    assert told("EXPOSE") == [port]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_compose_waits_longer_for_a_stop_than_a_stop_takes(service: dict[str, Any]) -> None:
    assert parse_duration(service["stop_grace_period"]).total_seconds() > 10


def test_the_image_runs_as_a_user_without_rights_that_stays_the_same(service: dict[str, Any]) -> None:
    assert told("USER") == ["spillover"]
    assert "--uid 10001" in DOCKERFILE
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
