"""Fault 30: a decompression bomb is stopped at the cap, however it is packed."""

import gzip
import subprocess
import sys
import zlib

import brotli
import pytest

from bot.sources.codings import PIECE, CodingError, decoder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"<rss>spare compute</rss>" * 500
PACK = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "x-gzip": gzip.compress,
    "": bytes,
    "identity": bytes,
}


def unpack(coding: str, data: bytes, step: int) -> bytes:
    decode, out = decoder(coding), bytearray()
    for at in range(0, len(data), step):
        for piece in decode.feed(data[at : at + step]):
            out += piece
    decode.finish()
    return bytes(out)


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("coding", PACK)
def test_every_coding_that_we_ask_for_gives_the_text_back_in_any_portions(coding, step):
    assert unpack(coding, PACK[coding](TEXT), step) == TEXT


@pytest.mark.parametrize("step", [1, 100_000])
def test_several_gzip_members_and_padding_are_one_text(step):
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two") + bytes(9), step) == b"one two"


@pytest.mark.parametrize("step", [1, 3, 100_000])
def test_several_zstd_frames_and_a_skippable_one_are_one_text(step):
    skippable = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    assert unpack("zstd", zstd.compress(b"one ") + skippable + zstd.compress(b"two"), step) == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_body_cut_off_in_the_middle_is_noticed(coding):
    with pytest.raises(CodingError, match="ends in the middle"):
        unpack(coding, PACK[coding](TEXT)[:-9], 100)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_garbage_is_not_what_it_claims_to_be(coding):
    with pytest.raises(CodingError, match="claims to be"):
        unpack(coding, b"\xff\xfe this is no such thing" * 20, 1000)


@pytest.mark.parametrize(
    ("coding", "message"),
    [
        pytest.param("gzip, gzip", "2 times over", id="stacked"),
        pytest.param("identity, br", "", id="identity does not count"),
        pytest.param("deflate", "unknown coding 'deflate'", id="not asked for"),
        pytest.param("rot13", "unknown coding 'rot13'", id="unknown"),
    ],
)
def test_only_single_known_codings_are_taken_fault_30(coding, message):
    if not message:
        assert decoder(coding)
        return
    with pytest.raises(CodingError, match=message):
        decoder(coding)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_comes_in_small_pieces_so_that_a_reader_can_stop_fault_30(coding):
    bomb = PACK[coding](bytes(20_000_000))
    sizes = []
    for piece in decoder(coding).feed(bomb):
        sizes.append(len(piece))
        if sum(sizes) > 1_000_000:
            break
    assert max(sizes) <= 2 * PIECE
    assert sum(sizes) < 1_000_000 + 2 * PIECE


def test_a_zstd_frame_that_wants_a_huge_window_is_refused_fault_30():
    wide = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    packed = zstd.ZstdCompressor(options=wide)
    frame = packed.compress(bytes(1000)) + packed.flush()
    with pytest.raises(CodingError, match="too large a window"):
        unpack("zstd", frame, 1000)


MEASURE = """
import resource, sys, zlib
from bot.sources.codings import decoder
data = open(sys.argv[2], "rb").read()
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before, body, decode = peak(), bytearray(), decoder(sys.argv[1])
for at in range(0, len(data), 16384):
    for piece in decode.feed(data[at:at + 16384]):
        body += piece
        if len(body) > 8 * 1024 * 1024:
            print(peak() - before)
            raise SystemExit
print(-1)
"""


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_of_600_mb_costs_at_most_64_mib_of_memory_fault_30(coding, tmp_path):
    if coding == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(bytes(10_000_000)) for _ in range(60)) + packer.flush()
    elif coding == "br":
        bomb = brotli.compress(bytes(600_000_000), quality=1)
    else:
        bomb = zstd.compress(bytes(600_000_000), level=1)
    (tmp_path / "bomb").write_bytes(bomb)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, coding, str(tmp_path / "bomb")],
        capture_output=True,
        text=True,
        check=True,
    )
    growth = int(done.stdout)
    assert 0 <= growth <= 64 * 1024 * 1024
