"""That a packed body is whole, and no larger unpacked than may be: found out without holding much more than that.

httpx unpacks without a limit, and takes a stream that stops short for a whole one.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any

from synthetic.drivers.translate import BadAnswer

_GZIP_OR_ZLIB = 47
_RAW_DEFLATE = -15
_PLAIN = ("", "identity")

_Unpacked = tuple[bytes, bool]
"""What has been unpacked, about as much as was asked for at most, and whether it is all."""


def check_unpacked(packed: bytes, codings: str, bytes_max: int) -> None:
    """Whether httpx may unpack this body. `codings`: its Content-Encoding.

    Raises BadAnswer, also where it is packed in a way that httpx knows and that has no limit. What is no such stream at all is
    left to httpx, which says so.
    """
    for coding in reversed([coding.strip().lower() for coding in codings.split(",")]):
        if coding in _PLAIN or not packed:
            continue
        unpack = _WAYS.get(coding)
        if unpack is None:
            return  # httpx does not know it either: a body is then what travelled
        try:
            packed, whole = unpack(packed, bytes_max + 1)
        except _Broken:
            return
        if len(packed) > bytes_max:
            raise BadAnswer(f"sent a body over the limit of {bytes_max} bytes unpacked")
        if not whole:
            raise BadAnswer("sent a compressed body that stops short")


class _Broken(Exception):  # noqa: N818 - httpx tells what is wrong
    """This is no such stream."""


def _inflated(packed: bytes, bytes_max: int) -> _Unpacked:
    for way in (_GZIP_OR_ZLIB, _RAW_DEFLATE):  # what is called deflate often lacks its header
        stream = zlib.decompressobj(way)
        try:
            unpacked = stream.decompress(packed, bytes_max)
        except zlib.error:
            continue
        return unpacked, stream.eof
    raise _Broken


def _from_brotli(packed: bytes, bytes_max: int) -> _Unpacked:
    brotli = _module("brotli")
    if brotli is None or not hasattr(brotli.Decompressor, "can_accept_more_data"):  # before 1.2 it has no limit
        return _without_limit("br", "brotli", "brotlicffi")
    stream = brotli.Decompressor()
    try:
        unpacked: bytes = stream.process(packed, output_buffer_limit=bytes_max)
    except brotli.error:
        raise _Broken from None
    return unpacked, bool(stream.is_finished())


def _from_zstandard(_packed: bytes, _bytes_max: int) -> _Unpacked:
    return _without_limit("zstd", "zstandard")


def _without_limit(coding: str, *modules: str) -> _Unpacked:
    if any(_module(name) is not None for name in modules):
        raise BadAnswer(f"sent a body packed as {coding}, of which nobody here can tell how large it gets")
    raise _Broken  # httpx has nothing to unpack it with


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_WAYS: dict[str, Callable[[bytes, int], _Unpacked]] = {
    "gzip": _inflated,
    "deflate": _inflated,
    "br": _from_brotli,
    "zstd": _from_zstandard,
}
