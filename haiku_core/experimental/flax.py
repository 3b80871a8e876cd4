"""Flax modules in Haiku programs and the other way round; flax is imported on use."""

from __future__ import annotations

from typing import Any

__all__ = ("Module", "flatten_flax_to_haiku", "lift")  # noqa: F822 - made on use


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from haiku_core._src import flax_bridge
    except ImportError as error:
        raise ImportError(
            f"`hk.experimental.flax.{name}` features require `flax` to be installed "
            f"({error})."
        ) from error
    return getattr(flax_bridge, name)


def __dir__() -> list[str]:
    return list(__all__)
