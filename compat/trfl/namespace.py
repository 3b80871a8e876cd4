"""`trfl` and its modules, made of the names that are known."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from compat import dictionary
from compat.runtime import dispatch
from compat.runtime.errors import MissingNameError
from compat.trfl import _src
from compat.trfl._src import outputs
from compat.trfl._src.lifting import COMPOSED

VERSION = "1.2.0"  # the release that these follow

# The named tuples by the module that has them.
_TUPLES = {
    "base_ops": {"LossOutput": outputs.LossOutput},
    "action_value_ops": {
        "QExtra": outputs.QExtra,
        "DoubleQExtra": outputs.DoubleQExtra,
    },
    "value_ops": {"TDExtra": outputs.TDExtra, "TDLambdaExtra": outputs.TDLambdaExtra},
    "retrace_ops": {"RetraceCoreExtra": outputs.RetraceCoreExtra},
    "continuous_retrace_ops": {"QTraceReturns": outputs.QTraceReturns},
    "dpg_ops": {"DPGExtra": outputs.DPGExtra},
    "vtrace_ops": {
        "VTraceReturns": outputs.VTraceReturns,
        "VTraceFromLogitsReturns": outputs.VTraceFromLogitsReturns,
    },
}


@functools.cache
def _known() -> frozenset[str]:
    """The dotted names below `trfl`, without it."""
    assert _src  # imported for what it defines
    found = {n for n in dictionary.names() if n.startswith("trfl.")}
    tuples = {f"trfl.{m}.{n}" for m, names in _TUPLES.items() for n in names}
    return frozenset(n.removeprefix("trfl.") for n in found | tuples)


@functools.cache
def _function(entry: dictionary.Entry) -> Callable[..., Any]:
    return entry.fn if entry.name in COMPOSED else dispatch(entry)


def lookup(path: str) -> Any:
    """What a dotted path below `trfl` stands for.

    Raises:
      MissingNameError: nothing.
    """
    module, _, name = path.rpartition(".")
    if name in _TUPLES.get(module, {}):
        return _TUPLES[module][name]
    entry = dictionary.find(f"trfl.{path}") if path in _known() else None
    if entry is not None and entry.fn is not None:
        return _function(entry)
    if any(known.startswith(f"{path}.") for known in _known()):
        return _module(path)
    raise MissingNameError(
        f"compat has no trfl.{path}. It has {', '.join(_children(''))}"
    )


@functools.cache
def _module(path: str) -> types.ModuleType:
    made = types.ModuleType(f"{__package__}.{path}", f"Names of trfl.{path}.")
    made.__path__ = []
    made.__getattr__, made.__dir__ = namespace(made.__name__, f"{path}.")
    sys.modules[made.__name__] = made
    return made


def _children(prefix: str) -> list[str]:
    return sorted(
        {n[len(prefix) :].split(".")[0] for n in _known() if n.startswith(prefix)}
    )


def namespace(
    module: str, prefix: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module of the namespace."""

    def getattribute(name: str) -> Any:
        if name.startswith("_") and name != "__version__":
            raise AttributeError(name)
        value = VERSION if name == "__version__" else lookup(prefix + name)
        setattr(sys.modules[module], name, value)
        return value

    return getattribute, lambda: _children(prefix)
