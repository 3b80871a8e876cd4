"""Compiling functions and methods that read and change boxes."""

from __future__ import annotations

import copy
import functools
import weakref
from collections.abc import Callable
from typing import Any

import jax

from .boxes import Recorder, Swapped, as_array, is_array, notes
from .keys import as_key
from .tracing import abstract, split


class _Program:
    """One compiled program: for one structure of arguments and one set of boxes."""

    def __init__(self, function: Callable[[list[Any]], Any], arrays: list[Any]):
        self._function = function
        _, recorder = abstract(function, arrays)
        self._boxes = list(recorder.before)
        self._written = list(recorder.written)
        self._join: Callable | None = None
        self._run = jax.jit(self._pure)

    def _pure(self, values: list[Any], arrays: list[Any]) -> tuple[list, list]:
        with Swapped(self._boxes, values), Recorder(restore=True) as recorder:
            out = self._function(arrays)
            strange = [b for b in recorder.before if b not in self._boxes]
            late = [b for b in recorder.written if b not in self._written]
            if strange or late:
                raise _Stale
            found, self._join = split(out)
            return found, [box._value for box in self._written]

    def __call__(self, arrays: list[Any]) -> Any:
        found, new = self._run([box._value for box in self._boxes], arrays)
        for box, value in zip(self._written, new, strict=True):
            box._value = value
        return self._join(found)


class _Stale(Exception):
    """The function touches boxes that it didn't touch when it was looked at."""


class _Jit:
    """A function, or a method of each instance, compiled. See `jit`."""

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self._function = function
        self._programs: dict[tuple, _Program] = {}
        self._bound: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return functools.partial(self._call_method, instance)

    def _call_method(self, instance: Any, *args: Any, **kwargs: Any) -> Any:
        if notes.recorders:
            return self._function(instance, *args, **kwargs)
        programs = self._bound.get(instance)
        if programs is None:
            programs = self._bound[instance] = {}
        back = weakref.ref(instance)  # a program must not keep its instance alive

        def function(*args, **kwargs):
            return self._function(back(), *args, **kwargs)

        return _run_program(programs, function, args, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if notes.recorders:
            return self._function(*args, **kwargs)
        return _run_program(self._programs, self._function, args, kwargs)

    def __deepcopy__(self, memo: dict) -> _Jit:
        return _Jit(copy.deepcopy(self._function, memo))


_TRACED = object()


def _run_program(programs: dict, function: Callable, args: tuple, kwargs: dict) -> Any:
    leaves, structure = jax.tree.flatten((args, kwargs))
    leaves = [as_array(leaf) for leaf in leaves]
    dynamic = [leaf for leaf in leaves if is_array(leaf)]
    # The program outlives this call: it must not hold on to this call's arrays.
    fixed = [_TRACED if is_array(leaf) else leaf for leaf in leaves]
    key = (structure, tuple(_TRACED if x is _TRACED else as_key(x) for x in fixed))

    def with_arrays(arrays):
        rest = iter(arrays)
        filled = [next(rest) if leaf is _TRACED else leaf for leaf in fixed]
        args, kwargs = jax.tree.unflatten(structure, filled)
        return function(*args, **kwargs)

    program = programs.get(key)
    if program is None:
        program = programs[key] = _Program(with_arrays, dynamic)
    try:
        return program(dynamic)
    except _Stale:
        program = programs[key] = _Program(with_arrays, dynamic)
        return program(dynamic)


def jit(function: Callable) -> Callable:
    """Compiles a function or a method that reads and changes boxes.

    Arrays among the arguments are traced. Anything else (Python numbers, strings,
    networks, the instance of a method) is part of the program, which is compiled anew
    for other values, as TensorFlow's `tf.function` does. Inside another compiled or
    differentiated function it is called as it is.
    """
    return _Jit(function)
