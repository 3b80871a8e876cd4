"""Summaries of models: which methods ran, on what, with which parameters."""

from __future__ import annotations

import dataclasses
import functools
import math
import pprint
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from haiku_core._src.frames import Frame, Scope, here
from haiku_core._src.mappings import tree_bytes, tree_size
from haiku_core._src.module import MethodContext, Module, intercept_methods
from haiku_core._src.text import format_array, format_bytes
from haiku_core._src.transform import original_function, run_apply, run_init
from haiku_core._src.variables import bundles_of


@dataclasses.dataclass(frozen=True, repr=False)
class ArraySpec:
    """An array's shape and dtype; prints as ``f32[8,128]``.

    Attributes:
      shape: its shape.
      dtype: its dtype.
    """

    shape: Sequence[int]
    dtype: Any

    def __repr__(self) -> str:
        return format_array(self)

    __str__ = __repr__

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @classmethod
    def from_array(cls, array: Any) -> ArraySpec:
        """Of anything with a shape and a dtype."""
        return cls(array.shape, array.dtype)


@dataclasses.dataclass(frozen=True)
class ModuleDetails:
    """A module, one of its methods, and the values that it owned after the call.

    Attributes:
      module: the module.
      method_name: the method.
      params: full name -> spec, of the module's parameters and its submodules'.
      state: likewise of their state.
    """

    module: Module
    method_name: str
    params: Mapping[str, ArraySpec]
    state: Mapping[str, ArraySpec]

    @classmethod
    def of(cls, module: Module, method_name: str) -> ModuleDetails:
        """For a module of the current frame."""
        frame: Frame = here.frame
        submodules = module.__dict__.get("_submodules", ())
        params, state = (
            _specs(bundles_of(values, module.module_name, submodules))
            for values in (frame.params, frame.current)
        )
        return cls(module, method_name, params, state)


@dataclasses.dataclass(frozen=True)
class MethodInvocation:
    """One call of a module's method.

    Attributes:
      module_details: the module and the method.
      args_spec: the positional arguments, arrays replaced by :class:`ArraySpec`.
      kwargs_spec: the keyword arguments likewise.
      output_spec: the result likewise.
      context: what an interceptor is told about the call.
      call_stack: the module itself, the one that called it, and so on outwards.
    """

    module_details: ModuleDetails
    args_spec: tuple[Any, ...]
    kwargs_spec: dict[str, Any]
    output_spec: Any
    context: MethodContext
    call_stack: Sequence[ModuleDetails]


def _specs(tree: Any) -> Any:
    return jax.tree.map(
        lambda x: ArraySpec.from_array(x) if isinstance(x, jax.Array) else x, tree
    )


def _call_stack(scope: Scope | None) -> tuple[ModuleDetails, ...]:
    stack = []
    while scope is not None and scope.module is not None:
        stack.append(ModuleDetails.of(scope.module, scope.method))
        scope = scope.outer
    return tuple(stack)


_NOT_SHOWN = frozenset({"__init__", "params_dict", "state_dict"})


def _record(
    calls: list[Any],
    next_f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    context: MethodContext,
) -> Any:
    """The interceptor that writes calls down, in the order in which they begin."""
    if context.method_name in _NOT_SHOWN:
        return next_f(*args, **kwargs)
    place = len(calls)
    calls.append(None)
    out = next_f(*args, **kwargs)
    calls[place] = MethodInvocation(
        module_details=ModuleDetails.of(context.module, context.method_name),
        args_spec=_specs(args),
        kwargs_spec=_specs(kwargs),
        output_spec=_specs(out),
        context=context,
        call_stack=_call_stack(here.frame.scope),
    )
    return out


def eval_summary(f: Any) -> Callable[..., Sequence[MethodInvocation]]:
    """Finds out which methods of which modules a function calls. Nothing is computed.

    Args:
      f: a function that uses modules; or what ``hk.transform`` or
        ``hk.transform_with_state`` returned, or its ``init`` or ``apply``, compiled or
        not: then it is the function that was transformed.

    Returns:
      A function of ``f``'s arguments that returns the calls in ``apply``, in the order
      in which they begin.
    """
    try:
        f = original_function(f)
    except AttributeError:
        pass

    def summary(*args: Any, **kwargs: Any) -> Sequence[MethodInvocation]:
        calls: list[MethodInvocation] = []

        def init_and_apply(*args: Any, **kwargs: Any) -> None:
            init_key, apply_key = jax.random.split(jax.random.PRNGKey(42))
            _, params, state = run_init(f, init_key, args, kwargs)
            with intercept_methods(functools.partial(_record, calls)):
                run_apply(f, params, state, apply_key, args, kwargs)

        # Compiled functions inside of `f` would be called from JAX's cache, if they
        # had run before, and their modules be missed.
        with jax.disable_jit():
            jax.eval_shape(init_and_apply, *args, **kwargs)
        return calls

    return summary


# ---------------------------------------------------------------- tables


def _own_params(call: MethodInvocation) -> str:
    """Parameters of the module itself, the biggest first, then by name."""
    details = call.module_details
    prefix = details.module.module_name
    own = [
        (name.rpartition("/")[2], spec)
        for name, spec in details.params.items()
        if name.rpartition("/")[0] == prefix
    ]
    own.sort(key=lambda entry: (-entry[1].size, entry[0]))
    return "\n".join(f"{name}: {spec}" for name, spec in own)


def _inputs(call: MethodInvocation) -> str:
    text = ", ".join(pprint.pformat(arg) for arg in call.args_spec)
    if call.kwargs_spec:
        named = (f"{k}={pprint.pformat(v)}" for k, v in call.kwargs_spec.items())
        text += "\n" + ", ".join(named)
    return text


def _stack_text(call: MethodInvocation) -> str:
    def line(details: ModuleDetails) -> str:
        kind = type(details.module).__name__
        if details.method_name != "__call__":
            kind += f".{details.method_name}"
        return f"{details.module.module_name} ({kind})"

    return "\n └ ".join(line(details) for details in call.call_stack)


# Name -> (header, text of a cell, alignment).
_COLUMNS: dict[str, tuple[str, Callable[[MethodInvocation], str], str]] = {
    "module": ("Module", _stack_text, "left"),
    "config": ("Config", lambda call: repr(call.module_details.module), "left"),
    "owned_params": ("Module params", _own_params, "left"),
    "input": ("Input", _inputs, "left"),
    "output": ("Output", lambda call: pprint.pformat(call.output_spec), "left"),
    "params_size": (
        "Param count",
        lambda call: f"{tree_size(call.module_details.params):,}",
        "right",
    ),
    "params_bytes": (
        "Param bytes",
        lambda call: format_bytes(tree_bytes(call.module_details.params)),
        "right",
    ),
}
_FILTERS: dict[str, Callable[[MethodInvocation], bool]] = {
    "has_output": lambda call: call.output_spec is not None,
    "has_params": lambda call: bool(call.module_details.params),
}


def _known(kind: str, names: Sequence[str], table: Mapping[str, Any]) -> list[Any]:
    if odd := [name for name in names if name not in table]:
        raise ValueError(f"Invalid {kind}(s) {odd}, valid {kind}s {list(table)}")
    return [table[name] for name in names]


def tabulate(
    f: Any,
    *,
    columns: Sequence[str] | None = tuple(_COLUMNS),
    filters: Sequence[str] | None = ("has_output",),
    tabulate_kwargs: Mapping[str, Any] = {"tablefmt": "grid"},
) -> Callable[..., str]:
    """Makes a table of the methods that a function calls; see :func:`eval_summary`.

    Needs the package ``tabulate``.

    Args:
      f: as for :func:`eval_summary`.
      columns: which columns, in which order; all of them by default: ``module`` (names
        of the module and those that called it), ``config`` (its constructor call),
        ``owned_params``, ``input``, ``output``, ``params_size`` (number of elements
        with submodules'), ``params_bytes``.
      filters: which calls: ``has_output`` (result isn't ``None``), ``has_params`` (the
        module has parameters).
      tabulate_kwargs: further arguments of ``tabulate.tabulate``.

    Returns:
      A function of ``f``'s arguments that returns the table as text.

    Raises:
      ValueError: for an unknown column or filter.
    """
    shown = _known("column", tuple(_COLUMNS) if columns is None else columns, _COLUMNS)
    wanted = _known("filter", ("has_output",) if filters is None else filters, _FILTERS)
    summary = eval_summary(f)

    def table(*args: Any, **kwargs: Any) -> str:
        calls = summary(*args, **kwargs)
        calls = [call for call in calls if all(keep(call) for keep in wanted)]
        if not calls:
            return "No modules matching filters."
        import tabulate as tables

        return tables.tabulate(
            [[text(call) for _, text, _ in shown] for call in calls],
            headers=[header for header, _, _ in shown],
            colalign=[align for _, _, align in shown],
            **tabulate_kwargs,
        )

    return table
