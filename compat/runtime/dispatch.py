"""From a dictionary entry to the callable that legacy code sees.

For each op a small function is generated: it turns tensor arguments into tensors
(Python numbers with the dtype of their type group), static and shape arguments into
concrete hashable values, and runs the plan of that combination.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from compat.dictionary import Entry, Fn, Ignored, Other, Shape, Static, T, Ts
from compat.runtime import dtypes, nest
from compat.runtime.errors import InvalidArgumentError, OperatorNotAllowedInGraphError
from compat.runtime.plans import Plan, run
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor

_PLAIN = frozenset({int, float, bool, str, type(None)})


def dispatch(entry: Entry) -> Callable[..., Any]:
    """The callable of an entry: tensors in, tensors out.

    Its signature, defaults and docstring are the entry's. Results that are arrays
    become tensors, in whatever nest the body returns.
    """
    if entry.fn is None:
        raise TypeError(f"{entry.name} has no body")
    names = list(entry.kinds)
    plans: dict[Any, Plan] = {}
    space = {
        "Tensor": Tensor,
        "convert": convert,
        "tensors": tensors,
        "static": static,
        "shape": shape,
        "plain": _PLAIN,
        "group": functools.partial(group, entry.name),
        "find": plans.get,
        "make": functools.partial(_make, entry, plans),
        "run": run,
        "default": {
            n: p.default
            for n, p in entry.signature.parameters.items()
            if p.default is not inspect.Parameter.empty
        },
    }
    source = _source(entry, names)
    exec(compile(source, f"<{entry.name}>", "exec"), space)
    call = space["call"]
    call.__doc__ = entry.fn.__doc__
    call.__name__ = call.__qualname__ = entry.__name__
    call.__signature__ = _public_signature(entry)
    call.__module__ = "compat.tensorflow"
    call.entry = entry
    return call


def _public_signature(entry: Entry) -> inspect.Signature:
    parameters = entry.signature.parameters.values()
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])


def _source(entry: Entry, names: list[str]) -> str:
    """The text of the generated function, `call`."""
    head, body, inputs, key = [], [], [], []
    starred = False
    for name, parameter in entry.signature.parameters.items():
        default = f"=default[{name!r}]" if name in _defaults(entry) else ""
        if parameter.kind is parameter.VAR_POSITIONAL:
            head.append(f"*{name}")
            starred = True
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            head.append("*")
            starred = True
        head.append(f"{name}{default}")
    grouped = [n for n in entry.same if entry.kinds.get(n) is T]
    if len(grouped) > 1:
        tests = " or ".join(f"type({n}) is not Tensor" for n in grouped)
        listed = ", ".join(grouped)
        first = grouped[0]
        differ = " or ".join(
            f"{n}._array.dtype is not {first}._array.dtype" for n in grouped[1:]
        )
        body.append(f"if {tests} or {differ}:")
        body.append(f"    {listed} = group({entry.same!r}, ({listed}))")
    for name in names:
        kind = entry.kinds[name]
        optional = _defaults(entry).get(name, 0) is None
        if kind is T:
            if name not in grouped or len(grouped) == 1:
                none = f"{name} is not None and " if optional else ""
                body.append(f"if {none}type({name}) is not Tensor:")
                body.append(f"    {name} = convert({name})")
            if optional:
                key.append(f"{name} is None")
                inputs.append(f"*(() if {name} is None else ({name},))")
            else:
                inputs.append(name)
        elif kind is Ts:
            body.append(f"{name}, {name}_form = tensors({name})")
            key.append(f"{name}_form")
            inputs.append(f"*{name}")
        elif kind is Static or kind is Other or kind is Fn:
            body.append(f"if {name}.__class__ not in plain:")
            body.append(f"    {name} = static({name!r}, {name})")
            key.append(f"{name}, {name}.__class__")
        elif kind is Shape:
            none = f"{name} is not None and " if optional else ""
            body.append(f"if {none}{name}.__class__ is not int:")
            body.append(f"    {name} = shape({name!r}, {name})")
            body.append(f"elif {name} is not None:")
            body.append(f"    {name} = ({name},)")
            key.append(name)
    given = ", ".join(
        f"{n!r}: {n}" if entry.kinds[n] not in (T, Ts) else _form(entry, n)
        for n in names
        if entry.kinds[n] is not Ignored
    )
    body.append(f"key = ({', '.join(key)}{',' if key else ''})")
    body.append("plan = find(key)")
    body.append("if plan is None:")
    body.append(f"    plan = make(key, {{{given}}})")
    listed = "".join(f"{i}, " for i in inputs)
    body.append(f"return run(plan, ({listed}))")
    lines = [f"def call({', '.join(head)}):"] + [f"    {line}" for line in body]
    return "\n".join(lines)


def _form(entry: Entry, name: str) -> str:
    """How a tensor argument stands in the layout: None, or the form of a nest."""
    if entry.kinds[name] is Ts:
        return f"{name!r}: {name}_form"
    if _defaults(entry).get(name, 0) is None:
        return f"{name!r}: None if {name} is None else 1"
    return f"{name!r}: 1"


def _defaults(entry: Entry) -> dict[str, Any]:
    return {
        n: p.default
        for n, p in entry.signature.parameters.items()
        if p.default is not inspect.Parameter.empty
    }


def _make(
    entry: Entry, plans: dict[Any, Plan], key: Any, given: dict[str, Any]
) -> Plan:
    """The plan for one combination of static arguments.

    Args:
      entry: the op.
      plans: where the plan is kept.
      key: under which key.
      given: the static values; for tensor arguments, whether (T) or in which form (Ts)
        they are passed.
    """
    fixed = {
        n: v
        for n, v in given.items()
        if entry.kinds[n] not in (T, Ts) and not (entry.kinds[n] is Other and v is None)
    }
    layout = []
    for name, form in given.items():
        if entry.kinds[name] is T:
            if form is None:
                fixed[name] = None
            else:
                layout.append((name, None, 1))
        elif entry.kinds[name] is Ts:
            layout.append((name, form, form.count))
    body = entry.fn

    def pure(*arrays: Any) -> Any:
        arguments, at = dict(fixed), 0
        for name, form, count in layout:
            if form is None:
                arguments[name] = arrays[at]
            else:
                arguments[name] = form.pack(arrays[at : at + count])
            at += count
        return body(**arguments)

    pure.__name__ = pure.__qualname__ = entry.__name__
    plan = Plan(pure, entry.name)
    plans[key] = plan
    return plan


class Form:
    """The structure of a nest of tensors, hashable.

    Attributes:
      count: the number of tensors.
    """

    __slots__ = ("structure", "count", "_key")

    def __init__(self, structure: Any, count: int) -> None:
        self.structure = structure
        self.count = count
        self._key = structure if structure is None else repr(structure)

    def pack(self, arrays: Any) -> Any:
        """The nest with these leaves; a flat list where that was all."""
        if self.structure is None:
            return list(arrays)
        return nest.pack_sequence_as(self.structure, list(arrays))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Form)
            and self.count == other.count
            and self._key == other._key
        )

    def __hash__(self) -> int:
        return hash((self.count, self._key))


_flat_forms: dict[int, Form] = {}


def tensors(value: Any) -> tuple[list[Tensor], Form]:
    """The tensors of a list (or nest) and its form.

    Python numbers among them take the dtype of the first that has one.
    """
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        flat, structure = list(value), None
        if any(isinstance(v, list | tuple | dict) for v in flat):
            if any(isinstance(v, dict) for v in flat):
                flat, structure = nest.flatten(value), nest.structure_of(value)
    elif is_tensor(value) or isinstance(value, np.ndarray):
        flat, structure = list(value if is_tensor(value) else convert(value)), None
    else:
        flat, structure = nest.flatten(value), nest.structure_of(value)
    hint = None
    for v in flat:
        if is_tensor(v) or isinstance(v, np.ndarray):
            hint = v.dtype.numpy if hasattr(v.dtype, "numpy") else v.dtype
            break
    out = [v if type(v) is Tensor else convert(v, None, hint) for v in flat]
    if structure is not None:
        return out, Form(structure, len(out))
    form = _flat_forms.get(len(out))
    if form is None:
        form = _flat_forms[len(out)] = Form(None, len(out))
    return out, form


def group(op: str, names: tuple[str, ...], values: tuple[Any, ...]) -> list[Any]:
    """The arguments of one type group as tensors of one dtype.

    Raises:
      InvalidArgumentError: two of them have different dtypes.
    """
    hint = None
    for v in values:
        if is_tensor(v):
            hint = v.dtype.numpy if hasattr(v.dtype, "numpy") else v.dtype
            break
    else:
        for v in values:
            if isinstance(v, np.ndarray):
                hint = v.dtype
                break
    out: list[Any] = []
    for name, v in zip(names, values, strict=False):
        if v is None:
            out.append(v)
            continue
        tensor = v if type(v) is Tensor else convert(v, None, hint)
        if hint is None:
            hint = tensor._array.dtype
        elif tensor._array.dtype != hint:
            raise InvalidArgumentError(
                f"{op}: {name} was expected to be a {dtypes.of_numpy(hint).name} "
                f"tensor but is a {tensor.dtype.name} tensor"
            )
        out.append(tensor)
    return out


def static(name: str, value: Any) -> Any:
    """A concrete, hashable form of a static argument.

    Raises:
      OperatorNotAllowedInGraphError: it is a traced tensor.
    """
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, dtypes.DType):
        return value.numpy
    if isinstance(value, TensorShape):
        return None if value.unknown else tuple(value)
    if is_tensor(value):
        if isinstance(value, Tracer) or isinstance(
            getattr(value, "_array", None), Tracer
        ):
            raise OperatorNotAllowedInGraphError(
                f"argument {name!r} must be known when the function is traced, but it "
                f"is computed in it ({value!r})"
            )
        return _plain_tuple(np.asarray(value).tolist())
    if isinstance(value, np.ndarray):
        return _plain_tuple(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return tuple(static(name, v) for v in value)
    if isinstance(value, dict):
        return tuple(sorted((k, static(name, v)) for k, v in value.items()))
    return value


def _plain_tuple(value: Any) -> Any:
    return tuple(_plain_tuple(v) for v in value) if isinstance(value, list) else value


def shape(name: str, value: Any) -> tuple[int, ...]:
    """A concrete shape of ints.

    Raises:
      OperatorNotAllowedInGraphError: a dimension is a traced value.
    """
    try:
        return static_shape(value)
    except (OperatorNotAllowedInGraphError, jax.errors.ConcretizationTypeError):
        raise OperatorNotAllowedInGraphError(
            f"argument {name!r} is a shape and must be known when the function is "
            f"traced, but {value!r} is computed in it"
        ) from None
