"""Every op of the dictionary against TensorFlow: value, dtype, shape and gradient.

The body is held to TensorFlow's result exactly (in 64-bit mode, where dtypes are
TensorFlow's own); each spelling, run on plain arrays as migrated code runs, through the
narrowing table (int64 to int32, float64 to float32, and so on).
"""

import inspect
import os
import random
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import compat.tensorflow._src  # noqa: F401  (fills the dictionary)
import haiku_core as hk
from compat import dictionary as d
from compat.dictionary import exact, guards, samples
from compat.dictionary.kinds import Fn

# oneDNN's kernels lack some convolutions' gradients on some processors.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
tf = pytest.importorskip("tensorflow")

NARROW = {
    "int64": "int32",
    "uint64": "uint32",
    "float64": "float32",
    "complex128": "complex64",
}
TOLERANCE = {"bfloat16": 2e-2, "float16": 2e-3, "float32": 1e-5, "complex64": 1e-5}
OPS = [
    e
    for e in d.entries()
    if e.outcome == "op" and e.name.split(".")[0] not in ("snt", "trfl")
]
INITIALIZERS = [e for e in OPS if getattr(e.returns, "sort", "") == "initializer"]
CHECKED = [e for e in OPS if e.check and e not in INITIALIZERS]

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # A body as a spelling says jnp.int64 where the rewriter writes jnp.int32.
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Thousands of small programs run once each: compiling is all the cost."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def topic(entry):
    return f"{entry.fn.__module__.rpartition('.')[2]}-{entry.name}"


# ------------------------------------------------------------------ the two sides


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


def plain(value):
    """A legacy result as a list of numpy arrays and Python values."""
    out = []
    for leaf in tf.nest.flatten(value, expand_composites=False):
        if isinstance(leaf, tf.IndexedSlices):
            leaf = tf.convert_to_tensor(leaf)
        if isinstance(leaf, tf.TensorShape):
            out.extend(np.int32(v) for v in leaf.as_list())
        elif isinstance(leaf, tf.DType):
            out.append(np.dtype(leaf.as_numpy_dtype))
        elif isinstance(leaf, tf.Tensor | tf.Variable):
            out.append(leaf.numpy())
        else:
            out.append(leaf)
    return out


def leaves(value):
    return jax.tree.leaves(value, is_leaf=lambda v: v is None)


def narrow(value):
    """A drawn sample as migrated code holds it."""
    if isinstance(value, np.ndarray | np.generic):
        return jnp.asarray(value, NARROW.get(value.dtype.name, value.dtype))
    if isinstance(value, list | tuple):
        return type(value)(narrow(v) for v in value)
    if isinstance(value, dict):
        return {k: narrow(v) for k, v in value.items()}
    if isinstance(value, np.dtype) or (isinstance(value, str) and value in NARROW):
        return jnp.dtype(NARROW.get(jnp.dtype(value).name, value))
    return value


def same(ours, theirs, *, narrowed=False, what=""):
    """Asserts that a result is the original's."""
    ours, theirs = leaves(ours), plain(theirs)
    assert len(ours) == len(theirs), f"{what}: {len(ours)} results, not {len(theirs)}"
    for mine, their in zip(ours, theirs, strict=True):
        same_leaf(mine, their, narrowed, what)


def same_leaf(mine, their, narrowed, what):
    if their is None or isinstance(their, str | np.dtype | type):
        assert mine == their, what
        return
    if isinstance(their, bytes):
        return
    a, b = np.asarray(mine), np.asarray(their)
    dtype = NARROW.get(b.dtype.name, b.dtype.name) if narrowed else b.dtype.name
    is_python = isinstance(mine, int | float | bool)
    assert a.dtype.name == dtype or is_python, f"{what}: {a.dtype}, not {dtype}"
    assert a.shape == b.shape, f"{what}: shape {a.shape}, not {b.shape}"
    near(a, b, TOLERANCE.get(dtype, 1e-12), what)


def near(a, b, tolerance, what):
    if a.dtype.kind in "biuSUO":
        np.testing.assert_array_equal(a, b, err_msg=what)
        return
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    a, b = a.astype(wide), b.astype(wide)
    finite = np.abs(b[np.isfinite(b)])
    scale = finite.max() if finite.size else 0.0
    np.testing.assert_allclose(
        a, b, rtol=tolerance, atol=tolerance * min(scale, 1e3), err_msg=what
    )


# ------------------------------------------------------------------ calls


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


def key_of(entry):
    return None if entry.key is None else jax.random.key(7)


# ------------------------------------------------------------------ gradients


def inexact_paths(entry, arguments):
    """The tensor arguments that a gradient goes to: (name, index or None)."""
    paths = []
    for name, value in arguments.items():
        if entry.kinds[name] is d.T and is_inexact(value):
            paths.append((name, None))
        elif isinstance(value, list | tuple) and entry.kinds[name] in (d.T, d.Ts):
            paths += [(name, i) for i, v in enumerate(value) if is_inexact(v)]
    return paths


def is_inexact(value):
    return isinstance(value, np.ndarray) and jnp.issubdtype(value.dtype, jnp.floating)


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
    inputs = [tf.constant(v) for v in pick(arguments, paths)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        args, kwargs = flat_call(entry, put(arguments, paths, inputs))
        out = [
            leaf
            for leaf in tf.nest.flatten(run_tf(entry, args, kwargs))
            if isinstance(leaf, tf.Tensor) and (leaf.dtype.is_floating)
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
    grads = [tf.convert_to_tensor(g).numpy() for g in grads]
    return cotangents, grads


def jax_gradient(call, inputs, cotangents):
    def floats(*inputs):
        return [
            leaf
            for leaf in leaves(call(*inputs))
            if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
        ]

    out, pull = jax.vjp(floats, *inputs)
    assert len(out) == len(cotangents)
    return pull([jnp.asarray(c, o.dtype) for c, o in zip(cotangents, out, strict=True)])


# ------------------------------------------------------------------ guards


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
            "literal": is_literal(value),
            "string": isinstance(value, str),
            "function": callable(value),
            "module": False,
        }[condition.value]

    return answer


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


def as_written(entry, name, value):
    """An argument as it stands in migrated code: no lists where JAX wants arrays."""
    several = entry.signature.parameters[name].kind
    if several is inspect.Parameter.VAR_POSITIONAL:
        return value
    if isinstance(value, list | tuple) and entry.kinds[name] is d.Ts:
        wrap = [jnp.asarray(v) if isinstance(v, list) else v for v in value]
        return type(value)(wrap)
    if isinstance(value, list | tuple) and entry.kinds[name] is d.T:
        return jnp.asarray(value) if is_literal(value) else jnp.stack(value)
    if isinstance(value, list) and entry.kinds[name] in (d.Static, d.Shape):
        return exact.convert(d.Static, value)
    if isinstance(value, np.ndarray) and entry.kinds[name] in (d.Static, d.Shape):
        return exact.convert(d.Static, value)
    return value


def run_spelling(entry, spelling, arguments):
    takes = inspect.signature(spelling.fn).parameters
    chosen = {k: as_written(entry, k, v) for k, v in arguments.items() if k in takes}
    args, kwargs = flat_call(entry, chosen)
    if "hk" in spelling.fn.__code__.co_names:
        run = hk.transform(lambda: spelling.fn(*args, **kwargs))
        return run.apply({}, jax.random.key(7))
    return spelling.fn(*args, **kwargs)


def holds_wide(*values):
    return any(
        getattr(leaf, "dtype", np.dtype("int8")).name in NARROW
        for leaf in jax.tree.leaves(values)
        if hasattr(leaf, "dtype")
    )


# ------------------------------------------------------------------ the tests


@pytest.mark.parametrize("entry", CHECKED, ids=topic)
def test_body_is_the_original(entry):
    for number, sample in enumerate(entry.check):
        arguments = drawn(entry, sample)
        what = f"{entry.name} {sample}"
        args, kwargs = flat_call(entry, arguments)
        if sample.raises is not None:
            with pytest.raises(Exception):  # noqa: B017
                run_tf(entry, args, kwargs)
            with jax.enable_x64(True), pytest.raises(sample.raises):
                jax.block_until_ready(exact.call(entry, *args, **kwargs))
            continue
        theirs = run_tf(entry, args, kwargs)
        with jax.enable_x64(True):
            ours = exact.call(entry, *args, key=key_of(entry), **kwargs)
            check_result(entry, ours, theirs, what)
        wide = holds_wide(arguments, [np.asarray(p) for p in plain(theirs)])
        if number == 0:
            check_call_shapes(entry, arguments, sample, what)
        itself = entry.ways() and entry.ways()[-1].fn is entry.fn
        if not wide and not itself and not entry.random:
            same(exact.call(entry, *args, **kwargs), theirs, what=f"{what} in 32 bit")
        if sample.grad and not entry.random:
            check_gradient(entry, arguments, what)


def check_result(entry, ours, theirs, what):
    if not entry.random:
        same(ours, theirs, what=what)
        return
    for mine, their in zip(leaves(ours), plain(theirs), strict=True):
        assert mine.dtype.name == their.dtype.name, what
        assert mine.shape == their.shape, what


def check_call_shapes(entry, arguments, sample, what):
    for shape, args, kwargs in shapes_of_call(entry, arguments):
        theirs = run_tf(entry, args, kwargs)
        with jax.enable_x64(True):
            ours = exact.call(entry, *args, key=key_of(entry), **kwargs)
            check_result(entry, ours, theirs, f"{what}, {shape}")
    args, kwargs = flat_call(entry, arguments)
    with jax.enable_x64(True):
        ours = exact.call(entry, *args, key=key_of(entry), **kwargs)
        if entry.name.startswith("tf.") and Fn not in entry.kinds.values():
            theirs = run_tf(entry, args, kwargs, variable=True)
            check_result(entry, ours, theirs, f"{what}, variables")
        required = {
            k: v
            for k, v in arguments.items()
            if entry.signature.parameters[k].default is inspect.Parameter.empty
        }
        if len(required) < len(arguments) and not sample.only:
            args, kwargs = flat_call(entry, required)
            try:
                theirs = run_tf(entry, args, kwargs)
            except (ValueError, TypeError, tf.errors.InvalidArgumentError):
                with pytest.raises((ValueError, TypeError)):
                    exact.call(entry, *args, key=key_of(entry), **kwargs)
            else:
                ours = exact.call(entry, *args, key=key_of(entry), **kwargs)
                check_result(entry, ours, theirs, f"{what}, defaults only")


def check_gradient(entry, arguments, what):
    paths = inexact_paths(entry, arguments)
    if not paths or any(k is Fn for k in entry.kinds.values()):
        return
    cotangents, theirs = tf_gradient(entry, arguments, paths)
    if cotangents is None:
        return
    with jax.enable_x64(True):

        def run(*inputs):
            args, kwargs = flat_call(entry, put(arguments, paths, inputs))
            return exact.call(entry, *args, **kwargs)

        inputs = [jnp.asarray(v) for v in pick(arguments, paths)]
        ours = jax_gradient(run, inputs, cotangents)
    for mine, their, path in zip(ours, theirs, paths, strict=True):
        same_leaf(mine, their, False, f"{what}: gradient of {path[0]}")


@pytest.mark.parametrize("entry", [e for e in CHECKED if e.ways()], ids=topic)
def test_spellings_are_the_original(entry):
    used, followed = set(), set()
    for sample in entry.check:
        if sample.raises is not None:
            continue
        arguments = drawn(entry, sample)
        args, kwargs = flat_call(entry, arguments)
        theirs = run_tf(entry, args, kwargs)
        for number, way in enumerate(entry.ways()):
            if not applies(entry, way, arguments):
                continue
            used.add(number)
            what = f"{entry.name} {sample} as {inspect.getsource(way.fn).strip()}"
            narrowed = {k: narrow(v) for k, v in arguments.items()}
            ours = run_spelling(entry, way, narrowed)
            if entry.returns == d.SHAPE and entry.name.startswith("tf."):
                ours = np.asarray(ours, "int32")
            if not entry.random:
                same(ours, theirs, narrowed=True, what=what)
            else:
                for mine, their in zip(leaves(ours), plain(theirs), strict=True):
                    assert mine.shape == their.shape, what
                    name = NARROW.get(their.dtype.name, their.dtype.name)
                    assert mine.dtype.name == name, what
                continue
            edge = any(isinstance(v, samples.Exactly) for v in sample.args)
            # A caveat may be of the gradient at edges; not in the first, plain sample.
            wanted = edge or number not in followed
            if way.because:
                wanted = sample is entry.check[0]
            if sample.grad and wanted:
                followed.add(number)
                check_spelling_gradient(entry, way, arguments, what)
    missed = [
        inspect.getsource(way.fn)
        for number, way in enumerate(entry.ways())
        if number not in used
    ]
    assert not missed, f"{entry.name}: no sample reaches {missed}"


def check_spelling_gradient(entry, way, arguments, what):
    paths = inexact_paths(entry, arguments)
    if not paths or any(k is Fn for k in entry.kinds.values()):
        return
    cotangents, theirs = tf_gradient(entry, arguments, paths)
    if cotangents is None:
        return

    def run(*inputs):
        now = {k: narrow(v) for k, v in arguments.items()}
        return run_spelling(entry, way, put(now, paths, inputs))

    inputs = [narrow(v) for v in pick(arguments, paths)]
    ours = jax_gradient(run, inputs, [narrow(c) for c in cotangents])
    for mine, their, path in zip(ours, theirs, paths, strict=True):
        same_leaf(mine, their, True, f"{what}: gradient of {path[0]}")


@pytest.mark.parametrize("entry", INITIALIZERS, ids=topic)
def test_initializers_are_the_original(entry):
    """Equal values, or for random ones equal moments and bounds of 40,000 draws."""
    shape = (200, 200)
    for sample in entry.check:
        theirs = original(entry.name)(*sample.args, **sample.kwargs)
        theirs = np.asarray(theirs(shape=shape, dtype="float32"))
        arguments = entry.signature.bind(*sample.args, **sample.kwargs).arguments
        calls = [s.fn for s in entry.ways() if applies(entry, s, arguments)]
        assert calls
        for fn in [entry.fn, *calls]:
            draw = hk.transform(lambda fn, a: fn(**a)(shape, jnp.float32))
            takes = inspect.signature(fn).parameters
            chosen = {k: v for k, v in arguments.items() if k in takes}
            ours = np.asarray(draw.apply({}, jax.random.key(0), fn, chosen))
            assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
            if not entry.random:
                np.testing.assert_array_equal(ours, theirs)
                continue
            spread = theirs.std()
            assert abs(ours.mean() - theirs.mean()) < 0.03 * spread
            assert abs(ours.std() - spread) < 0.02 * spread
            for level in (0.01, 0.25, 0.75, 0.99):
                gap = np.quantile(ours, level) - np.quantile(theirs, level)
                assert abs(gap) < 0.08 * spread


# ------------------------------------------------------------------ the signatures

DTYPES = {v: v.name for v in vars(tf.dtypes).values() if isinstance(v, tf.DType)}


def default_of(value):
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, np.dtype) or getattr(value, "dtype", None) is not None:
        return jnp.dtype(value).name
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize(
    "entry", [e for e in OPS if e.name.startswith("tf.")], ids=topic
)
def test_signature_is_the_original(entry):
    for name in entry.names:
        theirs = inspect.signature(original(name)).parameters
        ours = {n: p for n, p in entry.signature.parameters.items()}
        if any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):
            continue
        assert list(ours) == list(theirs), name
        for key, parameter in theirs.items():
            if parameter.default is inspect.Parameter.empty:
                assert ours[key].default is inspect.Parameter.empty, (name, key)
            elif entry.kinds[key] is not d.Ignored:
                mine, their = (
                    default_of(ours[key].default),
                    default_of(parameter.default),
                )
                assert mine == their, (name, key)


@pytest.mark.parametrize("entry", OPS, ids=topic)
def test_ops_are_checked(entry):
    assert entry.check, f"{entry.name} has no sample"
