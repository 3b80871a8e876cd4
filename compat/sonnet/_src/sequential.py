"""Modules that call other modules: in sequence, later, on merged axes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import haiku_core as hk
from compat.dictionary import Ignored, module
from compat.runtime import nest
from compat.sonnet._src.base import Module, no_name_scope
from compat.sonnet._src.functions import merge_leading_dims, split_leading_dim


@module("snt.Sequential")
class Sequential(Module):
    """Calls its layers one after the other; the first takes any further arguments.

    >>> net = snt.Sequential([snt.Linear(4), tf.nn.relu, snt.Linear(2)])
    >>> net(tf.ones([3, 5])).shape
    TensorShape([3, 2])
    """

    def __init__(
        self,
        layers: Iterable[Callable[..., Any]] | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._layers = [] if layers is None else list(layers)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The last layer's output; the input itself where there are no layers."""
        if not self._layers:
            return inputs
        first, *others = self._layers
        outputs = first(inputs, *args, **kwargs)
        for layer in others:
            outputs = layer(outputs)
        return outputs


@Sequential.entry.when("layers is given")
def _(layers, name=None):
    return hk.Sequential(layers, name=name)


@Sequential.entry.when("layers is omitted")
def _(name=None):
    return hk.Sequential((), name=name)


@module("snt.Deferred")
class Deferred(Module):
    """Makes its target when it is first needed."""

    def __init__(
        self,
        constructor: Callable[[], Any],
        call_methods: Sequence[str] = ("__call__",),
        name: Ignored = None,
    ):
        super().__init__(name=name)
        self._constructor = constructor
        self._target = None
        for method in call_methods:
            if method != "__call__":
                setattr(self, method, functools.partial(_call_method, self, method))

    @property
    @no_name_scope
    def target(self) -> Any:
        """The module itself, made now if it wasn't yet."""
        if self._target is None:
            made = self._constructor()
            self._constructor = None
            self._target = made
        return self._target

    @no_name_scope
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the target."""
        return self.target(*args, **kwargs)

    def __str__(self) -> str:
        return f"Deferred({self.target!s})"

    def __repr__(self) -> str:
        return f"Deferred({self.target!r})"

    # Once there is a target, attributes are the target's.

    def __getattr__(self, name: str) -> Any:
        target = self.__dict__.get("_target")
        if target is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        return getattr(target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        target = self.__dict__.get("_target")
        if target is None or name == "_target":
            super().__setattr__(name, value)
        else:
            setattr(target, name, value)

    def __delattr__(self, name: str) -> None:
        target = self.__dict__.get("_target")
        if target is None or name == "_target":
            super().__delattr__(name)
        else:
            delattr(target, name)


def _call_method(module: Deferred, name: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(module.target, name)(*args, **kwargs)


# Haiku names what a Deferred makes as if it were the first of its class in the method
# that made the Deferred: two such modules would share their parameters.
@Deferred.entry.when(
    because="exact if nothing else of the class it makes is made in the same method; "
    "otherwise name one of them"
)
def _(constructor, call_methods=("__call__",)):
    return hk.Deferred(constructor, call_methods=call_methods)


@module("snt.BatchApply")
class BatchApply(Module):
    """Calls a module with the leading `num_dims` axes of its inputs made one."""

    def __init__(
        self, module: Callable[..., Any], num_dims: int = 2, name: Ignored = None
    ):
        super().__init__(name=name)
        self.module = module
        self.num_dims = num_dims

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the module; its outputs get the leading axes of the first input."""
        leaves = nest.flatten((args, kwargs))
        if not leaves:
            raise ValueError("BatchApply requires at least one tensor input.")
        example = nest.flatten(args or kwargs)[0]
        args, kwargs = nest.map_structure(
            lambda x: merge_leading_dims(x, self.num_dims), (args, kwargs)
        )
        outputs = self.module(*args, **kwargs)
        return nest.map_structure(
            lambda x: split_leading_dim(x, example, self.num_dims), outputs
        )


@BatchApply.entry.when()
def _(module, num_dims=2):
    return hk.BatchApply(module, num_dims=num_dims)
