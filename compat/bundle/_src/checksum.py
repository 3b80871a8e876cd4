"""CRC-32C (Castagnoli), and the masked form in which checkpoint files store it."""

from __future__ import annotations

import google_crc32c
import numpy as np

_CHUNK = 1 << 18
_DELTA = 0xA282EAD8
_WORD = 0xFFFFFFFF


def extend(crc: int, data) -> int:
    """Continues a checksum over `data` (anything with a contiguous buffer).

    The library takes `bytes` only, so a mapped file goes through it in pieces that
    stay in the processor's cache.
    """
    if isinstance(data, bytes):
        return google_crc32c.extend(crc, data)
    view = memoryview(data)
    if view.nbytes == 0:
        return crc
    view = view.cast("B")
    for start in range(0, len(view), _CHUNK):
        crc = google_crc32c.extend(crc, bytes(view[start : start + _CHUNK]))
    return crc


def of(data) -> int:
    """The checksum of `data`."""
    return extend(0, data)


def of_array(array: np.ndarray) -> int:
    """The checksum of an array's bytes in row-major order."""
    return of(as_bytes(array))


def as_bytes(array: np.ndarray) -> np.ndarray:
    """A flat uint8 view of an array (a copy only if it isn't contiguous)."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def mask(crc: int) -> int:
    """The stored form: rotated, plus a constant, so that it never sums itself."""
    return ((crc >> 15 | crc << 17) + _DELTA) & _WORD


def unmask(stored: int) -> int:
    """The inverse of `mask`."""
    turned = (stored - _DELTA) & _WORD
    return (turned >> 17 | turned << 15) & _WORD
