"""The legacy side of the tests of ops: samples, calls, results and gradients."""

import inspect
import random
import zlib

import jax.numpy as jnp
import numpy as np
import tensorflow as tf

from compat import dictionary as d
from compat.dictionary import exact, guards, samples


def original(name):
    """The legacy callable of a dotted name; of a method, with the receiver first."""
    head, _, rest = name.partition(".")
    if head == "tf":
        target = tf
        for part in rest.split("."):
            target = getattr(target, part)
        return target

    def method(self, *args, **kwargs):
        receiver = {
            "Variable": tf.Variable,
            "TensorShape": tf.TensorShape,
            "DType": tf.as_dtype,
        }
        self = receiver.get(head, lambda v: v)(self)
        found = getattr(self, rest)
        is_call = callable(found) and not isinstance(found, type)
        found = found(*args, **kwargs) if is_call else found
        return list(found) if rest == "__iter__" else found

    return method


def to_tf(entry, name, value, variable=False):
    kind = entry.kinds[name]
    if kind is d.T and isinstance(value, np.ndarray | np.generic):
        return tf.Variable(value) if variable else tf.constant(value)
    if kind is d.Ts:
        if isinstance(value, list | tuple):
            return type(value)(to_tf_leaf(v, variable) for v in value)
        return to_tf_leaf(value, variable)
    if kind is d.Dtype and value is not None:
        return tf.as_dtype(value)
    if kind is d.Other:
        return tf.nest.map_structure(lambda v: to_tf_leaf(v, False), value)
    return value


def to_tf_leaf(value, variable):
    if isinstance(value, np.ndarray | np.generic):
        return tf.Variable(value) if variable else tf.constant(value)
    return value


def fields(value):
    """The names of a result's parts, where it is a named tuple."""
    return getattr(value, "_fields", None)


def plain(value):
    """A legacy result as a list of numpy arrays and Python values."""
    out = []
    for leaf in tf.nest.flatten(value, expand_composites=False):
        if isinstance(leaf, tf.IndexedSlices):
            leaf = tf.convert_to_tensor(leaf)
        if isinstance(leaf, tf.TensorShape):
            out.extend(np.int32(v) for v in leaf.as_list())
        elif isinstance(leaf, tf.TensorSpec):
            out.append((leaf.shape.as_list(), leaf.dtype.name))
        elif isinstance(leaf, tf.DType):
            out.append(np.dtype(leaf.as_numpy_dtype))
        elif isinstance(leaf, tf.Tensor | tf.Variable):
            out.append(leaf.numpy())
        else:
            out.append(leaf)
    return out


def drawn(entry, sample, seed=0):
    """The arguments of a sample, bound by name, arrays drawn."""
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()) + seed)
    bound = entry.signature.bind(*sample.args, **sample.kwargs)
    return {k: samples.draw(v, rng) for k, v in bound.arguments.items()}


def flat_call(entry, arguments):
    """(args, kwargs) of a call with these arguments, by keyword where that is free."""
    args, kwargs = [], {}
    parameters = entry.signature.parameters
    star = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    operator = entry.name.partition(".")[2].startswith("__")
    for name, value in arguments.items():
        kind = parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(value)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            kwargs.update(value)
        elif (
            name == "self"
            or operator
            or (star and kind is not inspect.Parameter.KEYWORD_ONLY)
        ):
            args.append(value)
        else:
            kwargs[name] = value
    return args, kwargs


def shapes_of_call(entry, arguments):
    """The call shapes that fit the arguments: (name, args, kwargs) each."""
    parameters = entry.signature.parameters
    operator = entry.name.partition(".")[2].startswith("__")
    if operator or any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        yield "as given", *flat_call(entry, arguments)
        return
    lead = {k: v for k, v in arguments.items() if k == "self"}
    rest = {k: v for k, v in arguments.items() if k != "self"}
    only_key = {
        k: v
        for k, v in rest.items()
        if parameters[k].kind is inspect.Parameter.KEYWORD_ONLY
    }
    last = max(
        (i for i, n in enumerate(parameters) if n in rest and n not in only_key),
        default=-1,
    )
    positional = [
        rest.get(n, p.default)
        for i, (n, p) in enumerate(parameters.items())
        if i <= last and n != "self"
    ]
    yield "positional", [*lead.values(), *positional], only_key
    yield "keyword", list(lead.values()), rest
    names = list(rest)
    random.Random(entry.name).shuffle(names)
    yield "shuffled", list(lead.values()), {n: rest[n] for n in names}


def run_tf(entry, args, kwargs, variable=False, name=None):
    """Runs the legacy call. Arguments are drawn samples."""
    bound = entry.signature.bind(*args, **kwargs)
    for key, value in bound.arguments.items():
        kind = entry.signature.parameters[key].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            value = tuple(to_tf(entry, key, v, variable) for v in value)
        else:
            value = to_tf(entry, key, value, variable)
        bound.arguments[key] = value
    # Rebuild the call as it was written: keywords stay keywords.
    order = iter(bound.arguments.items())
    rebuilt = []
    for key, value in order:
        if key in kwargs:
            continue
        kind = entry.signature.parameters[key].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            rebuilt.extend(value)
        elif kind is not inspect.Parameter.VAR_KEYWORD:
            rebuilt.append(value)
    keywords = {
        k: bound.arguments[k] if k in bound.arguments else v for k, v in kwargs.items()
    }
    return original(name or entry.name)(*rebuilt, **keywords)


def tensor_paths(entry, arguments):
    """The places of the arrays among tensor arguments: (name, index or None)."""
    paths = []
    for name, value in arguments.items():
        if entry.kinds[name] is d.T and is_array(value):
            paths.append((name, None))
        elif isinstance(value, list | tuple) and entry.kinds[name] in (d.T, d.Ts):
            paths += [(name, i) for i, v in enumerate(value) if is_array(v)]
    return paths


def is_array(value):
    return isinstance(value, np.ndarray | np.generic)


def is_floating(value):
    return jnp.issubdtype(value.dtype, jnp.floating)


def put(arguments, paths, values):
    out = dict(arguments)
    for (name, index), value in zip(paths, values, strict=True):
        if index is None:
            out[name] = value
        else:
            items = list(out[name])
            items[index] = value
            out[name] = type(arguments[name])(items)
    return out


def pick(arguments, paths):
    return [
        arguments[name] if index is None else arguments[name][index]
        for name, index in paths
    ]


def tf_gradient(entry, arguments, paths):
    """(cotangents, gradients) of the floats among arrays at paths; None if none."""
    paths = [
        p for p, v in zip(paths, pick(arguments, paths), strict=True) if is_floating(v)
    ]
    if not paths:
        return None, None
    inputs = [tf.constant(v) for v in pick(arguments, paths)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        args, kwargs = flat_call(entry, put(arguments, paths, inputs))
        out = [
            leaf
            for leaf in tf.nest.flatten(run_tf(entry, args, kwargs))
            if isinstance(leaf, tf.Tensor) and leaf.dtype.is_floating
        ]
    if not out:
        return None, None
    rng = np.random.default_rng(3)
    cotangents = [
        np.asarray(rng.uniform(0.5, 1.5, o.shape), o.dtype.as_numpy_dtype) for o in out
    ]
    grads = tape.gradient(
        out,
        inputs,
        [tf.constant(c) for c in cotangents],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return cotangents, [tf.convert_to_tensor(g).numpy() for g in grads]


def unconnected(entry, arguments, paths):
    """For each float among the arrays at paths, whether its gradient is None."""
    paths = [
        p for p, v in zip(paths, pick(arguments, paths), strict=True) if is_floating(v)
    ]
    inputs = [tf.constant(v) for v in pick(arguments, paths)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        args, kwargs = flat_call(entry, put(arguments, paths, inputs))
        result = tf.nest.flatten(run_tf(entry, args, kwargs))
    out = [r for r in result if isinstance(r, tf.Tensor) and r.dtype.is_floating]
    return [g is None for g in tape.gradient(out, inputs)] if out else []


def known(entry, arguments):
    """Answers guard conditions for actual arguments."""
    parameters = entry.signature.parameters

    def answer(condition):
        name = condition.name
        given = name in arguments
        value = arguments.get(name, parameters[name].default)
        if condition.test == "state":
            return {
                "given": given,
                "omitted": not given,
                "None": value is None,
                "default": not given
                or (not hasattr(value, "dtype") and value == parameters[name].default),
            }[condition.value]
        if entry.kinds[name] is d.Dtype and condition.test in ("equal", "among"):
            names = condition.value
            names = (names,) if condition.test == "equal" else names
            return value is not None and jnp.dtype(value).name in names
        if condition.test == "equal":
            return is_literal(value) and value == condition.value
        if condition.test == "among":
            return is_literal(value) and value in condition.value
        if condition.test == "has":
            return isinstance(value, list | tuple) and condition.value in value
        if condition.test == "len":
            return isinstance(value, list | tuple) and len(value) == condition.value
        if condition.test == "rank":
            return np.ndim(value) == condition.value
        if condition.test == "dtype":
            if value is None:
                return False
            dtype = exact.tensor(value).dtype
            classes = {
                "float": jnp.floating,
                "int": jnp.integer,
                "complex": jnp.complexfloating,
                "bool": jnp.bool_,
            }
            if condition.value == "number":
                return jnp.issubdtype(dtype, jnp.number)
            return jnp.issubdtype(dtype, classes[condition.value])
        return {
            "tensor": hasattr(value, "dtype"),
            "variable": False,
            "list": isinstance(value, list | tuple),
            "shape": is_shape(value),
            "literal": is_literal(value),
            "string": isinstance(value, str),
            "function": callable(value),
            "module": False,
        }[condition.value]

    return answer


def is_shape(value):
    """A tuple of ints, or a list of such: as samples write shapes."""
    if isinstance(value, tuple):
        return all(type(v) is int for v in value)
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, tuple) and is_shape(v) for v in value)
    )


def is_literal(value):
    if isinstance(value, list | tuple):
        return all(is_literal(v) for v in value)
    return value is None or type(value) in (int, float, bool, str, complex)


def applies(entry, spelling, arguments):
    """Whether the rewriter would use this spelling for such a call."""
    verdict, _ = guards.evaluate(spelling.guard, known(entry, arguments))
    if not verdict:
        return False
    takes = inspect.signature(spelling.fn).parameters
    for name, value in arguments.items():
        if name in takes or entry.kinds[name] is d.Ignored:
            continue
        default = entry.signature.parameters[name].default
        if hasattr(value, "dtype") or value != default:
            return False
    return True
