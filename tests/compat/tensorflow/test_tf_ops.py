"""Every op of the dictionary against TensorFlow: value, dtype, shape and gradient.

The body is held to TensorFlow's result exactly (in 64-bit mode, where dtypes are
TensorFlow's own); each spelling, run on plain arrays as migrated code runs, through the
narrowing table (int64 to int32, float64 to float32, and so on).
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import compat.tensorflow._src  # noqa: F401  (fills the dictionary)
import haiku_core as hk
from compat import dictionary as d
from compat.dictionary import exact, guards, samples
from compat.dictionary.kinds import Fn

tf = pytest.importorskip("tensorflow")

from tests.compat.tensorflow import jax_side, tf_side  # noqa: E402
from tests.compat.tensorflow.jax_side import Job  # noqa: E402

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
    pytest.mark.filterwarnings("ignore:Casting complex values to real"),
]


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Thousands of small programs run once each: compiling is all the cost."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
    jax.clear_caches()


_done = iter(range(10**9))


@pytest.fixture(autouse=True)
def bounded_memory():
    """Compiled programs are never used again; they would pile up."""
    yield
    if next(_done) % 60 == 59:
        jax.clear_caches()


def topic(entry):
    return f"{entry.fn.__module__.rpartition('.')[2]}-{entry.name}"


def has_gradient(entry, sample):
    return sample.grad and not entry.random and Fn not in entry.kinds.values()


def is_eager(entry, arguments):
    """Whether the shape of the result depends on values."""
    if isinstance(entry.concrete, bool):
        return entry.concrete
    return guards.evaluate(entry.concrete, tf_side.known(entry, arguments))[0]


def original_of(entry, arguments, gradient):
    """What the original gives: (result, cotangents, gradients)."""
    args, kwargs = tf_side.flat_call(entry, arguments)
    theirs = tf_side.plain(tf_side.run_tf(entry, args, kwargs))
    if not gradient:
        return theirs, None, None
    paths = tf_side.tensor_paths(entry, arguments)
    return theirs, *tf_side.tf_gradient(entry, arguments, paths)


def run_jobs(entry, jobs):
    eager = [job for job in jobs if is_eager(entry, job.arguments)]
    compiled = [job for job in jobs if job not in eager]
    if entry.random:
        jax_side.check(jobs, shapes_only=True)
        return
    if eager:
        jax_side.check(eager, eager=True)
    if compiled:
        jax_side.check(compiled)


@pytest.mark.parametrize("entry", CHECKED, ids=topic)
def test_body_is_the_original(entry):
    jobs = []
    call = jax_side.body_call(entry)
    for number, sample in enumerate(entry.check):
        arguments = tf_side.drawn(entry, sample)
        if sample.raises is not None:
            check_raises(entry, arguments, sample)
            continue
        found = original_of(entry, arguments, has_gradient(entry, sample))
        paths = tf_side.tensor_paths(entry, arguments)
        what = f"{entry.name} {sample}"
        jobs.append(Job(what, call, arguments, paths, *found))
        if number == 0:
            jobs += calls_in_all_shapes(entry, sample, arguments, found[0])
    with jax.enable_x64(True):
        run_jobs(entry, jobs)


def check_raises(entry, arguments, sample):
    args, kwargs = tf_side.flat_call(entry, arguments)
    with pytest.raises(Exception):  # noqa: B017
        tf_side.run_tf(entry, args, kwargs)
    with jax.enable_x64(True), pytest.raises(sample.raises):
        exact.call(entry, *args, key=jax_side.key_of(entry), **kwargs)


def calls_in_all_shapes(entry, sample, arguments, theirs):
    """The same call in other shapes; a job for the one with defaults only.

    In shapes that bind to the same arguments, the body need not run again.
    """
    args, kwargs = tf_side.flat_call(entry, arguments)
    bound = exact.bind(entry, args, kwargs).arguments
    for shape, args, kwargs in tf_side.shapes_of_call(entry, arguments):
        again = exact.bind(entry, args, kwargs).arguments
        assert equal(bound, again), f"{entry.name}, {shape}"
        if not entry.random:
            same_result(tf_side.run_tf(entry, args, kwargs), theirs, entry, shape)
    if entry.name.startswith("tf.") and Fn not in entry.kinds.values():
        args, kwargs = tf_side.flat_call(entry, arguments)
        result = tf_side.run_tf(entry, args, kwargs, variable=True)
        if not entry.random:
            same_result(result, theirs, entry, "variables")
    required = {
        k: v
        for k, v in arguments.items()
        if entry.signature.parameters[k].default is inspect.Parameter.empty
    }
    if len(required) == len(arguments) or sample.only:
        return []
    try:
        found = original_of(entry, required, False)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError):
        args, kwargs = tf_side.flat_call(entry, required)
        with jax.enable_x64(True), pytest.raises((ValueError, TypeError)):
            exact.call(entry, *args, key=jax_side.key_of(entry), **kwargs)
        return []
    paths = tf_side.tensor_paths(entry, required)
    call = jax_side.body_call(entry)
    return [Job(f"{entry.name}, defaults only", call, required, paths, *found)]


def equal(a, b):
    """Whether two nests of arrays and values are the same."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if hasattr(a, "dtype") and hasattr(a, "shape"):
        return a.dtype == b.dtype and np.array_equal(
            a, b, equal_nan=a.dtype.kind in "fc"
        )
    return a is b or a == b


def same_result(result, theirs, entry, shape):
    for mine, their in zip(tf_side.plain(result), theirs, strict=True):
        jax_side.same(mine, their, False, f"{entry.name} in TensorFlow, {shape}")


@pytest.mark.parametrize("entry", [e for e in CHECKED if e.ways()], ids=topic)
def test_spellings_are_the_original(entry):
    jobs, used, followed = [], set(), set()
    for sample in entry.check:
        if sample.raises is not None:
            continue
        arguments = tf_side.drawn(entry, sample)
        ways = [
            (number, way)
            for number, way in enumerate(entry.ways())
            if tf_side.applies(entry, way, arguments)
        ]
        of_shapes = [pair for pair in ways if is_of_shapes(pair[1])]
        ways = of_shapes or ways  # what is for arrays does not take shapes
        if not ways:
            continue
        theirs, *gradient = original_of(entry, arguments, has_gradient(entry, sample))
        now = {k: jax_side.narrow(v) for k, v in arguments.items()}
        paths = tf_side.tensor_paths(entry, now)
        for number, way in ways:
            used.add(number)
            job = Job(
                f"{entry.name} {sample} as {inspect.getsource(way.fn).strip()}",
                jax_side.spelled_call(entry, way),
                now,
                paths,
                theirs,
                narrowed=True,
                as_vector=entry.returns == d.SHAPE and entry.name.startswith("tf."),
                as_ints=bool(of_shapes),
            )
            if wants_gradient(entry, sample, way, number in followed):
                followed.add(number)
                if gradient[0] is not None:
                    job.cotangents = [jax_side.narrow(c) for c in gradient[0]]
                    job.gradients = gradient[1]
            jobs.append(job)
    run_jobs(entry, jobs)
    missed = [w.guard for n, w in enumerate(entry.ways()) if n not in used]
    assert not missed, f"{entry.name}: no sample reaches {missed}"


def is_of_shapes(way):
    conditions = guards.parse(way.guard)
    return any(c.value == "shape" and not c.negated for c in conditions)


def wants_gradient(entry, sample, way, followed):
    """Once per spelling and at every edge.

    A caveat may be of the gradient at edges; not in the first, plain sample.
    """
    if way.because:
        return sample is entry.check[0]
    edge = any(isinstance(v, samples.Exactly) for v in sample.args)
    return edge or not followed


@pytest.mark.parametrize("entry", INITIALIZERS, ids=topic)
def test_initializers_are_the_original(entry):
    """Equal values, or for random ones equal moments and bounds of 40,000 draws."""
    shape = (200, 200)
    for sample in entry.check:
        theirs = tf_side.original(entry.name)(*sample.args, **sample.kwargs)
        theirs = np.asarray(theirs(shape=shape, dtype="float32"))
        arguments = entry.signature.bind(*sample.args, **sample.kwargs).arguments
        calls = [s.fn for s in entry.ways() if tf_side.applies(entry, s, arguments)]
        assert calls
        for fn in {entry.fn, *calls}:
            draw = hk.transform(lambda fn, a: fn(**a)(shape, jnp.float32))
            takes = inspect.signature(fn).parameters
            chosen = {k: v for k, v in arguments.items() if k in takes}
            ours = np.asarray(draw.apply({}, jax.random.key(0), fn, chosen))
            assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
            if entry.random:
                same_distribution(ours, theirs)
            else:
                np.testing.assert_array_equal(ours, theirs)


def same_distribution(ours, theirs):
    spread = theirs.std()
    assert abs(ours.mean() - theirs.mean()) < 0.03 * spread
    assert abs(ours.std() - spread) < 0.02 * spread
    for level in (0.05, 0.25, 0.75, 0.95):
        gap = np.quantile(ours, level) - np.quantile(theirs, level)
        assert abs(gap) < 0.08 * spread


DRAWS = [
    ("tf.random.uniform", ([40000], -3.0, 5.0), {}),
    ("tf.random.uniform", ([40000], 2, 9), {"dtype": "int32"}),
    ("tf.random.normal", ([40000], 3.0, 0.5), {}),
    ("tf.random.truncated_normal", ([40000], 3.0, 0.5), {}),
    ("tf.random.gamma", ([40000], 2.0), {"beta": 3.0}),
    ("tf.random.poisson", ([40000], 4.0), {}),
    ("tf.random.stateless_uniform", ([40000], [1, 2]), {}),
    ("tf.random.stateless_normal", ([40000], [1, 2]), {}),
    ("tf.nn.dropout", (np.ones(40000, "float32"), 0.3), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), DRAWS, ids=lambda v: str(v)[:30])
def test_draws_have_the_distribution(name, args, kwargs):
    entry = d.find(name)
    tf.random.set_seed(1)
    theirs = np.asarray(tf_side.original(name)(*args, **kwargs))
    bound = entry.signature.bind(*args, **kwargs).arguments
    ours = exact.call(entry, *args, key=jax_side.key_of(entry), **kwargs)
    same_distribution(np.asarray(ours, "float64"), theirs.astype("float64"))
    for way in entry.ways():
        if tf_side.applies(entry, way, bound):
            ours = jax_side.spelled_call(entry, way)(bound)
            same_distribution(np.asarray(ours, "float64"), theirs.astype("float64"))


# ------------------------------------------------------------------ the signatures


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
        theirs = inspect.signature(tf_side.original(name)).parameters
        ours = dict(entry.signature.parameters)
        if any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):
            continue
        assert list(ours) == list(theirs), name
        for key, parameter in theirs.items():
            if parameter.default is inspect.Parameter.empty:
                assert ours[key].default is inspect.Parameter.empty, (name, key)
            elif entry.kinds[key] is not d.Ignored:
                mine, their = ours[key].default, parameter.default
                assert default_of(mine) == default_of(their), (name, key)


@pytest.mark.parametrize("entry", OPS, ids=topic)
def test_ops_are_checked(entry):
    assert entry.check, f"{entry.name} has no sample"


# ------------------------------------------------------------------ the other names

OLD = ("tf.compat.v1.", "tf.logging", "tf.contrib.", "tf.estimator.")
GONE = {  # of TensorFlow 1, or of other releases than the one here; met in programs
    "tf.Session",
    "tf.placeholder",
    "tf.reset_default_graph",
    "tf.disable_v2_behavior",
    "tf.enable_v2_behavior",
    "tf.get_default_graph",
    "tf.train.SingularMonitoredSession",
    "tf.python",
    "tf.python.*",
    "tf.*",
    "tf.math.pi",
}


def test_other_names_are_real():
    """Names that are no ops exist in TensorFlow: a misspelt one would serve nobody."""
    wrong = []
    for entry in d.entries():
        for name in entry.names:
            known = entry.outcome == "op" or name in GONE or name.startswith(OLD)
            if known or not name.startswith("tf."):
                continue
            try:
                tf_side.original(name.removesuffix(".*"))
            except AttributeError:
                wrong.append(name)
    assert not wrong


# ------------------------------------------------------------------ these tests


def softsign_like(x):
    return x / (1 + jnp.abs(x))


WRONG = {
    "value": lambda x: softsign_like(x) * 1.001,
    "dtype": lambda x: softsign_like(x).astype(jnp.float16),
    "shape": lambda x: softsign_like(x)[None],
    "gradient": lambda x: jax.lax.stop_gradient(softsign_like(x)),
    "count": lambda x: (softsign_like(x), x),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_op_is_found(fault):
    """What these tests are for: they fail where an op is wrong in any way."""
    entry = d.find("tf.nn.softsign")
    arguments = tf_side.drawn(entry, entry.check[0])
    found = original_of(entry, arguments, True)
    paths = tf_side.tensor_paths(entry, arguments)

    def right(arguments):
        return softsign_like(arguments["features"])

    def wrong(arguments):
        return WRONG[fault](arguments["features"])

    jax_side.check([Job("right", right, arguments, paths, *found)])
    with pytest.raises((AssertionError, ValueError)):
        jax_side.check([Job("wrong", wrong, arguments, paths, *found)])
