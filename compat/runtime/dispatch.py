"""From a dictionary entry to the callable that legacy code sees.

For each op a small function is generated: it turns tensor arguments into tensors
(Python numbers with the dtype of their type group), static and shape arguments into
concrete hashable values, and runs the plan of that combination.
"""

from __future__ import annotations

import collections
import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from compat.dictionary import Dtype, Entry, Ignored, Kind, Shape, T, Ts, guards
from compat.runtime import dtypes, nest
from compat.runtime.errors import (
    InvalidArgumentError,
    OperatorNotAllowedInGraphError,
    ValueNeeded,
)
from compat.runtime.plans import Plan, run
from compat.runtime.random import next_key
from compat.runtime.shapes import TensorShape, static_shape
from compat.runtime.tensor import Tensor, Tracer, convert, is_tensor

_PLAIN = frozenset({int, float, bool, str, type(None)})


@functools.cache
def dispatch(entry: Entry) -> Callable[..., Any]:
    """The callable of an entry: tensors in, tensors out; one for each entry.

    Its signature, defaults and docstring are the entry's. Results that are arrays
    become tensors, in whatever nest the body returns.
    """
    if entry.fn is None:
        raise TypeError(f"{entry.name} has no body")
    plans: dict[Any, Plan] = {}
    text = _Source(entry)
    space = {
        "_Tensor": Tensor,
        "_type": type,  # ops have parameters of that name
        "_convert": convert,
        "_tensors": tensors,
        "_static": static,
        "_dtype": dtype,
        "_shape": shape,
        "_plain": _PLAIN,
        "_group": functools.partial(group, entry.name),
        "_find": plans.get,
        "_make": functools.partial(_make, entry, plans),
        "_run": run,
        "_next_key": next_key,
        "_default": text.defaults,
        "_ONE": ONE,
    }
    exec(compile(text.text(), f"<{entry.name}>", "exec"), space)
    call = space["call"]
    call.__doc__ = entry.fn.__doc__
    call.__name__ = call.__qualname__ = entry.__name__
    parameters = entry.signature.parameters.values()
    call.__signature__ = inspect.Signature(
        [p.replace(annotation=p.empty) for p in parameters]
    )
    call.__module__ = _module_of(entry.name)
    call.entry = entry
    return call


_PACKAGES = {"tf": "compat.tensorflow", "snt": "compat.sonnet", "trfl": "compat.trfl"}


def _module_of(name: str) -> str:
    """The module in which a name is found: "tf.nn.relu" → "compat.tensorflow.nn"."""
    head, _, rest = name.partition(".")
    space = rest.rpartition(".")[0]
    package = _PACKAGES.get(head, "compat.tensorflow")
    return f"{package}.{space}" if space else package


class _Source:
    """The text of the generated function of an entry.

    Attributes:
      defaults: the defaults of its parameters.
      head: its parameters.
      body: its statements.
      inputs: expressions of the tensors that the plan is run on.
      key: expressions that tell one plan from another.
      given: what a new plan is made from, (name, expression).
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        parameters = entry.signature.parameters.values()
        self.defaults = {
            p.name: p.default for p in parameters if p.default is not p.empty
        }
        self.head: list[str] = []
        self.body: list[str] = []
        self.inputs: list[str] = []
        self.key: list[str] = []
        self.given: list[tuple[str, str]] = []
        # Among many tensors, some may be None though they have no default.
        self.many = sum(kind is T for kind in entry.kinds.values()) > 3
        self._heads()
        if entry.key is not None:
            seed = "seed" if "seed" in entry.kinds else ""
            self.inputs.append(f"_next_key({seed})")
        self._group()
        for name, kind in entry.kinds.items():
            self._parameter(name, kind)

    def text(self) -> str:
        """The function, named `call`."""
        given = ", ".join(f"{name!r}: {value}" for name, value in self.given)
        lines = [
            *self.body,
            f"_key = ({''.join(f'{k}, ' for k in self.key)})",
            "_plan = _find(_key)",
            "if _plan is None:",
            f"    _plan = _make(_key, {{{given}}})",
            f"return _run(_plan, ({''.join(f'{i}, ' for i in self.inputs)}))",
        ]
        indented = "".join(f"    {line}\n" for line in lines)
        return f"def call({', '.join(self.head)}):\n{indented}"

    def _heads(self) -> None:
        starred = False
        for name, parameter in self.entry.signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                self.head.append(f"**{name}")
                continue
            if parameter.kind is parameter.VAR_POSITIONAL:
                self.head.append(f"*{name}")
                starred = True
                continue
            if parameter.kind is parameter.KEYWORD_ONLY and not starred:
                self.head.append("*")
                starred = True
            default = f"=_default[{name!r}]" if name in self.defaults else ""
            self.head.append(f"{name}{default}")

    def _group(self) -> None:
        """Brings a type group to one dtype, unless its tensors have it already."""
        entry = self.entry
        self.grouped = [n for n in entry.same if entry.kinds.get(n) is T]
        typed = [n for n in entry.same if entry.kinds.get(n) is Dtype]
        if len(self.grouped) < 2 and not typed:
            self.grouped = []
            return
        first, *others = self.grouped
        odd = [f"_type({n}) is not _Tensor" for n in self.grouped]
        odd += [f"{n}._array.dtype is not {first}._array.dtype" for n in others]
        listed = "".join(f"{n}, " for n in self.grouped)
        asked = f", {typed[0]}" if typed else ""
        self.body += [
            f"if {' or '.join(odd)}:",
            f"    {listed} = _group({tuple(self.grouped)!r}, ({listed}){asked})",
        ]

    def _parameter(self, name: str, kind: type) -> None:
        optional = name in self.defaults and self.defaults[name] is None
        several = self.entry.signature.parameters[name].kind
        if several is inspect.Parameter.VAR_KEYWORD or kind is Ignored:
            return
        if kind is T and several is inspect.Parameter.VAR_POSITIONAL:
            kind = Ts
        if kind is T:
            optional = optional or (name not in self.grouped and self.many)
            if name not in self.grouped:
                unless = f"{name} is not None and " if optional else ""
                self.body += [
                    f"if {unless}_type({name}) is not _Tensor:",
                    f"    {name} = _convert({name})",
                ]
            if optional:
                self.key.append(f"{name} is None")
                self.inputs.append(f"*(() if {name} is None else ({name},))")
                self.given.append((name, f"None if {name} is None else _ONE"))
            else:
                self.inputs.append(name)
                self.given.append((name, "_ONE"))
        elif kind is Ts:
            one = name in self.entry.same
            self.body.append(f"{name}, _{name}_form = _tensors({name}, {one})")
            self.key.append(f"_{name}_form")
            self.inputs.append(f"*{name}")
            self.given.append((name, f"_{name}_form"))
        elif kind is Shape:
            self.body += [
                f"if {name} is not None:" if optional else "if True:",
                f"    {name} = _shape({name!r}, {name})",
            ]
            self.key.append(name)
            self.given.append((name, name))
        elif kind is Dtype:
            self.body += [f"if {name} is not None:", f"    {name} = _dtype({name})"]
            self.key.append(name)
            self.given.append((name, name))
        else:
            self.body += [
                f"if {name}.__class__ not in _plain:",
                f"    {name} = _static({name!r}, {name})",
            ]
            self.key += [name, f"{name}.__class__"]
            self.given.append((name, name))


def _make(
    entry: Entry, plans: dict[Any, Plan], key: Any, given: dict[str, Any]
) -> Plan:
    """The plan for one combination of static arguments.

    Args:
      entry: the op.
      plans: where the plan is kept.
      key: under which key.
      given: static values; a form where a tensor argument is passed.
    """
    fixed: dict[str, Any] = {}
    layout: list[tuple[str, Form]] = []
    for name, value in given.items():
        if isinstance(value, Form):
            layout.append((name, value))
        else:
            fixed[name] = value
    if entry.key is not None:
        layout.insert(0, (entry.key, ONE))
    parameters = list(entry.signature.parameters.values())
    several = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    first = parameters[: parameters.index(several)] if several else []
    body = _with_fields(entry)

    def pure(*arrays: Any) -> Any:
        arguments, at = dict(fixed), 0
        for name, form in layout:
            arguments[name] = form.pack(arrays[at : at + form.count])
            at += form.count
        if several is not None:
            before = [arguments.pop(p.name) for p in first]
            return body(*before, *arguments.pop(several.name), **arguments)
        return body(**arguments)

    pure.__name__ = pure.__qualname__ = entry.__name__
    plan = Plan(pure, entry.name)
    if _holds(entry.concrete, given):
        plan.jitted = pure
    plan.rows = _holds(entry.rows, given)
    plan.constant = entry.constant
    plans[key] = plan
    return plan


def _with_fields(entry: Entry) -> Callable[..., Any]:
    """The body; its result is a named tuple where the original's is one."""
    kind = entry.returns
    if not (isinstance(kind, Kind) and kind.sort == "tuple" and kind.detail):
        return entry.fn
    named = collections.namedtuple(entry.__name__, kind.detail)
    return lambda *args, **kwargs: named(*entry.fn(*args, **kwargs))


def _holds(when: bool | str, given: dict[str, Any]) -> bool:
    """Whether what an entry says holds for a call: always, never, or under a guard."""
    if isinstance(when, bool):
        return when

    def known(condition: guards.Condition) -> bool:
        value = given.get(condition.name)
        if condition.test == "among":
            return value in condition.value
        return value == (condition.value if condition.test == "equal" else None)

    return guards.evaluate(when, known)[0] is True


class Form:
    """How tensors stand in one argument; hashable.

    Args:
      structure: a nest; LIST for a flat list, ALONE for a single tensor.
      count: the number of tensors.
    """

    __slots__ = ("structure", "count", "_key")

    def __init__(self, structure: Any, count: int) -> None:
        self.structure = structure
        self.count = count
        self._key = structure if structure in (LIST, ALONE) else repr(structure)

    def pack(self, arrays: Any) -> Any:
        """The argument with these arrays."""
        if self.structure is ALONE:
            return arrays[0]
        if self.structure is LIST:
            return list(arrays)
        leaves = iter(arrays)
        flat = [
            next(leaves) if mark is HERE else None
            for mark in nest.flatten(self.structure)
        ]
        return nest.pack_sequence_as(self.structure, flat)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Form)
            and self.count == other.count
            and self._key == other._key
        )

    def __hash__(self) -> int:
        return hash((self.count, self._key))


LIST, ALONE, HERE = "list", "alone", "here"
ONE = Form(ALONE, 1)
_lists: dict[int, Form] = {}


def tensors(value: Any, one_dtype: bool = False) -> tuple[list[Tensor], Form]:
    """The tensors of a list (or nest) and how they stand in it.

    Python numbers among them take the dtype of the first that has one. None stays.

    Raises:
      InvalidArgumentError: `one_dtype` and there are several.
    """
    if is_tensor(value) or isinstance(value, np.ndarray):
        return [convert(value)], ONE
    plain = isinstance(value, list | tuple) and not hasattr(value, "_fields")
    if plain and not any(v is None or isinstance(v, dict) for v in value):
        flat, form = list(value), _lists.get(len(value))
        if form is None:
            form = _lists[len(flat)] = Form(LIST, len(flat))
    else:
        leaves = nest.flatten(value)
        marks = [None if v is None else HERE for v in leaves]
        flat = [v for v in leaves if v is not None]
        form = Form(nest.pack_sequence_as(value, marks), len(flat))
    hint = _hint(flat)
    out = [v if type(v) is Tensor else convert(v, None, hint) for v in flat]
    if one_dtype and out:
        first = out[0]._array.dtype
        for i, tensor in enumerate(out):
            if tensor._array.dtype != first:
                raise InvalidArgumentError(
                    f"element {i} was expected to be a "
                    f"{dtypes.of_numpy(first).name} tensor but is a "
                    f"{tensor.dtype.name} tensor"
                )
    return out, form


def _hint(values: Any) -> np.dtype | None:
    """The dtype of the first tensor among values, else of the first array."""
    for v in values:
        if is_tensor(v):
            return v.dtype.numpy if isinstance(v.dtype, dtypes.DType) else v.dtype
        if isinstance(v, list | tuple):
            found = _hint(v)
            if found is not None:
                return found
    return next((v.dtype for v in values if isinstance(v, np.ndarray)), None)


def group(
    op: str, names: tuple[str, ...], values: tuple[Any, ...], asked: Any = None
) -> list[Any]:
    """The arguments of one type group as tensors of one dtype.

    Args:
      op: the op's name.
      names: the arguments' names.
      values: their values; None stays.
      asked: the dtype that the group must have, if it is an argument itself.

    Raises:
      InvalidArgumentError: two of them have different dtypes.
    """
    hint = _hint(values) if asked is None else dtype(asked)
    out: list[Any] = []
    for name, v in zip(names, values, strict=True):
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


def dtype(value: Any) -> np.dtype:
    """Numpy's dtype for a dtype argument."""
    return dtypes.as_dtype(value).numpy


def static(name: str, value: Any) -> Any:
    """A concrete, hashable form of a static argument.

    Raises:
      ValueNeeded: it is a traced tensor.
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
            raise ValueNeeded(
                f"argument {name!r} must be known when the function is traced, but it "
                f"is computed in it ({value!r})"
            )
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        # A scalar keeps its dtype: that of `tf.range` depends on it.
        return _plain_tuple(value.tolist()) if value.ndim else value[()]
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
      ValueNeeded: a dimension is a traced value.
    """
    try:
        return static_shape(value)
    except (OperatorNotAllowedInGraphError, jax.errors.ConcretizationTypeError):
        raise ValueNeeded(
            f"argument {name!r} is a shape and must be known when the function is "
            f"traced, but {value!r} is computed in it"
        ) from None
