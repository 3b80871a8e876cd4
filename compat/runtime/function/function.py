"""`tf.function`: Python code traced once and compiled, for each kind of arguments."""

from __future__ import annotations

import copy
import functools
import inspect
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from compat.runtime import autograph, nest
from compat.runtime.errors import InvalidArgumentError, OutOfRangeError, ValueNeeded
from compat.runtime.export import export
from compat.runtime.frames import NeedsEagerRun
from compat.runtime.function.arguments import described, filled, fitted, flexible
from compat.runtime.function.concrete import ConcreteFunction, merged
from compat.runtime.function.context import EAGERLY
from compat.runtime.shapes import TensorShape
from compat.runtime.specs import TensorSpec
from compat.runtime.staging import ShapesChanged, Staged, leaked, stage
from compat.runtime.state import STATE
from compat.runtime.tensor import Tensor, convert
from compat.runtime.tracing import clean, in_trace
from compat.runtime.variable import Variable

# Sizes that stand for unknown dimensions; two, so that what depends on them shows.
STAND_INS = (1009, 1013)


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
        if last is not None and not kwargs:
            arrays = last.arrays(args)
            if arrays is not None:
                return last.run(arrays)
        return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        if self.input_signature is not None:
            args, kwargs = self._by_signature(args, kwargs)
        if STATE.frame is not None or self._on_host or EAGERLY.on or in_trace():
            return self._code()(*args, **kwargs)
        key, leaves, places, tensors = described(args, kwargs)
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
                except ValueNeeded as error:
                    if self._jit_compile:
                        raise
                    self._on_host = True
                    self._tell_why(error)
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
        except jax.errors.UnexpectedTracerError as error:
            raise leaked(self.name) from error

    def _tell_why(self, error: ValueNeeded) -> None:
        """Warns that the function runs as plain Python from now on."""
        warnings.warn(
            f"{self.name} runs op by op, which is slow, as it cannot be compiled: "
            f"{error}. What keeps its size can be compiled: tf.where(mask, x, 0.0) "
            "in place of tf.boolean_mask(x, mask), say.",
            RuntimeWarning,
            stacklevel=4,
        )

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
        made = []
        for value, spec in zip(args, specs, strict=False):
            fit = functools.partial(fitted, self.name)
            made.append(nest.map_structure_up_to(spec, fit, value, spec))
        return tuple(made), kwargs

    def _trace(
        self, args: Any, kwargs: Any, leaves: Any, places: Any, tensors: Any
    ) -> Staged:
        code = self._code()

        def body(*traced: Tensor) -> Any:
            given = filled(leaves, places, traced)
            args_, kwargs_ = nest.pack_sequence_as((args, kwargs), given)
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
        sizes = STAND_INS if flexible(args, kwargs) else STAND_INS[:1]
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
        return ConcreteFunction(self, args, kwargs, *merged(traces))

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
            given = filled(flat, places, traced)
            args_, kwargs_ = nest.pack_sequence_as((args, kwargs), given)
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


def _itself(thing: Any) -> Any:
    return thing


class _Last:
    """The last trace that was run, for quick calls with the like arguments.

    Args:
      staged: a trace that can be run directly.
      tensors: the arguments of the call, all of them tensors.
    """

    __slots__ = ("run", "_staged", "_avals", "_device")

    def __init__(self, staged: Staged, tensors: Sequence[Tensor]) -> None:
        self.run = staged.run
        self._staged = staged if staged.flexible else None
        self._avals = [t._array.aval for t in tensors]
        self._device = STATE.devices[-1]

    def arrays(self, args: Sequence[Any]) -> list[Any] | None:
        """What to run the trace on; None if it is not for this call."""
        if len(args) != len(self._avals):
            return None
        arrays = []
        for value, aval in zip(args, self._avals, strict=True):
            if type(value) is not Tensor:
                return None
            array = value._array
            given = getattr(array, "aval", None)  # strings have none
            if given is not aval and given != aval:
                return None
            arrays.append(array)
        if (
            STATE.tapes
            or STATE.frame is not None
            or STATE.devices[-1] != self._device
            or EAGERLY.on
            or not clean()
            or (self._staged is not None and not self._staged.fits())
        ):
            return None
        return arrays


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
