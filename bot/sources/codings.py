"""Undoes the content coding of an answer piece by piece, so that a bomb is noticed before it is unpacked."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT = "gzip, br, zstd"
"""What we ask for: exactly what can be decoded with a bound on the output."""

PIECE = 64 * 1024
"""No step of decoding gives much more than this many bytes."""

_ZSTD_WINDOW_LOG = 23  # 8 MiB, the most that RFC 9659 lets a server use


class CodingError(Exception):
    """The body is not what its Content-Encoding says, or that coding is not one of ours."""


class Decoder(Protocol):
    """Decodes one body."""

    def feed(self, data: bytes, /) -> Iterator[bytes]:
        """Decoded pieces, each of about `PIECE` bytes at most.

        Raises:
            CodingError: The data is not in this coding.
        """
        ...

    def finish(self) -> None:
        """The body is at its end.

        Raises:
            CodingError: The coded data is not.
        """
        ...


def decoder(content_encoding: str) -> Decoder:
    """The decoder for a Content-Encoding header (empty: none).

    Raises:
        CodingError: Unknown, or several codings on top of each other, which nobody needs for a feed.
    """
    names = [n.strip().lower() for n in content_encoding.split(",")]
    names = [n.removeprefix("x-") for n in names if n not in ("", "identity")]
    if not names:
        return _Identity()
    if len(names) > 1:
        raise CodingError(f"is coded {len(names)} times over ({', '.join(names)[:60]})")
    makers: dict[str, type[Decoder]] = {"gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}
    if names[0] not in makers:
        raise CodingError(f"uses the unknown coding {names[0][:30]!r}; we asked for {ACCEPT}")
    return makers[names[0]]()


class _Identity:
    def feed(self, data: bytes, /) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        return


class _Gzip:
    """One or more members (RFC 1952 2.2); padding after the last one is ignored, as everybody does."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self._over = False

    def feed(self, data: bytes, /) -> Iterator[bytes]:
        while data and not self._over:
            try:
                piece = self._zlib.decompress(data, PIECE)
            except zlib.error as e:
                raise CodingError("is not the gzip that it claims to be") from e
            if piece:
                yield piece
            data = self._zlib.unconsumed_tail
            if self._zlib.eof:
                data = self._zlib.unused_data
                if data.startswith(b"\x1f"):
                    self._zlib = zlib.decompressobj(wbits=31)
                else:
                    self._over = bool(data)

    def finish(self) -> None:
        if not self._zlib.eof:
            raise CodingError("ends in the middle of its gzip data")


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._brotli: Any = brotli.Decompressor()

    def feed(self, data: bytes, /) -> Iterator[bytes]:
        try:
            while not self._brotli.is_finished():
                piece: bytes = self._brotli.process(data, output_buffer_limit=PIECE)
                if piece:
                    yield piece
                data = b""
                if not piece and self._brotli.can_accept_more_data():
                    return
        except brotli.error as e:
            raise CodingError("is not the brotli that it claims to be") from e

    def finish(self) -> None:
        if not self._brotli.is_finished():
            raise CodingError("ends in the middle of its brotli data")


class _Zstd:
    """One or more frames (RFC 8878)."""

    def __init__(self) -> None:
        self._zstd = self._fresh()

    @staticmethod
    def _fresh() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})

    def feed(self, data: bytes, /) -> Iterator[bytes]:
        if data and self._zstd.eof:
            self._zstd = self._fresh()
        while data or not (self._zstd.eof or self._zstd.needs_input):
            try:
                piece = self._zstd.decompress(data, PIECE)
            except zstd.ZstdError as e:
                raise CodingError("is not the zstd that it claims to be, or wants too large a window") from e
            if piece:
                yield piece
            data = b""
            if self._zstd.eof and self._zstd.unused_data:
                data, self._zstd = self._zstd.unused_data, self._fresh()

    def finish(self) -> None:
        if not self._zstd.eof:
            raise CodingError("ends in the middle of its zstd data")
