"""Glue: chains of layers, functions as modules, and small array helpers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from haiku_core._src.module import Module
from haiku_core.layers._src.dropout import dropout as dropout


class Sequential(Module):
    """Calls layers one after the other, each on the result of the one before."""

    def __init__(self, layers: Iterable[Callable[..., Any]], name: str | None = None):
        """Takes the settings.

        Args:
          layers: modules or other callables.
          name: of the module.
        """
        super().__init__(name)
        self.layers = tuple(layers)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Further arguments go to the first layer. No layers: the inputs as given."""
        if not self.layers:
            return inputs
        first, *rest = self.layers
        out = first(inputs, *args, **kwargs)
        for layer in rest:
            out = layer(out)
        return out


def one_hot(x: Any, num_classes: int, dtype: Any = jnp.float32) -> jax.Array:
    """``[...]`` ints -> ``[..., num_classes]``, 1 at the int; out of range: zeros."""
    return jax.nn.one_hot(x, num_classes).astype(dtype)


def multinomial(rng: jax.Array, logits: jax.Array, num_samples: int) -> jax.Array:
    """Draws classes, with replacement.

    Args:
      rng: a random key.
      logits: ``[..., classes]``, unnormalised log probabilities.
      num_samples: draws for each leading index.

    Returns:
      Ints ``[..., num_samples]``.
    """
    if num_samples == 1:
        return jax.random.categorical(rng, logits)[..., None]
    shape = (num_samples, *logits.shape[:-1])
    return jnp.moveaxis(jax.random.categorical(rng, logits, shape=shape), 0, -1)


def _rank(x: Any) -> int:
    return x.ndim if isinstance(x, (jax.Array, np.ndarray)) else jnp.ndim(x)


def merge_leading_dims(x: Any, num_dims: int) -> Any:
    """The first ``num_dims`` axes as one; arrays with fewer axes as they are."""
    if _rank(x) < num_dims:
        return x
    shape = x.shape
    return x.reshape((math.prod(shape[:num_dims]), *shape[num_dims:]))


def split_leading_dim(x: Any, to_dim: tuple[int, ...]) -> Any:
    """The first axis spread over axes of the given sizes."""
    return x.reshape((*to_dim, *x.shape[1:]))


class BatchApply:
    """Makes a function of ``[B, ...]`` one of ``[T, B, ...]``.

    The leading axes of all inputs are merged into one for the call and split again in
    all outputs. Inputs with fewer axes pass as they are.
    """

    def __init__(self, f: Callable[..., Any], num_dims: int = 2):
        """Takes the settings.

        Args:
          f: the function or module.
          num_dims: number of leading axes to merge.
        """
        self._f = f
        self.num_dims = num_dims

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ValueError if no input has ``num_dims`` axes."""
        n = self.num_dims
        leaves = jax.tree.leaves((args, kwargs))
        lead = next((tuple(x.shape[:n]) for x in leaves if _rank(x) >= n), None)
        if lead is None:
            raise ValueError(
                f"BatchApply requires at least one input with ndim >= {n}."
            )
        merge = functools.partial(merge_leading_dims, num_dims=n)
        args, kwargs = jax.tree.map(merge, (args, kwargs))
        split = functools.partial(split_leading_dim, to_dim=lead)
        return jax.tree.map(split, self._f(*args, **kwargs))


def expand_apply(f: Callable[..., Any], axis: int = 0) -> Callable[..., Any]:
    """Calls ``f`` with a unit axis added to each input and taken off each output.

    So a function of batches can be called with one example.

    Args:
      f: the function or module.
      axis: 0 or -1.

    Raises:
      ValueError: another axis.
    """
    if axis not in (0, -1):
        raise ValueError("expand_apply currently only supports axis=0 or axis=-1.")

    def on_one(*args: Any, **kwargs: Any) -> Any:
        add = functools.partial(jnp.expand_dims, axis=axis)
        args, kwargs = jax.tree.map(add, (args, kwargs))
        drop = functools.partial(jnp.squeeze, axis=axis)
        return jax.tree.map(drop, f(*args, **kwargs))

    return functools.wraps(f)(on_one)


class CallableModule(Module):
    """The base of the classes that ``to_module`` makes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function that the class was made of."""
        raise NotImplementedError


def to_module(f: Callable[..., Any]) -> type[CallableModule]:
    """A module class whose ``__call__`` is the function.

    So parameters that the function makes get a name scope of their own::

        Scorer = hk.to_module(score)
        y = Scorer(name="scorer")(x)

    Args:
      f: a function or other callable.

    Returns:
      A class; its constructor takes a name (default: that of the function).
    """

    class ToModuleWrapper(CallableModule):
        """Module produced by `hk.to_module`."""

        def __init__(self, name: str | None = None):
            if name is not None and not isinstance(name, str):
                raise TypeError(
                    "Expected a string name as the first argument to the module "
                    f"constructor, got: {name}. Note that `hk.to_module` returns a "
                    "class not an object: make an instance first, "
                    "`mod = hk.to_module(fn)()`, then call it, `mod(x)`."
                )
            super().__init__(name=f.__name__ if name is None else name)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return f(*args, **kwargs)

    functools.update_wrapper(ToModuleWrapper.__call__, f)
    if getattr(f, "__doc__", None):
        ToModuleWrapper.__doc__ = f.__doc__
    return ToModuleWrapper
