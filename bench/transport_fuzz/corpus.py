"""Answers on the edge of the standard, and beyond it: what damage begins with, beside the valid ones."""

from __future__ import annotations

_OK = b"HTTP/1.1 200 OK\r\n"
_TWO = b"Content-Length: 2\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"

CORPUS: tuple[bytes, ...] = (
    _OK + _TWO + b"\r\nok",
    _OK + _TWO + _TWO + b"\r\nok",
    _OK + b"Content-Length: 2, 2\r\n\r\nok",
    _OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    _OK + b"Content-Length: +2\r\n\r\nok",
    _OK + b"Content-Length: 2 \r\n\r\nok",
    _OK + b"Content-Length : 2\r\n\r\nok",
    _OK + b"Content-Length: 18446744073709551618\r\n\r\nok",
    _OK + _TWO + _CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n",
    _OK + _CHUNKED + _TWO + b"\r\n0\r\n\r\n",
    _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    _OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    _OK + b"Transfer-Encoding: identity\r\n" + _TWO + b"\r\nok",
    _OK + b"Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    _OK + _CHUNKED + _CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n",
    _OK + _CHUNKED + b"\r\n 2\r\nok\r\n0\r\n\r\n",
    _OK + _CHUNKED + b"\r\n2 ;a\r\nok\r\n0;b=c\r\nX-Sum: 1\r\n\r\n",
    _OK + _CHUNKED + b"\r\n2\nok\n0\n\n",
    _OK + _CHUNKED + b"\r\n0000000000000002\r\nok\r\n0\r\n\r\n",
    _OK + _CHUNKED + b"\r\n10000000000000002\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"\r\n\r\nHTTP/1.1 200 OK\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.1 200\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.1  200 OK\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.2 200 OK\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + _TWO + b"\r\nok",
    b"http/1.1 200 OK\r\n" + _TWO + b"\r\nok",
    b"ICY 200 OK\r\n\r\nmusic",
    _OK + b"X-Folded: a\r\n b\r\n\tc\r\n" + _TWO + b"\r\nok",
    _OK + b" X-First: folded\r\n" + _TWO + b"\r\nok",
    _OK + b"X-Bare: a\rb\r\n" + _TWO + b"\r\nok",
    _OK + b"X-Control: a\x01b\x7f\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02ok",
    b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.1 204 No Content\r\n" + _TWO + b"\r\nok",
    b"HTTP/1.1 304 Not Modified\r\n" + _CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 205 Reset Content\r\n\r\n",
    _OK + _TWO + b"Connection: close, keep-alive\r\n\r\nok",
    _OK + _TWO + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nok",
    _OK + _TWO + b"\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
)

WORDS: tuple[bytes, ...] = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"\x7f",
        b"\xff",
        b"0",
        b"-1",
        b"+1",
        b"0x1",
        b"1e3",
    ),
    *(b"0\r\n\r\n", b"\r\n\r\n", b"f" * 16, b"9" * 20, b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Connection: close\r\n", b"Content-Encoding: gzip\r\n", b"Transfer-Encoding: gzip\r\n", b"HTTP/1.1 200 OK\r\n"),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"Upgrade: h2c\r\n"),
    *(b"chunked", b"identity", b"close", b"keep-alive", b"x" * 300, b"1\r\nx\r\n", b"\r\n folded", b"HTTP/1.0 "),
)
"""What is put in somewhere."""
