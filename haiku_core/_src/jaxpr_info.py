"""A program as a tree of modules with their operations, sizes and flops."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from haiku_core._src import jaxprs
from haiku_core._src.summarise import MethodInvocation, eval_summary

ComputeFlops = Callable[[Any, "Expression"], int]


@dataclasses.dataclass
class Module:
    """A Haiku module, a name scope, or a function that the program calls.

    Attributes:
      name: its name in the module around it.
      flops: floating-point operations, with those of submodules; of one step, if it
        is the body of a loop. ``None`` if they weren't asked for.
      expressions: what it consists of, in program order.
      total_param_size: elements of all parameters, with those of submodules.
      param_info: name in the module -> shape and dtype.
      total_state_size: as above, of state.
      state_info: as above, of state.
    """

    name: str
    flops: int | None = None
    expressions: list[Expression] = dataclasses.field(default_factory=list)
    total_param_size: int = 0
    param_info: dict[str, str] = dataclasses.field(default_factory=dict)
    total_state_size: int = 0
    state_info: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Expression:
    """One operation, or one submodule.

    Attributes:
      primitive: JAX's name of the operation, such as ``add``.
      invars: names of its inputs, separated by spaces, or how many there are.
      outvars: likewise of its results.
      flops: floating-point operations, or ``None``.
      details: shapes and dtypes of inputs and results.
      params: the operation's settings, as text.
      submodule: what it consists of, if it calls or contains anything.
      first_outvar: the first of the results' names.
      name_stack: the name scopes around it.
    """

    primitive: str
    invars: str
    outvars: str
    flops: int | None = None
    details: str = ""
    params: dict[str, str] = dataclasses.field(default_factory=dict)
    submodule: Module | None = None
    first_outvar: str = ""
    name_stack: Sequence[str] = dataclasses.field(default_factory=list)


def make_model_info(
    f: Callable[..., Any],
    name: str | None = None,
    include_module_info: bool = True,
    compute_flops: ComputeFlops | None = None,
    axis_env: Sequence[tuple[Any, int]] | None = None,
) -> Callable[..., Module]:
    """Finds the operations of a program, by module.

    Args:
      f: a pure function, such as ``apply`` or a function that calls it.
      name: the name of the root; the function's by default.
      include_module_info: whether parameters and state are counted; it takes another
        run of the function.
      compute_flops: ``fn(equation, expression)`` estimates an operation's
        floating-point operations.
      axis_env: sizes of named axes, as for ``jax.make_jaxpr``.

    Returns:
      A function of ``f``'s arguments, arrays or ``jax.ShapeDtypeStruct``, that returns
      the root :class:`Module`. What the results don't depend on is left out. See
      :func:`format_module` and :func:`as_html_page`.
    """
    name = name or f.__name__
    options = {} if axis_env is None else {"axis_env": axis_env}
    trace = jax.make_jaxpr(f, **options)

    def info(*args: Any, **kwargs: Any) -> Module:
        with jaxprs.deep_recursion():
            root = _Reader(compute_flops).module(name, trace(*args, **kwargs).jaxpr)
            if include_module_info:
                # Wrapped, since it would look into a transformed function otherwise.
                calls = eval_summary(lambda *a, **k: f(*a, **k))(*args, **kwargs)
                by_name = {
                    _plain(call.module_details.module.module_name): call
                    for call in calls
                }
                for expression in root.expressions:
                    if expression.submodule:
                        name_there = expression.submodule.name
                        _count(expression.submodule, name_there, by_name)
            return root

    return info


def _plain(module_name: str) -> str:
    """A module's name as JAX's name scopes have it."""
    return module_name.replace("/~/", "/")


def _count(module: Module, path: str, calls: Mapping[str, MethodInvocation]) -> None:
    """Adds numbers of parameters and state to the modules that have any."""
    call = calls.get(path)
    if call is not None:
        params, state = call.module_details.params, call.module_details.state
        module.total_param_size = sum(spec.size for spec in params.values())
        module.total_state_size = sum(spec.size for spec in state.values())
        module.param_info.update(_relative(params, path))
        module.state_info.update(_relative(state, path))
    for expression in module.expressions:
        if expression.submodule:
            inside = expression.submodule
            _count(inside, f"{path}/{inside.name}", calls)


def _relative(specs: Mapping[str, Any], path: str) -> dict[str, str]:
    return {
        _plain(name).replace(path, ".", 1): str(spec) for name, spec in specs.items()
    }


# ---------------------------------------------------------------- reading programs


def _called(equation: Any) -> tuple[str, Any, int] | None:
    """(title, jaxpr, how often it runs) of an equation that runs another program."""
    kind, params = equation.primitive.name, equation.params
    if kind == "scan":
        title = f"scan length={params['length']} unroll={params['unroll']}"
        return title, params["jaxpr"], params["length"]
    if kind == "while":
        return "while", params["body_jaxpr"], 1
    if kind in ("jit", "pjit"):
        return params["name"], params["jaxpr"], 1
    if kind == "shard_map":
        return kind, params["jaxpr"], params["mesh"].size
    if kind in ("remat2", "checkpoint"):
        return "remat", params["jaxpr"], 1
    if kind in ("custom_jvp_call", "custom_vjp_call"):
        return kind.removesuffix("_call"), params["call_jaxpr"], 1
    if kind == "xla_pmap":
        return f"{kind} {params['name']}", params["call_jaxpr"], 1
    return None


class _Reader:
    """Turns jaxprs into modules."""

    def __init__(self, compute_flops: ComputeFlops | None) -> None:
        self._compute_flops = compute_flops

    def module(self, name: str, jaxpr: Any) -> Module:
        root = Module(name, flops=None if self._compute_flops is None else 0)
        names = jaxprs.VariableNames(jaxpr)
        stack = [root]  # The module, and the name scopes that are open inside of it.
        for equation in jaxprs.live_equations(jaxpr):
            expression = self._expression(equation, names)
            if expression.submodule is not None and expression.flops == 0:
                continue
            self._open(stack, expression.name_stack)
            stack[-1].expressions.append(expression)
            if expression.flops is not None:
                for module in stack:
                    module.flops = (module.flops or 0) + expression.flops
        return root

    @staticmethod
    def _open(stack: list[Module], scopes: Sequence[str]) -> None:
        """Closes and opens scopes, such that these are open."""
        common = 0
        for module, scope in zip(stack[1:], scopes, strict=False):
            if module.name != scope:
                break
            common += 1
        del stack[common + 1 :]
        for scope in scopes[common:]:
            inside = Module(scope)
            stack[-1].expressions.append(
                Expression("name_scope", "", "", submodule=inside)
            )
            stack.append(inside)

    def _expression(self, equation: Any, names: jaxprs.VariableNames) -> Expression:
        ins = [names[v] for v in equation.invars]
        # Results that nobody uses come last.
        outs = sorted(
            (names[v] for v in equation.outvars), key=lambda n: (n == "_", len(n), n)
        )
        expression = Expression(
            primitive=equation.primitive.name,
            invars=" ".join(ins) if len(ins) < 10 else f"{len(ins)} inputs",
            outvars=" ".join(outs)
            if len(outs) < 10
            else f"{outs[0]}, {len(outs) - 1} more outputs",
            first_outvar=outs[0],
            name_stack=list(jaxprs.scopes(equation)),
        )
        called = _called(equation)
        if called is not None:
            title, jaxpr, times = called
            expression.submodule = self.module(title, jaxprs.opened(jaxpr))
            if self._compute_flops is not None:
                expression.flops = expression.submodule.flops * times
            return expression
        shapes = [
            f"{side} " + ", ".join(_shape(v) for v in variables)
            for side, variables in (("in", equation.invars), ("out", equation.outvars))
            if variables
        ]
        expression.details = ", ".join(shapes)
        expression.params = {key: str(v) for key, v in equation.params.items()}
        if self._compute_flops is not None:
            expression.flops = self._compute_flops(equation, expression)
        return expression


def _shape(variable: Any) -> str:
    return variable.aval.str_short().replace("float", "f")


# ---------------------------------------------------------------- text


def amount(number: int, unit: str) -> str:
    """``4.624 kparams``: four digits and a decimal prefix, as far as one is needed."""
    for power, prefix in (
        (18, "E"),
        (15, "P"),
        (12, "T"),
        (9, "G"),
        (6, "M"),
        (3, "k"),
    ):
        if number > 10**power:
            return f"{number / 10**power:.4g} {prefix}{unit}"
    return f"{number} {unit}"


def sizes(module: Module, units: tuple[str, str, str]) -> list[str]:
    """Its flops, parameters and state, as far as there are any."""
    flops, params, state = units
    texts = [] if module.flops is None else [amount(module.flops, flops)]
    if module.total_param_size:
        texts.append(amount(module.total_param_size, params))
    if module.total_state_size:
        texts.append(amount(module.total_state_size, state))
    return texts


def format_module(module: Module, depth: int = 0) -> str:
    """A module as indented text, one line an operation.

    Args:
      module: what :func:`make_model_info` found.
      depth: how far to indent, in steps of two spaces.
    """
    margin = "  " * depth
    lines = [margin + " ".join([module.name, *sizes(module, _PLURALS)])]
    for item in module.expressions:
        if item.submodule:
            lines.append(format_module(item.submodule, depth + 1).rstrip("\n"))
        else:
            flops = [] if item.flops is None else [amount(item.flops, "flops")]
            lines.append(
                f"{margin}  " + " ".join([item.primitive, *flops, item.details])
            )
    return "\n".join(lines) + "\n"


_PLURALS = ("flops", "params", "state")
