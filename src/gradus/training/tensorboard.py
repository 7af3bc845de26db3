"""Event files for TensorBoard, one scalar after the other.

The file is a sequence of records: length (8 bytes), its masked CRC-32C, an ``Event`` message in the encoding of
protocol buffers, and the message's masked CRC-32C (TensorFlow, ``tsl/lib/io/record_writer.h`` and
``tensorflow/core/util/event.proto``).  It is written here, and not by a library, since the libraries write from a
thread of their own, where a full disk is noticed by nobody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import cache


def file_header(time_s: float) -> bytes:
    """The record that an event file begins with; ``time_s`` is seconds since 1970."""
    return record(_double(1, time_s) + _bytes(3, b"brain.Event:2"))


def scalars(time_s: float, step: int, values: Mapping[str, float]) -> bytes:
    """A record with values by tag, measured after so many steps."""
    summary = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in values.items())
    return record(_double(1, time_s) + _varint_field(2, step) + _bytes(5, summary))


def record(message: bytes) -> bytes:
    """A message as it stands in the file."""
    length = struct.pack("<Q", len(message))
    return length + _masked_crc(length) + message + _masked_crc(message)


def _masked_crc(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(content: Iterable[int]) -> int:
    """The cyclic redundancy check of Castagnoli (RFC 3720, appendix B.4).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc, table = 0xFFFFFFFF, _crc_table()
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


@cache
def _crc_table() -> tuple[int, ...]:
    def entry(value: int) -> int:
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        return value

    return tuple(entry(byte) for byte in range(256))


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _varint_field(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
