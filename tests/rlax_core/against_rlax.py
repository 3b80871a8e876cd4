"""Every public name of rlax_core against RLax: values, gradients, dtypes, shapes.

Run by test_rlax.py in a process of its own, where RLax can be imported.
"""

import importlib.metadata
import inspect
import warnings
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlax

import rlax_core
from tests.rlax_core.cases import CASES, Sizes

pytestmark = [
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Hundreds of small programs run once each: compiling is all the cost."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def rng_of(case, dtype):
    return np.random.default_rng(zlib.crc32(f"{case}{dtype}".encode()))


def drawn(case, rng, sizes, dtype):
    return [
        jnp.asarray(value, dtype) if sample.floats else jnp.asarray(value)
        for sample, value in ((s, s(rng, sizes)) for s in case.samples)
    ]


def is_float(leaf):
    return jnp.issubdtype(jnp.result_type(leaf), jnp.floating)


def with_gradients(case, library):
    """A function of the drawn arguments: the results and their gradients."""
    function = getattr(library, case.name)
    places = [i for i, s in enumerate(case.samples) if s.floats]

    def run(*args):
        def total(floats):
            full = list(args)
            for place, value in zip(places, floats, strict=True):
                full[place] = value
            result = case.call(function, *full)
            leaves = [leaf for leaf in jax.tree.leaves(result) if is_float(leaf)]
            return sum(
                jnp.sum(jnp.asarray(leaf, jnp.float32) * _weights(leaf))
                for leaf in leaves
            ) + jnp.float32(0), result

        floats = [args[i] for i in places]
        if not case.jits:
            return total(floats)[1], []
        gradients, result = jax.grad(total, has_aux=True)(floats)
        return result, gradients

    return run


def _weights(leaf):
    """Other weights for each element, so that no gradient cancels."""
    rng = np.random.default_rng(np.size(leaf))
    return jnp.asarray(rng.normal(size=np.shape(leaf)), jnp.float32)


def both(case, dtype, batch=None):
    """Both libraries' results on the same arguments."""
    rng = rng_of(case, dtype)
    sizes = Sizes.draw(rng)
    if batch is None:
        args = drawn(case, rng, sizes, dtype)
    else:
        rows = [drawn(case, rng, sizes, dtype) for _ in range(batch)]
        args = [jnp.stack(column) for column in zip(*rows, strict=True)]

    def run(*args):
        out = []
        for library in (rlax_core, rlax):
            function = with_gradients(case, library)
            out.append((jax.vmap(function) if batch else function)(*args))
        return out

    mine, theirs = (jax.jit(run) if case.jits else run)(*args)
    return args, mine, theirs


def matched(mine, theirs):
    """Pairs of leaves; structure, shapes and dtypes are the same."""
    mine, theirs = jax.tree.leaves(mine), jax.tree.leaves(theirs)
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert jnp.shape(a) == jnp.shape(b), f"{jnp.shape(a)} is not {jnp.shape(b)}"
        assert jnp.result_type(a) == jnp.result_type(b)
        yield np.asarray(a), np.asarray(b)


def close(mine, theirs, tolerance):
    for a, b in matched(mine, theirs):
        scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


# Where some label has no probability, RLax's gradient by the labels is NaN. Ours is
# not, and is held to finite differences.
NAN_UPSTREAM = frozenset(
    {
        "categorical_td_learning-no-stop",
        "categorical_q_learning-no-stop",
        "categorical_double_q_learning-no-stop",
    }
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float64(case):
    with jax.enable_x64(True):
        args, mine, theirs = both(case, jnp.float64)
        if str(case) in NAN_UPSTREAM:
            assert any(np.isnan(leaf).any() for leaf in jax.tree.leaves(theirs[1]))
            close(mine[0], theirs[0], 1e-11)
            check_gradient(case, args, mine[1])
            return
        # Where RLax's result is float32 whatever it is given, so is ours.
        narrow = any(
            jnp.result_type(leaf) == jnp.float32 for leaf in jax.tree.leaves(theirs[0])
        )
        close(mine, theirs, 1e-5 if narrow else 1e-11)


def check_gradient(case, args, gradients):
    """Holds gradients to finite differences, one direction of each argument."""
    function = getattr(rlax_core, case.name)
    places = [i for i, s in enumerate(case.samples) if s.floats]
    for place, gradient in zip(places, gradients, strict=True):
        rng = np.random.default_rng(place)
        direction = rng.normal(size=args[place].shape)

        def moved(step, place=place, direction=direction):
            full = list(args)
            full[place] = args[place] + step * direction
            leaf = case.call(function, *full)
            return jnp.sum(leaf * jnp.asarray(_weights(leaf), jnp.float64))

        slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
        np.testing.assert_allclose(
            jnp.sum(gradient * direction), slope, rtol=1e-5, atol=1e-9
        )


def test_float64_covers_nan_upstream():
    assert {str(case) for case in CASES} >= NAN_UPSTREAM


def errors(results, truth):
    """How far each leaf is from the truth, over the truth's scale."""
    for leaf, true in zip(
        jax.tree.leaves(results), jax.tree.leaves(truth), strict=True
    ):
        leaf, true = np.asarray(leaf, np.float64), np.asarray(true, np.float64)
        assert np.array_equal(np.isfinite(leaf), np.isfinite(true))
        scale = np.max(np.abs(true), initial=1.0, where=np.isfinite(true))
        with np.errstate(invalid="ignore"):  # infinity less infinity
            off = np.abs(np.where(np.isfinite(true), leaf - true, 0))
        yield np.max(off, initial=0.0) / scale


FIRST = list({case.name: case for case in reversed(CASES)}.values())[::-1]
SINGLE = jnp.dtype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("case", FIRST, ids=str)
@pytest.mark.parametrize(
    ("dtype", "unit"), [(SINGLE, 2.0**-24), (jnp.bfloat16, 2.0**-8)], ids=str
)
def test_lower_precision(case, dtype, unit):
    """Batched: RLax's dtypes, and as near to float64's results as RLax comes.

    Or within 32 roundings of the result's scale in float32 and four in bfloat16, where
    RLax happens to round luckily.
    """
    batch = 3 if case.vmaps and dtype == SINGLE else None
    args, mine, theirs = both(case, dtype, batch)
    for _ in matched(mine, theirs):
        pass
    with jax.enable_x64(True):
        wide = [a.astype(jnp.float64) if is_float(a) else a for a in args]
        reference = with_gradients(case, rlax)
        reference = jax.vmap(reference) if batch else reference
        truth = (jax.jit(reference) if case.jits else reference)(*wide)
    for own, upstream in zip(errors(mine, truth), errors(theirs, truth), strict=True):
        assert own <= max(2 * upstream, (32 if dtype == SINGLE else 4) * unit)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in FIRST if c.jits and c.samples], ids=str)
def test_without_jit(case):
    """Op by op, as in a debugger, the numbers are those of compiled code."""
    rng = rng_of(case, "eager")
    args = drawn(case, rng, Sizes.draw(rng), jnp.float32)
    function = getattr(rlax_core, case.name)

    def run(*drawn_args):
        return case.call(function, *drawn_args)

    close(run(*args), jax.jit(run)(*args), 1e-5)


# ------------------------------------------------------------------ names and errors


def public_names():
    return {
        name
        for name, value in vars(rlax).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }


def test_all_names_are_there_and_covered():
    names = public_names()
    assert len(names) == 127
    assert names <= set(rlax_core.__all__)
    assert set(rlax.__all__) <= set(rlax_core.__all__)
    assert names == {case.name for case in CASES}
    assert importlib.metadata.version("rlax") == "0.1.9"


@pytest.mark.parametrize("name", sorted(public_names()))
def test_signatures(name):
    theirs, mine = getattr(rlax, name), getattr(rlax_core, name)
    assert callable(theirs) == callable(mine)
    if isinstance(theirs, tuple):
        assert theirs._fields == mine._fields
        return
    if name == "clip_gradient":  # RLax's is wrapped without its signature
        expected = ["x", "gradient_min", "gradient_max"]
        assert list(inspect.signature(mine).parameters) == expected
        return
    theirs, mine = inspect.signature(theirs), inspect.signature(mine)
    assert list(mine.parameters) == list(theirs.parameters)
    for own, upstream in zip(
        mine.parameters.values(), theirs.parameters.values(), strict=True
    ):
        # RLax's records say that they take fields by position, and raise if given so.
        assert own.kind == upstream.kind or inspect.isclass(getattr(rlax, name))
        assert plain(own.default) == plain(upstream.default)


def plain(default):
    """Defaults that are equal where RLax's are: functions by what they do."""
    if hasattr(default, "keywords"):
        return default.func, default.keywords
    if isinstance(default, tuple):
        return type(default).__name__
    if callable(default) and not isinstance(default, type(jnp.float32) | type):
        return float(default(jnp.arange(3.0), jnp.array([2.0, 0.0, 1.0])))
    return default


CHECKED = [
    case
    for case in CASES
    if case.name not in {"AllSum", "popart"} and any(s.letters for s in case.samples)
]


@pytest.mark.parametrize("case", CHECKED, ids=str)
def test_refuses_what_rlax_refuses(case):
    """Arguments of another rank or dtype: where RLax raises, so do we."""
    rng = rng_of(case, "bad")
    args = drawn(case, rng, Sizes.draw(rng), jnp.float32)
    for place, sample in enumerate(case.samples):
        for spoilt in (args[place][None], args[place].astype(jnp.int8)):
            if not sample.floats and spoilt.shape == args[place].shape:
                spoilt = args[place].astype(jnp.float32)
            bad = [*args[:place], spoilt, *args[place + 1 :]]
            mine, theirs = outcome(case, rlax_core, bad), outcome(case, rlax, bad)
            if isinstance(theirs, AssertionError):
                assert isinstance(mine, AssertionError | ValueError), (place, mine)
            if theirs is None:
                assert mine is None, (place, mine)


def outcome(case, library, args):
    try:
        jax.eval_shape(lambda *a: case.call(getattr(library, case.name), *a), *args)
    except Exception as error:
        return error
    return None
