"""A process of our own for work that may have to be stopped: a pickle goes in, a pickle comes out, one at a time.

`start`, `ask` and `end` are for the program, `serve` is for the process. It is a fence around time and memory, not
around rights: the process runs as the same user.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

_FRAME = struct.Struct("!Q")  # every message is its length in bytes, then a pickle


async def start(module: str, *args: str, **environment: str) -> asyncio.subprocess.Process:
    """Start a module with nothing but a search path: it needs no settings and gets no secrets.

    Raises:
        OSError: It can't be started.
    """
    path = os.pathsep.join(p or os.getcwd() for p in sys.path)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": path, "PYTHONUTF8": "1", **environment},
        start_new_session=True,  # Ctrl-C is for the program, which then ends it
    )


async def ask(process: asyncio.subprocess.Process, job: bytes) -> Any:
    """Have one job done.

    Raises:
        asyncio.IncompleteReadError: The process has ended; so does a ConnectionError say.
    """
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    process.stdin.write(_FRAME.pack(len(job)) + job)
    await process.stdin.drain()
    size = _FRAME.unpack(await process.stdout.readexactly(_FRAME.size))[0]
    return pickle.loads(await process.stdout.readexactly(size))


def kill(process: asyncio.subprocess.Process | None) -> None:
    """End a process without waiting; whoever waits for its answer hears that it has ended."""
    if process is not None and process.returncode is None:
        process.kill()


async def end(process: asyncio.subprocess.Process | None) -> int | None:
    """End a process at once, wait until it is gone, and give its exit code."""
    kill(process)
    if process is None:
        return None
    await process.communicate()
    return process.returncode


def serve(answer: Callable[[bytes], object], memory: int) -> None:
    """In the process: answer jobs until the other end closes, within so many bytes of address space."""
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody's print may end up between the answers
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while (job := _receive(jobs)) is not None:
        answered = pickle.dumps(answer(job))
        answers.write(_FRAME.pack(len(answered)) + answered)
        answers.flush()


def _receive(jobs: BinaryIO) -> bytes | None:
    head = jobs.read(_FRAME.size)
    return jobs.read(_FRAME.unpack(head)[0]) if len(head) == _FRAME.size else None
