"""One layer applied many times with parameters of its own each time, as one scan."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from haiku_core._src.keys import maybe_next_rng_key
from haiku_core._src.lift import lift_with_state, transparent_lift_with_state
from haiku_core._src.transform import run_apply, run_init

Bundles = Mapping[str, Mapping[str, Any]]


class LayerStackTransparencyMapping(Protocol):
    """How module names of a stack map to those of a plain loop over the layers."""

    def stacked_to_flat(self, stacked_module_name: str, scan_idx: int) -> str:
        """The name that a module of the layer has in the loop's given step."""
        ...

    def flat_to_stacked(self, unstacked_module_name: str) -> tuple[str, int] | None:
        """The inverse: name in the layer, and step; ``None`` if it isn't in a layer."""
        ...


def _unstacked(
    values: Bundles, count: int, names: LayerStackTransparencyMapping
) -> dict[str, Any]:
    """Stacked values as the entries of a plain loop."""
    out: dict[str, Any] = {}
    for stacked_name, bundle in values.items():
        for index in range(count):
            name = names.stacked_to_flat(stacked_name, index)
            if name in out:
                raise ValueError(
                    "Found conflicting unstacked module name for "
                    f"{stacked_name} at {name}: `stacked_to_flat` must give each layer "
                    "another one."
                )
            out[name] = jax.tree.map(operator.itemgetter(index), dict(bundle))
    return out


def _stacked(
    values: Bundles, count: int, names: LayerStackTransparencyMapping
) -> dict[str, Any]:
    """The inverse: entries of a plain loop, stacked along a new leading axis."""
    layers: list[dict[str, dict[str, Any]]] = [{} for _ in range(count)]
    for flat_name, bundle in values.items():
        place = names.flat_to_stacked(flat_name)
        if place is None:
            continue
        name, index = place
        layer = layers[index].setdefault(name, {})
        if twice := layer.keys() & bundle.keys():
            raise ValueError(
                f"Found conflicting values for param {name}/{min(twice)} at index "
                f"{index}: `flat_to_stacked` must give each module another place."
            )
        layer.update(bundle)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *layers)


def _run(
    function: Callable[..., Any],
    count: int,
    x: Any,
    per_layer: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    unroll: int,
    reverse: bool,
    names: LayerStackTransparencyMapping | None,
    name: str,
) -> tuple[Any, Any]:
    """Scans ``(x, z) = function(x, *inputs)`` over the layers; (last x, stacked z)."""

    def make_layer(carry: Any, inputs: Any) -> Any:
        x, key = carry
        init_key = apply_key = None
        if key is not None:
            init_key, key, apply_key = jax.random.split(key, 3)
        _, params, state = run_init(function, init_key, (x, *inputs), {})
        # The layer's result in `apply`, which may differ, is what the next one sees.
        (x, _), state = run_apply(function, params, state, apply_key, (x, *inputs), {})
        return (x, key), (params, state)

    def make_all(x: Any, key: Any) -> Any:
        made = jax.lax.scan(make_layer, (x, key), per_layer, length=count)[1]
        if names is None:
            return made
        return tuple(_unstacked(values, count, names) for values in made)

    key = maybe_next_rng_key()
    if names is None:
        get, updater = lift_with_state(make_all, allow_reuse=True, name=name)
    else:
        get, updater = transparent_lift_with_state(make_all, allow_reuse=True)
    params, state = get(x, key)
    keys = maybe_next_rng_key()
    if keys is not None:
        keys = jax.random.split(keys, count)
    if names is not None:
        params, state = (_stacked(values, count, names) for values in (params, state))

    def apply_layer(x: Any, layer: Any) -> Any:
        params, state, key, inputs = layer
        (x, z), state = run_apply(function, params, state, key, (x, *inputs), kwargs)
        return x, (z, state)

    x, (zs, states) = jax.lax.scan(
        apply_layer,
        x,
        (params, state, keys, per_layer),
        length=count,
        unroll=unroll,
        reverse=reverse,
    )
    updater.update(states)
    return x, zs


def _refuse_varargs(function: Callable[..., Any]) -> None:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is not None and first.kind is inspect.Parameter.VAR_POSITIONAL:
        raise ValueError(
            "The function `f` should not have any `varargs` (that is *args) argument "
            "in `hk.layer_stack(...)(f)`: name its positional arguments, they tell how "
            "many values go from layer to layer."
        )


def layer_stack(
    num_layers: int,
    with_per_layer_inputs: bool = False,
    unroll: int = 1,
    pass_reverse_to_layer_fn: bool = False,
    transparent: bool = False,
    transparency_map: LayerStackTransparencyMapping | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Applies a layer many times, each with its own parameters, and compiles it once.

    Like ``for _ in range(num_layers): x = f(x)`` with ``f`` creating new modules each
    time, but as one ``jax.lax.scan``: time to trace and compile doesn't grow with the
    number of layers. Parameters have a leading axis of length ``num_layers``.

    Args:
      num_layers: how many times.
      with_per_layer_inputs: if false, ``f(*xs)`` returns the next ``xs``, of the same
        structure. If true, ``x, z = f(x, *ys)`` gets one slice of each further
        argument of the stack, and the ``z`` are stacked.
      unroll: how many layers one iteration of the compiled loop holds.
      pass_reverse_to_layer_fn: whether ``f`` gets a keyword ``reverse`` that tells the
        direction. The stack is run backwards by calling it with ``reverse=True``.
      transparent: whether parameters are stored as the plain loop would store them.
      transparency_map: how names are mapped then.
      name: the prefix of the parameters' module names.

    Returns:
      A function that takes ``f`` and returns the stack, a function of ``xs``, or of
      ``x`` and the stacked ``ys``.

    Raises:
      ValueError: for ``transparent`` without a map; if ``f`` takes ``*args`` where
        there are no inputs per layer.
    """
    if transparent and transparency_map is None:
        raise ValueError("transparency_map must be provided with transparent=True.")
    kind = "with_per_layer" if with_per_layer_inputs else "no_per_layer"
    options: dict[str, Any] = {
        "unroll": unroll,
        "names": transparency_map,
        "name": name or f"__layer_stack_{kind}",
    }

    def direction(kwargs: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        reverse = kwargs.pop("reverse", False)
        if kwargs:
            raise TypeError(
                f"a layer stack takes no keyword arguments but `reverse`: {[*kwargs]}"
            )
        return reverse, {"reverse": reverse} if pass_reverse_to_layer_fn else {}

    def stack(f: Callable[..., Any]) -> Callable[..., Any]:
        if with_per_layer_inputs:

            @functools.wraps(f)
            def call(x: Any, *ys: Any, **kwargs: Any) -> Any:
                reverse, passed_on = direction(kwargs)
                for leaf in jax.tree.leaves(ys):
                    if leaf.shape[0] != num_layers:
                        raise ValueError(
                            f"An input per layer has {leaf.shape[0]} slices for "
                            f"{num_layers} layers; its shape is {leaf.shape}."
                        )
                return _run(f, num_layers, x, ys, passed_on, reverse=reverse, **options)

            return call

        _refuse_varargs(f)

        def several(xs: tuple[Any, ...], **kwargs: Any) -> tuple[Any, None]:
            out = f(*xs, **kwargs)
            return ((out,) if len(xs) == 1 else out), None

        @functools.wraps(f)
        def call(*xs: Any, **kwargs: Any) -> Any:
            reverse, passed_on = direction(kwargs)
            out, _ = _run(
                several, num_layers, xs, (), passed_on, reverse=reverse, **options
            )
            return out[0] if len(xs) == 1 else out

        return call

    return stack
