"""Modules that call other modules: in sequence, later, on merged axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp

import haiku_core as hk
from compat.dictionary import Call, Floats, Ignored, Like, Static, T, module, op
from compat.sonnet._src.base import Module


@module("snt.Sequential")
class Sequential(Module):
    """Calls its layers one after the other; the first takes any further arguments."""

    def __init__(
        self,
        layers: Iterable[Callable[..., Any]] | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self._layers = [] if layers is None else list(layers)


@Sequential.entry.when("layers is given and not layers is None")
def _(layers, name=None):
    return hk.Sequential(layers, name=name)


@Sequential.entry.when("layers is None")
def _(layers=None, name=None):
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


@Deferred.entry.when()
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


@BatchApply.entry.when()
def _(module, num_dims=2):
    return hk.BatchApply(module, num_dims=num_dims)


@op(
    "snt.merge_leading_dims",
    returns=Like("x"),
    check=[Call(Floats(2, 3, 4), num_dims=2), Call(Floats(2), num_dims=2)],
)
def merge_leading_dims(x: T, num_dims: Static):
    """`x` with its first `num_dims` axes made one; unchanged if it has fewer."""
    if num_dims > x.ndim:
        return x
    size = 1
    for n in x.shape[:num_dims]:
        size *= n
    return jnp.reshape(x, (size, *x.shape[num_dims:]))


@merge_leading_dims.when("num_dims == 2 and rank(x) == 3")
def _(x, num_dims):
    return jnp.reshape(x, (-1, x.shape[2]))


@op(
    "snt.split_leading_dim",
    returns=Like("x"),
    check=[Call(Floats(6, 4), Floats(2, 3, 5), num_dims=2)],
)
def split_leading_dim(x: T, example: T, num_dims: Static):
    """`x` with its first axis split as the first `num_dims` axes of `example` are."""
    return jnp.reshape(x, (*example.shape[:num_dims], *x.shape[1:]))
