"""The files of the stand-in for the Bot API: sent by people, asked for by `getFile`, and fetched by their paths."""

from __future__ import annotations

import itertools
from typing import Any

MAX_DOWNLOAD = 20 * 1024 * 1024  # bytes. Source: core.telegram.org/bots/api#getfile


class Files:
    """What people have sent. A file may be `lost`: it is known, and its path leads to nothing any more."""

    def __init__(self) -> None:
        self._contents: dict[str, tuple[str, bytes]] = {}  # id → path and content
        self._ids = itertools.count(1)
        self.lost: set[str] = set()  # paths
        self.fetched: list[str] = []  # paths

    def put(self, name: str, content: bytes) -> dict[str, Any]:
        """Somebody sends a file; the document as an update describes it."""
        number = next(self._ids)
        file_id = f"BQAC-{number}"
        self._contents[file_id] = (f"documents/file_{number}.{name.rpartition('.')[2]}", content)
        return {
            "file_id": file_id,
            "file_unique_id": f"u{number}",
            "file_name": name,
            "file_size": len(content),
        }

    def found(self, file_id: str) -> dict[str, Any] | str:
        """Where a file lies, or why it can't be had."""
        if file_id not in self._contents:
            return "invalid file_id"
        path, content = self._contents[file_id]
        if len(content) > MAX_DOWNLOAD:
            return "file is too big"
        return {"file_id": file_id, "file_unique_id": "u", "file_size": len(content), "file_path": path}

    def content(self, path: str) -> bytes | None:
        """What lies there."""
        self.fetched.append(path)
        held = {p: c for p, c in self._contents.values() if p not in self.lost}
        return held.get(path)
