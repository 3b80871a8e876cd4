"""Methods that run once for each instance of a module."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def once(method: Callable[..., Any]) -> Callable[..., None]:
    """Makes a method run at its first call only; later calls do nothing.

    For variables and submodules that depend on the first input. Haiku makes a module
    anew for each trace, so the method runs once for each trace, and a call that
    raised does not count.

    Raises:
      ValueError: the method returned something; later calls could not return it.
    """
    mark = f"_once_{method.__name__}"

    @functools.wraps(method)
    def run(self, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get(mark):
            return
        if method(self, *args, **kwargs) is not None:
            raise ValueError(
                f"{method.__name__} runs once only and so can't return a value"
            )
        setattr(self, mark, True)

    return run
