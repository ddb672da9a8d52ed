"""The learned part tells nobody that it is used."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
READ = """
import sys
from pathlib import Path
from bot.nlp.analyzer import load_analyzer
from bot.nlp.items import read_items
[analysis] = load_analyzer(Path("rules")).analyze(read_items(Path(sys.argv[1])))
assert analysis.events
assert "onnxruntime" in sys.modules, "the encoder has read it"
"""


def test_nothing_is_kept_or_sent_when_a_text_is_read(tmp_path: Path) -> None:
    item = {
        "id": "1",
        "published": "2026-01-01T00:00:00Z",
        "title": "Meta weighs renting out spare GPUs",
        "text": "It is early.",
    }
    (tmp_path / "items").write_text(json.dumps(item), encoding="utf-8")
    environ = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "items")],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / "items"]
    assert "telemetry" not in done.stderr.lower()
