"""`tf.function`: Python code traced once and compiled, for each kind of arguments."""

from __future__ import annotations

import copy
import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from compat.runtime import autograph, dtypes, nest
from compat.runtime.errors import InvalidArgumentError, OutOfRangeError
from compat.runtime.export import export
from compat.runtime.frames import NeedsEagerRun
from compat.runtime.random import SOURCE
from compat.runtime.shapes import TensorShape
from compat.runtime.specs import TensorSpec
from compat.runtime.staging import ShapesChanged, Staged, stage
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert
from compat.runtime.tracing import clean, in_trace
from compat.runtime.variable import Variable


class _Eagerly:
    on = False


_EAGERLY = _Eagerly()


@export("tf.config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether functions run as plain Python from now on."""
    _EAGERLY.on = bool(run_eagerly)


@export("tf.config.functions_run_eagerly")
def functions_run_eagerly() -> bool:
    """Whether they do."""
    return _EAGERLY.on


class Function:
    """A traced Python function. Made by `tf.function`.

    Attributes:
      python_function: what it was made of.
      input_signature: the specs given, or None.
    """

    def __init__(
        self,
        python_function: Callable[..., Any],
        input_signature: Any = None,
        autograph: bool = True,
        jit_compile: bool | None = None,
        owner: Any = None,
    ) -> None:
        self._owner = owner  # a weak reference to the instance of a bound method
        self._set_function(python_function)
        self.input_signature = input_signature
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._lock = threading.RLock()
        self._bound: Any = weakref.WeakKeyDictionary()

    def _set_function(self, python_function: Callable[..., Any]) -> None:
        self.python_function = python_function
        self._converted: Callable[..., Any] | None = None
        self._traces: dict[Any, Staged] = {}
        self._last: _Last | None = None
        self._first = True  # variables may be made in the first trace only
        self._on_host = False
        functools.update_wrapper(self, python_function, updated=())

    def _decorate(self, decorator: Callable[..., Any]) -> None:
        """Wraps the Python function, before anything is traced."""
        if self._traces:
            raise ValueError("Functions cannot be decorated after they are traced.")
        self._set_function(decorator(self.python_function))

    @property
    def name(self) -> str:
        """The Python function's name."""
        return getattr(self.python_function, "__name__", "function")

    @property
    def function_spec(self) -> inspect.Signature:
        """The Python function's signature."""
        return inspect.signature(self.python_function)

    def experimental_get_tracing_count(self) -> int:
        """How many traces were made."""
        return len(self._traces)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        try:
            found = self._bound.get(instance)
        except TypeError:  # an instance that has no hash or takes no weak reference
            found = None
        if found is None:
            try:
                reference: Any = weakref.ref(instance)
            except TypeError:
                reference = functools.partial(_itself, instance)
            found = Function(
                self.python_function,
                self.input_signature,
                self._autograph,
                self._jit_compile,
                reference,
            )
            try:
                self._bound[instance] = found
            except TypeError:
                pass
        return found

    def __getattr__(self, name: str) -> Any:
        # Of a decorated object, such as a module, the attributes stay in reach.
        function = self.__dict__.get("python_function")
        if name.startswith("__") or function is None:
            raise AttributeError(f"'Function' object has no attribute {name!r}")
        return getattr(function, name)

    def __deepcopy__(self, memo: Any) -> Function:
        return Function(
            copy.deepcopy(self.python_function, memo),
            self.input_signature,
            self._autograph,
            self._jit_compile,
            self._owner,
        )

    def _code(self) -> Callable[..., Any]:
        """The Python function with its control flow made traceable."""
        if self._converted is None:
            function = self.python_function
            self._converted = (
                autograph.convert(function) if self._autograph else function
            )
        if self._owner is not None:
            return functools.partial(self._converted, self._owner())
        return self._converted

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self._last
        if last is not None and not kwargs and last.is_for(args):
            return last.staged.run_directly(args)
        return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        if self.input_signature is not None:
            args, kwargs = self._by_signature(args, kwargs)
        if STATE.frame is not None or self._on_host or _EAGERLY.on or in_trace():
            return self._code()(*args, **kwargs)
        key, leaves, places, tensors = _described(args, kwargs)
        staged = self._traces.get(key)
        if staged is None or not staged.fits():
            with self._lock:
                try:
                    staged = self._trace(args, kwargs, leaves, places, tensors)
                except NeedsEagerRun:
                    self._first = False
                    return self._code()(*args, **kwargs)
                except autograph.RunsOnHost:
                    self._on_host = True
                    return self._code()(*args, **kwargs)
                self._traces[key] = staged
        if staged.direct and not kwargs and len(tensors) == len(args):
            self._last = _Last(staged, tensors)
        try:
            return staged(tensors)
        except ShapesChanged:
            staged = self._trace(args, kwargs, leaves, places, tensors)
            self._traces[key] = staged
            return staged(tensors)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None

    def _by_signature(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments as tensors that fit the signature.

        Raises:
          TypeError: too many or too few arguments.
          ValueError: one does not fit.
        """
        if kwargs:
            owner = () if self._owner is None else (self._owner(),)
            signature = inspect.signature(self.python_function)
            bound = signature.bind(*owner, *args, **kwargs)
            args, kwargs = bound.args[len(owner) :], bound.kwargs
        specs = tuple(self.input_signature)
        if len(args) > len(specs):
            raise TypeError(
                f"{self.name} takes {len(specs)} arguments by its input_signature, but "
                f"{len(args)} were given"
            )
        fitted = []
        for value, spec in zip(args, specs, strict=False):
            fit = functools.partial(_fitted, self.name)
            fitted.append(nest.map_structure_up_to(spec, fit, value, spec))
        return tuple(fitted), kwargs

    def _trace(
        self, args: Any, kwargs: Any, leaves: Any, places: Any, tensors: Any
    ) -> Staged:
        code = self._code()

        def body(*traced: Tensor) -> Any:
            filled = list(leaves)
            for place, tensor in zip(places, traced, strict=True):
                filled[place] = tensor
            args_, kwargs_ = nest.pack_sequence_as((args, kwargs), filled)
            return code(*args_, **kwargs_)

        inputs = [t._array for t in tensors]
        first, self._first = self._first, False
        if first:
            try:
                staged = stage(body, inputs, creates=True, name=self.name)
            except NeedsEagerRun:
                raise
            except BaseException:
                self._first = True
                raise
            if not staged.created and not staged.draws:
                return staged
        return stage(body, inputs, name=self.name)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """Traces for these arguments (tensors or specs); runs nothing.

        Unknown dimensions are traced with stand-ins; the function called later is
        compiled for the shapes it is given. Where no stand-in fits, as where an
        unknown dimension must equal a known one, tracing is left to the first call
        and the shapes of the outputs stay unknown.
        """
        if not args and not kwargs and self.input_signature is not None:
            args = tuple(self.input_signature)
        sizes = STAND_INS if _flexible(args, kwargs) else STAND_INS[:1]
        created: list[Variable] = []
        try:
            traces = [self._abstract(args, kwargs, size, created) for size in sizes]
        except InvalidArgumentError as error:
            if len(sizes) == 1:
                raise
            # What has dimensions may have them from stand-ins.
            if any(variable.shape.rank for variable in created):
                raise ValueError(
                    f"{self.name} makes variables and cannot be traced with dimensions "
                    f"of unknown size; give the shapes in full. Tried with {sizes}: "
                    f"{error}"
                ) from error
            return ConcreteFunction(self, args, kwargs, TensorShape(None), None)
        return ConcreteFunction(self, args, kwargs, *_merged(traces))

    def _abstract(
        self, args: Any, kwargs: Any, size: int, created: list[Variable]
    ) -> Staged:
        """The trace with stand-ins of that size; notes the variables it makes."""
        flat = nest.flatten((args, kwargs))
        places, inputs = [], []
        for i, leaf in enumerate(flat):
            if isinstance(leaf, TensorSpec):
                shape = [size if d is None else d for d in leaf.shape]
                inputs.append(jax.ShapeDtypeStruct(shape, leaf.dtype.numpy))
                places.append(i)
            elif isinstance(leaf, Tensor | np.ndarray):
                inputs.append(convert(leaf)._array)
                places.append(i)
        code = self._code()

        def body(*traced: Tensor) -> Any:
            filled = list(flat)
            for place, tensor in zip(places, traced, strict=True):
                filled[place] = tensor
            args_, kwargs_ = nest.pack_sequence_as((args, kwargs), filled)
            return code(*args_, **kwargs_)

        first, self._first = self._first, False
        try:
            return stage(
                body,
                inputs,
                creates=first,
                scope=STATE.scopes[-1],
                name=self.name,
                stand_in=size,
                created=created,
            )
        except BaseException:
            self._first = first
            raise


# Sizes that stand for unknown dimensions; two, so that what depends on them shows.
STAND_INS = (1009, 1013)


def _itself(thing: Any) -> Any:
    return thing


def _fitted(name: str, value: Any, spec: Any) -> Any:
    if not isinstance(spec, TensorSpec):
        return value
    tensor = convert(value, None, spec.dtype.numpy)
    if not spec.is_compatible_with(tensor):
        raise TypeError(
            f"{name}: an argument of shape {tensor.shape} and dtype "
            f"{tensor.dtype.name} does not fit its input_signature {spec}"
        )
    return tensor


_STATIC = (int, float, bool, str, bytes, type(None), complex)


def _described(args: Any, kwargs: Any) -> tuple[Any, list[Any], list[int], list[Any]]:
    """(cache key, leaves, places of tensors among the leaves, tensors).

    Tensors and arrays count by shape and dtype, variables and other objects by
    identity, Python values by value.
    """
    leaves = nest.flatten((args, kwargs)) if kwargs or _nested(args) else list(args)
    key: list[Any] = [bool(STATE.tapes), STATE.devices[-1]]
    places, tensors = [], []
    for i, leaf in enumerate(leaves):
        if type(leaf) is not Tensor and isinstance(
            leaf, np.ndarray | np.generic | jax.Array
        ):
            leaf = convert(leaf)
        if type(leaf) is Tensor:
            array = leaf._array
            key.append(array.shape)
            key.append(array.dtype)
            places.append(i)
            tensors.append(leaf)
        elif isinstance(leaf, _STATIC):
            key.append(type(leaf))
            key.append(leaf)
        else:
            key.append(_Same(leaf))
    if kwargs or _nested(args):
        key.append(_shape_of((args, kwargs)))
    else:
        key.append(len(leaves))
    return tuple(key), leaves, places, tensors


def _nested(args: Any) -> bool:
    return any(nest.is_nested(a) for a in args)


def _shape_of(value: Any) -> Any:
    """A hashable description of a nest."""
    if isinstance(value, dict):
        return (dict, *((k, _shape_of(value[k])) for k in value))
    if nest.is_nested(value):
        children = nest._children(value) or ()
        return (type(value), *(_shape_of(child) for _, child in children))
    return None


class _Same:
    """An object as part of a key: equal to itself only, and kept alive."""

    __slots__ = ("_thing",)

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._thing is self._thing

    def __hash__(self) -> int:
        return id(self._thing)


def _flexible(args: Any, kwargs: Any) -> bool:
    return any(
        isinstance(leaf, TensorSpec) and not leaf.shape.is_fully_defined()
        for leaf in nest.flatten((args, kwargs))
    )


def _merged(staged: Sequence[Staged]) -> tuple[Any, Any]:
    """Shapes (with unknown dimensions where the traces differ) and dtypes."""
    shapes, kinds = [], []
    for arrays in zip(*[s.outputs.arrays for s in staged], strict=True):
        first, last = arrays[0].shape, arrays[-1].shape
        shapes.append(
            TensorShape(first).most_specific_compatible_shape(last)
            if len(arrays) > 1
            else TensorShape(first)
        )
        kinds.append(dtypes.of_numpy(arrays[0].dtype))
    rebuild = staged[0].outputs.rebuild
    return rebuild(shapes), rebuild(kinds)


class _Last:
    """The last trace that was run, for quick calls with the like arguments.

    Args:
      staged: a trace that can be run directly.
      tensors: the arguments of the call, all of them tensors.
    """

    __slots__ = ("staged", "_kinds", "_device")

    def __init__(self, staged: Staged, tensors: Sequence[Tensor]) -> None:
        self.staged = staged
        self._kinds = [(t._array.shape, t._array.dtype) for t in tensors]
        self._device = STATE.devices[-1]

    def is_for(self, args: Sequence[Any]) -> bool:
        """Whether the call would run this trace, and directly."""
        if len(args) != len(self._kinds):
            return False
        for value, (shape, dtype) in zip(args, self._kinds, strict=True):
            if type(value) is not Tensor:
                return False
            array = value._array
            if array.dtype is not dtype or array.shape != shape:
                return False
        return (
            not STATE.tapes
            and STATE.frame is None
            and clean()
            and STATE.devices[-1] == self._device
            and not _EAGERLY.on
            and self.staged.fits()
        )


class ConcreteFunction:
    """A function traced for given arguments.

    Attributes:
      output_shapes, output_dtypes: nests like the result.
      inputs_signature: the arguments it was traced for.
    """

    def __init__(
        self, function: Function, args: Any, kwargs: Any, shapes: Any, kinds: Any
    ) -> None:
        self._function = function
        self.structured_input_signature = (args, kwargs)
        self.output_shapes = shapes
        self.output_dtypes = kinds
        self.structured_outputs = nest.map_structure(
            lambda s, d: TensorSpec(s, d) if isinstance(d, dtypes.DType) else None,
            shapes,
            kinds,
        )

    @property
    def outputs(self) -> list[TensorSpec]:
        """The specs of the tensors that it returns."""
        return [s for s in nest.flatten(self.structured_outputs) if s is not None]

    @property
    def name(self) -> str:
        """The Python function's name."""
        return self._function.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs it; arguments that were no tensors when traced may be left out."""
        first, named = self.structured_input_signature
        if len(args) < len(first):
            given = iter(args)
            filled = [next(given, old) if _has_tensors(old) else old for old in first]
            args = tuple(filled) if next(given, None) is None else args
        return self._function(*args, **{**_without_tensors(named), **kwargs})


def _has_tensors(value: Any) -> bool:
    return any(
        isinstance(leaf, TensorSpec | Tensor | np.ndarray)
        for leaf in nest.flatten(value)
    )


def _without_tensors(named: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in named.items() if not _has_tensors(v)}


@export("tf.function", "tf.compat.v1.function", "tf.__internal__.function.Function")
def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: Any = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: Any = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: Any = None,
) -> Any:
    """Compiles a Python function; used as a decorator with or without arguments.

    Args:
      func: the function or method.
      input_signature: a sequence of `tf.TensorSpec`: arguments are made to fit.
      autograph: whether `if`, `while` and `for` on tensors become control flow.
      jit_compile, reduce_retracing and others: everything is compiled, for each shape.
    """
    del reduce_retracing, experimental_implements, experimental_autograph_options
    del experimental_attributes, experimental_relax_shapes
    del experimental_follow_type_hints
    compiled = experimental_compile if jit_compile is None else jit_compile

    def decorate(inner: Callable[..., Any]) -> Function:
        return Function(inner, input_signature, autograph, compiled)

    return decorate if func is None else decorate(func)


@export("tf.init_scope")
class init_scope:
    """Inside, code runs as outside of any trace: what it makes is concrete."""

    def __enter__(self) -> None:
        self._saved = STATE.frame, STATE.tapes
        frame = STATE.frame
        STATE.frame = _Lifted(frame) if frame is not None else None
        STATE.tapes = []
        self._eval = jax.ensure_compile_time_eval()
        self._eval.__enter__()

    def __exit__(self, *exc: Any) -> None:
        self._eval.__exit__(*exc)
        STATE.frame, STATE.tapes = self._saved


class _Lifted:
    """The frame of an `init_scope` in a trace: variables hold their own values."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.creates = True
        self.stand_in = -1
        self.created = frame.created
        self.tapes: list[Any] = []

    def get(self, variable: Variable) -> Tensor:
        return variable._value

    seen = get

    def set(self, variable: Variable, value: Tensor) -> None:
        variable._value = value

    def next_key(self, seed: int | None = None) -> Any:
        return SOURCE.key(seed)


@export("tf.executing_eagerly")
def executing_eagerly() -> bool:
    """False inside a `tf.function`."""
    return STATE.frame is None or isinstance(STATE.frame, _Lifted)


@export("tf.inside_function")
def inside_function() -> bool:
    """True inside a `tf.function`."""
    return not executing_eagerly()
