"""Runs a module of ours and Sonnet's side by side, from the same values.

The variables are found by attribute path and by nothing else: a module of ours in the
attribute `_layers[2]` has the values of Sonnet's `_layers[2]`, its parameter `w` those
of the variable in the attribute `w` or `_w`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.haiku_core.side_by_side import compiled

LEARNING_RATE = 0.1


@dataclasses.dataclass
class Case:
    """One pair of modules and how to call them.

    Attributes:
      ours: the package (`hk`, `hk.sonnet`) -> the module.
      theirs: -> Sonnet's module.
      inputs: a RandomState and a dtype -> arguments of one call.
      call: (module, whether it is ours, *arguments) -> outputs.
      dtype: of inputs and variables; Sonnet's fused kernels know float32 only.
      tolerance: relative to the largest element of what is compared.
      steps: training steps.
      renamed: parameter name -> the variable's attribute, where neither is the other.
      grads: whether to compare gradients and descend along them.
    """

    ours: Callable[[Any, Any], Any]
    theirs: Callable[[], Any]
    inputs: Callable[[Any, Any], tuple[Any, ...]]
    call: Callable[..., Any] = lambda module, ours, *args: module(*args)
    dtype: str = "float64"
    tolerance: float = 1e-12
    steps: int = 3
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)
    grads: bool = True


def submodules(module: Any, base: type) -> Iterator[tuple[str, Any]]:
    """(attribute path, module) of each module held by the attributes of this one."""

    def inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, base):
            yield path, value
        elif isinstance(value, (list, tuple)):
            for i, element in enumerate(value):
                yield from inside(f"{path}/{i}", element)

    for name, value in vars(module).items():
        if not name.startswith("__"):
            yield from inside(name, value)


def at(module: Any, path: str) -> Any:
    for part in filter(None, path.split("/")):
        if part.isdigit():
            module = module[int(part)]
        elif hasattr(module, part):
            module = getattr(module, part)
        else:
            module = module[part]
    return module


def paths(ours: Any, base: type, path: str = "") -> dict[str, str]:
    """Our modules' full names -> attribute paths, from the module given."""
    found = {ours.module_name: path}
    for below, module in submodules(ours, base):
        if not below.startswith("_constructed"):
            for name, where in paths(module, base, f"{path}/{below}").items():
                found.setdefault(name, where)
    return found


def variable(theirs: Any, name: str, renamed: dict[str, str]) -> Any:
    """Sonnet's variable for our parameter or state of this name."""
    for attribute in (renamed.get(name, name), name, "_" + name):
        try:
            value = at(theirs, attribute)
        except (KeyError, IndexError, TypeError):
            continue
        if isinstance(value, tf.Variable):
            return value
    raise AssertionError(f"{theirs} has no variable for {name}")


def close(
    ours: Any, theirs: Any, tolerance: float, what: str, scale: float = 0.0
) -> None:
    """Equal up to the tolerance, relative to the largest element or a given scale."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if theirs.dtype == np.int64:
        theirs = theirs.astype(ours.dtype)
    assert ours.dtype == theirs.dtype, (what, ours.dtype, theirs.dtype)
    assert ours.size == theirs.size, (what, ours.shape, theirs.shape)
    theirs = theirs.reshape(ours.shape)
    scale = max(scale, np.max(np.abs(theirs), initial=0)) or 1.0
    error = np.max(np.abs(ours - theirs), initial=0) / scale
    assert error <= tolerance, f"{what}: relative error {error:.2e}"


def flat(nest: Any) -> list[Any]:
    if isinstance(nest, dict):
        return [x for key in sorted(nest) for x in flat(nest[key])]
    if isinstance(nest, (list, tuple)):
        return [x for element in nest for x in flat(element)]
    return [] if nest is None else [nest]


def run(case: Case, hk: Any, package: Any) -> None:
    """Outputs, gradients and variables of some training steps, compared.

    Args:
      case: what to run.
      hk: the Haiku that `package` is written on.
      package: `haiku_core.sonnet`, or a copy of it.
    """
    random = np.random.RandomState(0)
    batches = [case.inputs(random, case.dtype) for _ in range(case.steps)]
    tf.random.set_seed(0)
    theirs = snt.allow_empty_variables(case.theirs())
    as_tf = [tf.nest.map_structure(_tensor, batch) for batch in batches]
    case.call(theirs, False, *as_tf[0])
    # Values that a symmetric start would hide: no zeros, no ones.
    for v in theirs.trainable_variables:
        v.assign(v + tf.constant(0.1 * random.randn(*v.shape), v.dtype))
    before = [v.numpy() for v in theirs.variables]

    found: dict[str, str] = {}

    def program(*args: Any) -> Any:
        module = case.ours(hk, package)
        outputs = case.call(module, True, *args)
        found.update(paths(module, hk.Module))
        return outputs

    transformed = hk.transform_with_state(program)
    key = jax.random.PRNGKey(0)
    params, state = jax.eval_shape(transformed.init, key, *batches[0])

    def theirs_for(module: str, name: str) -> Any:
        return variable(at(theirs, found[module]), name, case.renamed)

    def taken(tree: Any) -> Any:
        return {
            module: {
                name: _reshaped(theirs_for(module, name), leaf)
                for name, leaf in leaves.items()
            }
            for module, leaves in tree.items()
        }

    params, state = taken(params), taken(state)
    used = [theirs_for(m, n) for tree in (params, state) for m in tree for n in tree[m]]
    missing = {v.ref() for v in theirs.variables} - {v.ref() for v in used}
    assert not missing, f"not in ours: {[v.deref().name for v in missing]}"
    for m, leaves in params.items():
        for n in leaves:
            assert theirs_for(m, n).trainable, (m, n)

    def loss(params: Any, state: Any, weights: Any, args: Any) -> Any:
        out, state = transformed.apply(params, state, key, *args)
        terms = [jnp.sum(w * x) for w, x in zip(weights, floats_of(out), strict=True)]
        return sum(terms), (out, state)

    if case.grads:
        grad = jax.value_and_grad(loss, argnums=(0, 3), has_aux=True, allow_int=True)
    else:

        def grad(params: Any, state: Any, weights: Any, args: Any) -> Any:
            zeros = jax.tree.map(jnp.zeros_like, (params, args))
            return loss(params, state, weights, args), zeros

    program_of_ours = None
    tolerance = case.tolerance
    for batch, tensors in zip(batches, as_tf, strict=True):
        watched = floats_tf(tensors)
        trained = [theirs_for(m, n) for m in params for n in params[m]]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            out = case.call(theirs, False, *tensors)
            leaves = floats_tf(out)
            weights = [np.asarray(random.randn(*x.shape), case.dtype) for x in leaves]
            total = tf.add_n(
                [tf.reduce_sum(w * x) for w, x in zip(weights, leaves, strict=True)]
            )
        sources = [trained, watched]
        if case.grads:
            grads = tape.gradient(total, sources, unconnected_gradients="zero")
        else:
            grads = [[tf.zeros_like(x) for x in xs] for xs in sources]
        arguments = (params, state, weights, batch)
        if program_of_ours is None:
            program_of_ours = compiled(grad, *arguments)
        (_, (ours, state)), (param_grads, input_grads) = program_of_ours(*arguments)
        for i, (a, b) in enumerate(zip(flat(ours), flat(_plain(out)), strict=True)):
            close(a, b, tolerance, f"output {i}")
        # Some are zero but for rounding (a bias in front of a batch norm).
        steepest = (
            float(tf.reduce_max(abs(tf.convert_to_tensor(g)))) for g in grads[0]
        )
        scale = max(steepest, default=0.0)
        mine = [param_grads[m][n] for m in params for n in params[m]]
        for v, a, b in zip(trained, mine, grads[0], strict=True):
            b = tf.convert_to_tensor(b)
            close(a, b, tolerance, f"gradient of {v.name}", scale)
            v.assign_sub(LEARNING_RATE * b)
        for a, b in zip(floats_of(input_grads), grads[1], strict=True):
            close(a, b, tolerance, "gradient of an input")
        params = jax.tree.map(lambda p, g: p - LEARNING_RATE * g, params, param_grads)
        for tree in (params, state):
            for m, entries in tree.items():
                for n, a in entries.items():
                    close(a, theirs_for(m, n), tolerance, f"{m}/{n} after a step")
    after = [v.numpy() for v in theirs.variables]
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert any(changed) or not theirs.trainable_variables


def floats_of(nest: Any) -> list[Any]:
    return [
        x
        for x in flat(nest)
        if hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)
    ]


def floats_tf(nest: Any) -> list[Any]:
    return [x for x in flat(_plain(nest)) if tf.is_tensor(x) and x.dtype.is_floating]


def _plain(nest: Any) -> Any:
    if isinstance(nest, dict) or hasattr(nest, "items"):
        return {k: _plain(v) for k, v in nest.items()}
    if isinstance(nest, (list, tuple)):
        return [_plain(v) for v in nest]
    return nest


def _tensor(value: Any) -> Any:
    return tf.constant(value) if isinstance(value, np.ndarray) else value


def _reshaped(source: Any, target: Any) -> jax.Array:
    value = source.numpy()
    assert value.size == int(np.prod(target.shape)), (source.name, target.shape)
    return jnp.asarray(value.reshape(target.shape), target.dtype)


def sonnet_module(ctor: Any, *args: Any, **kwargs: Any) -> Callable[[], snt.Module]:
    return lambda: ctor(*args, **kwargs)
