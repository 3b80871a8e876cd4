"""Every op as a program calls it on compat, against TensorFlow.

The bodies are held to TensorFlow in `test_tf_ops`. Here the public names are called:
what is generated around a body, and what the runtime defines itself. Both sides run
the same file, `tf_side`, whose `import tensorflow` is for one of them that of compat.
"""

import importlib.util
import inspect

import jax
import numpy as np
import pytest

import compat
import compat.tensorflow._src
from compat import dictionary as d
from compat.dictionary.kinds import Fn
from compat.runtime.export import EXPORTS
from compat.tensorflow import namespace
from tests.compat.tensorflow import jax_side, tf_side

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

OPS = [
    e
    for e in d.entries()
    if e.outcome == "op"
    and e.name.split(".")[0] not in ("snt", "trfl")
    and e.returns != d.Kind("initializer")
]


@pytest.fixture(scope="module")
def ours():
    """`tf_side` on compat."""
    jax.config.update("jax_disable_most_optimizations", True)
    compat.install()
    try:
        spec = importlib.util.spec_from_file_location("compat_side", tf_side.__file__)
        side = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(side)
    finally:
        compat.uninstall()
    assert side.tf is compat.tensorflow
    yield side
    jax.config.update("jax_disable_most_optimizations", False)
    jax.clear_caches()


def compare(mine, theirs, what, shapes_only):
    """Asserts that two flat results are the same; of random ones, dtype and shape."""
    assert len(mine) == len(theirs), what
    for a, b in zip(mine, theirs, strict=True):
        if shapes_only:
            assert (a.dtype, a.shape) == (b.dtype, b.shape), what
        else:
            jax_side.same(a, b, False, what)


# The gradient by one of the arguments is zeros here, and None there.
CONSTANT_IN_ONE = ("tf.math.polyval", "tf.math.polygamma", "tf.math.zeta")


@pytest.mark.parametrize("entry", OPS, ids=lambda e: e.name)
def test_call_is_the_original(entry, ours):
    for number, sample in enumerate(entry.check):
        what = f"{entry.name} {sample}"
        arguments = tf_side.drawn(entry, sample)
        call = tf_side.flat_call(entry, arguments)
        if sample.raises is not None:
            with pytest.raises((ValueError, TypeError, LookupError)):
                ours.run_tf(entry, *call)
            continue
        result = tf_side.run_tf(entry, *call)
        assert tf_side.fields(ours.run_tf(entry, *call)) == tf_side.fields(result)
        theirs = tf_side.plain(result)
        others = tf_side.shapes_of_call(entry, arguments) if number == 0 else ()
        for shape, args, kwargs in [("as given", *call), *others]:
            mine = ours.plain(ours.run_tf(entry, args, kwargs))
            compare(mine, theirs, f"{what}, {shape}", entry.random)
        if sample.grad and not entry.random and Fn not in entry.kinds.values():
            paths = tf_side.tensor_paths(entry, arguments)
            if entry.name not in CONSTANT_IN_ONE:
                theirs = tf_side.unconnected(entry, arguments, paths)
                assert ours.unconnected(entry, arguments, paths) == theirs, what
            for a, b in zip(
                ours.tf_gradient(entry, arguments, paths)[1] or (),
                tf_side.tf_gradient(entry, arguments, paths)[1] or (),
                strict=True,
            ):
                jax_side.same(a, b, False, f"{what}: gradient")


def test_a_parameter_may_be_named_as_anything(ours):
    """The wrapper of `tf.bitcast`, whose parameter hides a builtin."""
    bits = ours.tf.bitcast(1.0, type="int32")
    assert bits.numpy() == np.float32(1.0).view(np.int32)


# ------------------------------------------------------------------ signatures


def parameters(thing):
    """Names of the parameters in order; None where it takes any."""
    try:
        found = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    except (TypeError, ValueError):
        return None
    found = found.parameters.values()
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in found):
        return None
    return [p.name for p in found if p.name != "self"]


def exported():
    """(name, ours, TensorFlow's) of all that the runtime defines, methods included."""
    namespace.known()
    for name, mine in EXPORTS.items():
        try:
            their = tf_side.original(name)
        except AttributeError:
            continue
        yield name, mine, their
        if inspect.isclass(mine) and inspect.isclass(their):
            for method in set(dir(mine)) & set(dir(their)):
                if not method.startswith("_"):
                    pair = getattr(mine, method), getattr(their, method)
                    yield f"{name}.{method}", *pair


# Objects that programs do not make themselves, and names of TensorFlow 1.
MADE_OTHERWISE = {
    "tf.data.Dataset",
    "tf.distribute.ReplicaContext",
    "tf.__internal__.function.Function",
    "tf.compat.v1.cond",
}


def test_parameters_are_the_originals():
    """By name and place; the last ones may be missing, or be more."""
    wrong, compared = {}, 0
    for name, mine, their in exported():
        pair = parameters(mine), parameters(their)
        if name in MADE_OTHERWISE or None in pair:
            continue
        compared += 1
        length = min(map(len, pair))
        if pair[0][:length] != pair[1][:length]:
            wrong[name] = pair
    assert not wrong
    assert compared > 300
