"""Building ahead of the first call, and tables of variables."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from compat.dictionary import manual, structural
from compat.runtime.function import Function
from compat.runtime.specs import TensorSpec
from compat.runtime.variable import Variable

structural("snt.build", rule="build")
for _name in ("format_variables", "log_variables"):
    manual(
        f"snt.{_name}",
        because="parameters are a tree of arrays, not objects with a name and a device",
        instead="print(hk.experimental.tabulate(f)(*args)), or walk the tree with "
        "hk.data_structures.traverse",
    )
manual(
    "snt.src.*",
    because="it is private to Sonnet",
    instead="the public name, where there is one",
)
manual(
    "snt.AbstractModule",
    because="it is Sonnet 1's base class: this is code for Sonnet 1 and TensorFlow 1",
    instead="move it to Sonnet 2 first, or write an hk.Module",
)
manual(
    "snt.__version__",
    because="there is no Sonnet any more",
    instead="take the check away",
)

_SHORT = {"float": "f", "bfloat": "bf", "complex": "c", "uint": "u", "int": "i"}
_HEADERS = ("Variable", "Spec", "Trainable", "Device")


def build(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Makes a module's variables without computing anything.

    Args:
      f: the module or function.
      *args: as `f` takes them; a list or tuple of ints and None stands for a float32
        tensor of that shape, a `tf.TensorSpec` for one like it.
      **kwargs: likewise, but shapes must be specs.

    Returns:
      A nest of `tf.TensorSpec`, like `f`'s result.
    """
    traced = f if isinstance(f, Function) else Function(f)
    specs = [TensorSpec(a) if _is_shape(a) else a for a in args]
    return traced.get_concrete_function(*specs, **kwargs).structured_outputs


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        n is None or isinstance(n, int) for n in value
    )


def format_variables(variables: Sequence[Variable], tablefmt: str = "orgtbl") -> str:
    """A table of variables: names, shapes and dtypes, whether trained, devices.

    Args:
      variables: in any order; the table goes by scope, larger ranks first.
      tablefmt: "orgtbl" or "github", "plain", or one that the tabulate package knows.
    """
    rows = [_row(v) for v in sorted(variables, key=_order)]
    if tablefmt not in _RULES:
        import tabulate

        return tabulate.tabulate(rows, headers=_HEADERS, tablefmt=tablefmt)
    # Headers get two characters more, as tabulate has it.
    cells = zip([h + "  " for h in _HEADERS], *rows, strict=True)
    widths = [max(map(len, column)) for column in cells]
    start, between, end, corner = _RULES[tablefmt]
    lines = [
        (start + between.join(map(str.ljust, row, widths)) + end).rstrip()
        for row in (_HEADERS, *rows)
    ]
    if corner:
        lines.insert(1, "|" + corner.join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


# start, separator and end of a line; the corner of the rule under the headers.
_RULES = {
    "orgtbl": ("| ", " | ", " |", "+"),
    "github": ("| ", " | ", " |", "|"),
    "plain": ("", "  ", "", ""),
}


def log_variables(variables: Sequence[Variable]) -> None:
    """Logs `format_variables`, line by line."""
    log = _logger()
    for line in format_variables(variables).split("\n"):
        log.info(line)


def _logger() -> Any:
    """absl's log, as in Sonnet, where absl is installed; else Python's."""
    try:
        from absl import logging as absl_logging
    except ImportError:
        return logging.getLogger("sonnet")
    return absl_logging


def _order(variable: Variable) -> tuple[str, int, str]:
    scope, _, _ = variable.name.rpartition("/")
    return scope, -len(variable.shape), variable.name


def _row(variable: Variable) -> tuple[str, str, str, str]:
    return (
        variable.name.split(":")[0],
        _spec(variable),
        str(variable.trainable),
        _device(variable.device),
    )


def _spec(variable: Variable) -> str:
    name = variable.dtype.name
    stem = name.rstrip("0123456789")
    short = _SHORT.get(stem, stem) + name[len(stem) :]
    return f"{short}[{','.join(map(str, variable.shape))}]"


def _device(name: str) -> str:
    """ "CPU" for the first local one, "GPU 1" for another."""
    kind, _, index = name.rpartition("/device:")[2].partition(":")
    return kind if index in ("", "0") else f"{kind} {index}"
