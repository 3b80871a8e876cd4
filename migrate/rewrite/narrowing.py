"""The narrowing table: what becomes of 64-bit dtypes in code for JAX.

JAX computes in 32 bits by default; migrated code says so instead of asking for 64 bits
and getting a warning. The runtime that runs legacy code as it is does not narrow.
"""

from __future__ import annotations

NARROWED = {
    "int64": "int32",
    "uint64": "uint32",
    "float64": "float32",
    "complex128": "complex64",
}


def narrowed(name: str) -> str:
    """The dtype that stands for one named `name` in code for JAX."""
    return NARROWED.get(name, name)
