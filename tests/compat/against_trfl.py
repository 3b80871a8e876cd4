"""Every function of compat.trfl against TRFL: value, dtype, shape and gradient.

Run by test_trfl.py in a process of its own. The cases are the samples that stand with
each op; for each the body is compared, each spelling whose guard holds, and the body
called with tensors under a tape.
"""

import tensorflow_probability as tfp

tfp.distributions  # noqa: B018  (before TensorFlow: see tests/support/own_process.py)

import functools  # noqa: E402
import inspect  # noqa: E402
import zlib  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
import trfl  # noqa: E402

import rlax_core as rlax  # noqa: E402
from compat import dictionary as d  # noqa: E402
from compat import runtime  # noqa: E402
from compat import trfl as ours  # noqa: E402
from compat.dictionary import exact, guards, samples  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ENTRIES = [e for e in d.entries() if e.name.startswith("trfl.")]
CASES = [(e, call) for e in ENTRIES for call in e.check]
GOOD = [(e, call) for e, call in CASES if call.raises is None]
BAD = [(e, call) for e, call in CASES if call.raises is not None]


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Hundreds of small programs run once each: compiling is all the cost."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def case_id(value):
    return value.name if isinstance(value, d.Entry) else None


def drawn(entry, call):
    rng = np.random.default_rng(zlib.crc32(repr((entry.name, call)).encode()))
    return samples.draw(list(call.args), rng), samples.draw(call.kwargs, rng)


def convert(value, make):
    return jax.tree.map(
        lambda v: make(v) if isinstance(v, np.ndarray) else v,
        value,
        is_leaf=lambda v: v is None,
    )


def float_inputs(args, kwargs):
    """The float arrays among the arguments, and a way to put others in their place."""
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda v: v is None)
    places = [
        i
        for i, leaf in enumerate(leaves)
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    ]

    def put(values, make):
        new = [make(v) if isinstance(v, np.ndarray) else v for v in leaves]
        for place, value in zip(places, values, strict=True):
            new[place] = value
        return jax.tree.unflatten(tree, new)

    return [leaves[i] for i in places], put


def float_outputs(result, kind):
    return [
        leaf
        for leaf in jax.tree.leaves(result)
        if kind(leaf) and jnp.issubdtype(np.asarray(leaf).dtype, np.floating)
    ]


def weights_for(arrays):
    rng = np.random.default_rng(7)
    return [rng.normal(size=np.shape(a)).astype(np.float32) for a in arrays]


def named(package, entry):
    """What stands under an entry's name in a package."""
    return functools.reduce(getattr, entry.name.split(".")[1:], package)


def theirs_of(function, args, kwargs):
    """TRFL's results, and the gradient by each float input of a weighted sum."""
    inputs, put = float_inputs(args, kwargs)
    tensors = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        placed_args, placed_kwargs = put(tensors, tf.constant)
        result = function(*placed_args, **placed_kwargs)
        outputs = [
            leaf
            for leaf in tf.nest.flatten(result)
            if tf.is_tensor(leaf) and leaf.dtype.is_floating
        ]
        total = tf.add_n(
            [
                tf.reduce_sum(o * w)
                for o, w in zip(outputs, weights_for(outputs), strict=True)
            ]
        )
    gradients = tape.gradient(total, tensors)
    zeros = [
        np.zeros(x.shape, x.dtype) if g is None else np.asarray(tf.convert_to_tensor(g))
        for x, g in zip(inputs, gradients, strict=True)
    ]
    return result, zeros


def mine_of(function, args, kwargs):
    """Our results on arrays, and the same gradients."""
    inputs, put = float_inputs(args, kwargs)

    def total(values):
        placed_args, placed_kwargs = put(values, jnp.asarray)
        result = function(*placed_args, **placed_kwargs)
        outputs = [
            leaf
            for leaf in jax.tree.leaves(result)
            if jnp.issubdtype(leaf.dtype, jnp.floating)
        ]
        weights = weights_for(outputs)
        summed = sum(jnp.sum(o * w) for o, w in zip(outputs, weights, strict=True))
        return summed, result

    gradients, result = jax.grad(total, has_aux=True)([jnp.asarray(x) for x in inputs])
    return result, gradients


def same(mine, theirs, what):
    mine = jax.tree.leaves(mine)
    theirs = [leaf for leaf in tf.nest.flatten(theirs) if leaf is not None]
    assert len(mine) == len(theirs), what
    for a, b in zip(mine, theirs, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, f"{what}: {a.shape} is not {b.shape}"
        assert a.dtype == b.dtype, f"{what}: {a.dtype} is not {b.dtype}"
        scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6 * scale, err_msg=what)


def fields(result):
    """The names of a result's fields, all the way down."""
    if hasattr(result, "_fields"):
        return {name: fields(getattr(result, name)) for name in result._fields}
    return None


@pytest.mark.parametrize(("entry", "call"), GOOD, ids=case_id)
def test_body(entry, call):
    args, kwargs = drawn(entry, call)
    theirs, their_gradients = theirs_of(named(trfl, entry), args, kwargs)
    mine, gradients = mine_of(lambda *a, **k: exact.call(entry, *a, **k), args, kwargs)
    assert fields(mine) == fields(theirs)
    same(mine, theirs, f"{entry.name}{call}")
    same(gradients, their_gradients, f"gradient of {entry.name}{call}")


@pytest.mark.parametrize(("entry", "call"), GOOD, ids=case_id)
def test_tensors_under_a_tape(entry, call):
    args, kwargs = drawn(entry, call)
    theirs, their_gradients = theirs_of(named(trfl, entry), args, kwargs)
    inputs, put = float_inputs(args, kwargs)
    tensors = [runtime.convert_to_tensor(x) for x in inputs]
    tape = compat_tape()
    with tape:
        tape.watch(tensors)
        placed_args, placed_kwargs = put(tensors, runtime.convert_to_tensor)
        result = named(ours, entry)(*placed_args, **placed_kwargs)
    outputs = [leaf for leaf in flat_tensors(result) if leaf.dtype.is_floating]
    gradients = tape.gradient(outputs, tensors, output_gradients=weights_for(outputs))
    same(
        [leaf.numpy() for leaf in flat_tensors(result)],
        theirs,
        f"{entry.name}{call}",
    )
    zeros = [
        np.zeros(x.shape, x.dtype) if g is None else g.numpy()
        for x, g in zip(inputs, gradients, strict=True)
    ]
    same(zeros, their_gradients, f"tape gradient of {entry.name}{call}")


def compat_tape():
    from compat.runtime.tape import GradientTape

    return GradientTape()


def flat_tensors(result):
    from compat.runtime import nest

    return [leaf for leaf in nest.flatten(result) if leaf is not None]


def holds(condition, bound):
    """Whether a guard's condition is true of concrete arguments."""
    value = bound.get(condition.name)
    match condition.test:
        case "state":
            return value is None if condition.value == "None" else None
        case "equal":
            return np.ndim(value) == 0 and value == condition.value
        case "rank":
            return np.ndim(value) == condition.value
        case "sort":
            return isinstance(value, np.ndarray) == (condition.value == "tensor")
        case "dtype":
            return np.asarray(value).dtype.kind == condition.value[0]
    return None


def arguments_of(entry, call):
    args, kwargs = drawn(entry, call)
    bound = entry.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def applies(entry, call, spelling):
    """Whether the rewriter would write a call so."""
    arguments = arguments_of(entry, call)
    verdict, _ = guards.evaluate(spelling.guard, lambda c: holds(c, arguments))
    taken = inspect.signature(spelling.fn).parameters
    at_default = all(
        value is entry.signature.parameters[name].default
        for name, value in arguments.items()
        if name not in taken and entry.kinds[name] is not d.Ignored
    )
    return verdict and at_default and not out_of_range(entry, arguments)


def out_of_range(entry, arguments):
    """An index out of range: the stated difference of `batched_index`."""
    if entry.name != "trfl.batched_index":
        return False
    indices = arguments["indices"]
    return indices.min() < 0 or indices.max() >= arguments["values"].shape[-1]


SPELLED = [
    (entry, call, spelling)
    for entry, call in GOOD
    for spelling in entry.spellings
    if applies(entry, call, spelling)
]


@pytest.mark.parametrize(("entry", "call", "spelling"), SPELLED, ids=case_id)
def test_spelling(entry, call, spelling):
    args, kwargs = drawn(entry, call)
    arguments = arguments_of(entry, call)
    taken = inspect.signature(spelling.fn).parameters
    given = {n: v for n, v in arguments.items() if n in taken}
    unused = [n for n in arguments if n not in given]
    assert not any(isinstance(arguments[n], np.ndarray) for n in unused)

    def spelled(*values):
        return spelling.fn(**dict(zip(given, values, strict=True)))

    theirs, their_gradients = theirs_of(named(trfl, entry), args, kwargs)
    mine, gradients = mine_of(spelled, list(given.values()), {})
    same(mine, theirs, f"{entry.name}{call}")
    same(gradients, their_gradients, f"gradient of a spelling of {entry.name}{call}")


def test_each_spelling_was_compared():
    """Every spelling has at least one sample that its guard lets through."""
    by_hand = {"trfl.policy_gradient", "trfl.epsilon_greedy", "trfl.best_effort_shape"}
    compared = {id(spelling) for _, _, spelling in SPELLED}
    left = [
        (entry.name, spelling.guard)
        for entry in ENTRIES
        for spelling in entry.spellings
        if entry.name not in by_hand and id(spelling) not in compared
    ]
    assert left == []


@pytest.mark.parametrize(("entry", "call"), BAD, ids=case_id)
def test_errors(entry, call):
    args, kwargs = drawn(entry, call)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        named(trfl, entry)(*convert(args, tf.constant), **convert(kwargs, tf.constant))
    with pytest.raises(call.raises):
        exact.call(entry, *convert(args, jnp.asarray), **convert(kwargs, jnp.asarray))


def test_all_public_names():
    public = {
        name
        for name, value in vars(trfl).items()
        if inspect.isfunction(value) and value.__module__.startswith("trfl.")
    }
    assert len(public) == 42
    assert {name for name in dir(ours) if not name.endswith("_ops")} == public


@pytest.mark.parametrize("entry", ENTRIES, ids=case_id)
def test_signatures(entry):
    theirs = inspect.signature(named(trfl, entry)).parameters
    mine = entry.signature.parameters
    assert list(mine) == list(theirs)
    for name, parameter in theirs.items():
        default = mine[name].default
        if entry.kinds[name] is not d.Ignored:
            assert default == parameter.default, name
        else:
            assert (default is inspect.Parameter.empty) == (
                parameter.default is inspect.Parameter.empty
            )


# ------------------------------------------------------------ distribution objects

T, B = 5, 3
MU = np.random.default_rng(1).normal(size=(T, B, 2)).astype(np.float32)
LOG_SIGMA = 0.3 * np.random.default_rng(2).normal(size=(T, B, 2)).astype(np.float32)
STEPS = np.random.default_rng(3).normal(size=(4, T, B)).astype(np.float32)
LAST = np.random.default_rng(4).normal(size=B).astype(np.float32)
TAKEN = np.random.default_rng(5).normal(size=(T, B, 2)).astype(np.float32)


def with_policies(call):
    """A loss of normal policies, made of means and log-deviations."""

    def theirs(mu, log_sigma, *arrays):
        make = tfp.distributions.MultivariateNormalDiag
        return call(trfl, lambda m: make(m, tf.exp(log_sigma)), mu, *arrays)

    def mine(mu, log_sigma, *arrays):
        make = rlax.distributions.DiagonalNormal

        class OnArrays:
            """compat.trfl's functions on arrays."""

            def __getattr__(self, name):
                return d.find(f"trfl.{name}").fn

        return call(OnArrays(), lambda m: make(m, jnp.exp(log_sigma)), mu, *arrays)

    return theirs, mine


POLICY_CALLS = {
    "policy_gradient": lambda lib, make, mu, a, v: lib.policy_gradient(make(mu), a, v),
    "policy_gradient_loss": lambda lib, make, mu, a, v: lib.policy_gradient_loss(
        [make(mu), make(2 * mu)], [a, a], v
    ),
    "policy_entropy_loss": lambda lib, make, mu, a, v: lib.policy_entropy_loss(
        make(mu), scale_op=lambda p: 0.5
    ),
    "sequence_a2c_loss": lambda lib, make, mu, a, v: lib.sequence_a2c_loss(
        make(mu),
        v,
        a,
        v * 0.5,
        v * 0.1,
        v[0],
        lambda_=0.9,
        entropy_cost=0.03,
        baseline_cost=0.5,
    ),
    "sequence_a2c_loss without entropy": lambda lib, make, mu, a, v: (
        lib.sequence_a2c_loss(make(mu), v, a, v * 0.5, v * 0.1, v[0])
    ),
}


@pytest.mark.parametrize("name", POLICY_CALLS)
def test_distribution_objects(name):
    theirs, mine = with_policies(POLICY_CALLS[name])
    args = [MU, LOG_SIGMA, TAKEN, STEPS[0]]
    their_result, their_gradients = theirs_of(theirs, args, {})
    my_result, gradients = mine_of(mine, args, {})
    assert fields(my_result) == fields(their_result)
    same(my_result, their_result, name)
    same(gradients, their_gradients, f"gradient of {name}")


def test_policy_gradient_spelling():
    spelling = d.find("trfl.policy_gradient").spellings[0].fn
    theirs, mine = with_policies(POLICY_CALLS["policy_gradient"])

    def spelled(mu, log_sigma, actions, values):
        policy = rlax.distributions.DiagonalNormal(mu, jnp.exp(log_sigma))
        return spelling(policy, actions, values)

    args = [MU, LOG_SIGMA, TAKEN, STEPS[0]]
    _, wanted = theirs_of(theirs, args, {})
    result, gradients = mine_of(spelled, args, {})
    same(result, mine_of(mine, args, {})[0], "spelling of policy_gradient")
    same(gradients, wanted, "gradient of the spelling of policy_gradient")


@pytest.mark.parametrize("masked", [False, True])
def test_epsilon_greedy(masked):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 3, (T, B, 4)).astype(np.float32)  # with ties
    mask = np.array([1, 0, 1, 1], np.float32) * np.ones_like(values) if masked else None
    theirs = trfl.epsilon_greedy(values, 0.1, mask)
    mine = d.find("trfl.epsilon_greedy").fn(values, 0.1, mask)
    same(mine.probs, theirs.probs, "probs")
    actions = rng.integers(0, 4, (T, B)).astype(np.int32)
    with np.errstate(divide="ignore"):
        same(mine.log_prob(actions), theirs.log_prob(actions), "log_prob")
    same(mine.prob(actions), theirs.prob(actions), "prob")
    same(mine.entropy(), theirs.entropy(), "entropy")
    same(mine.mode(), theirs.mode(), "mode")
    assert mine.batch_shape == tuple(theirs.batch_shape)
    drawn = mine.sample(2000, seed=0)
    assert drawn.shape == (2000, T, B) and drawn.dtype == theirs.sample().dtype
    often = np.mean(np.asarray(drawn)[..., None] == np.arange(4), axis=0)
    np.testing.assert_allclose(often, mine.probs, atol=0.05)
    if not masked:
        spelled = d.find("trfl.epsilon_greedy").spellings[0].fn(values, 0.1)
        same(spelled.probs, theirs.probs, "spelling")


# ------------------------------------------------------------- variables and tapes


@pytest.mark.parametrize("tau", [1.0, 0.25])
def test_update_target_variables(tau):
    start, source = STEPS[0], STEPS[1]
    theirs = tf.Variable(start)
    trfl.update_target_variables([theirs], [tf.Variable(source)], tau)
    mine = runtime.Variable(start)
    assert ours.update_target_variables([mine], [runtime.Variable(source)], tau) is None
    same(mine.numpy(), theirs, "variables")
    (value,) = ours.update_target_variables([jnp.asarray(start)], [source], tau)
    same(value, theirs, "arrays")


@pytest.mark.parametrize(
    ("tau", "targets", "error"),
    [
        (1, 1, TypeError),
        (1.5, 1, ValueError),
        (0.0, 1, ValueError),
        (1.0, 2, ValueError),
    ],
)
def test_update_target_variables_refuses(tau, targets, error):
    with pytest.raises(error):
        trfl.update_target_variables(
            [tf.Variable(LAST)] * targets, [tf.Variable(LAST)], tau
        )
    with pytest.raises(error):
        ours.update_target_variables(
            [runtime.Variable(LAST)] * targets, [runtime.Variable(LAST)], tau
        )


@pytest.mark.parametrize("period", [None, 0, 1, 3])
@pytest.mark.parametrize("counted", [False, True])
def test_periodically(period, counted):
    def ran(library, make_counter):
        counter = make_counter() if counted else None
        calls = []
        for step in range(8):
            library.periodically(lambda: calls.append(step), period, counter)  # noqa: B023
        return calls, None if counter is None else int(counter.numpy())

    theirs = ran(trfl_eager(), lambda: tf.Variable(0, dtype=tf.int64))
    mine = ran(ours, lambda: runtime.Variable(np.int64(0)))
    assert mine == theirs


class trfl_eager:
    """TRFL's `periodically` wants ops as results: bodies here return none."""

    def periodically(self, body, period, counter):
        def operation():
            body()
            return tf.no_op()

        return trfl.periodically(operation, period, counter)


def test_periodic_target_update():
    theirs, source = tf.Variable(LAST), tf.Variable(2 * LAST)
    mine = runtime.Variable(LAST)
    counters = tf.Variable(0, dtype=tf.int64), runtime.Variable(np.int64(0))
    for step in range(7):
        value = LAST + step
        source.assign(value)
        trfl.periodic_target_update([theirs], [source], 3, 0.5, counter=counters[0])
        ours.periodic_target_update(
            [mine], [runtime.convert_to_tensor(value)], 3, 0.5, counter=counters[1]
        )
        same(mine.numpy(), theirs, f"step {step}")


@pytest.mark.parametrize(
    ("clipping", "by_norm"), [(None, False), (0.4, False), (0.4, True)]
)
def test_dpg(clipping, by_norm):
    actions, weights = TAKEN[0], 3 * MU[0]

    @tf.function  # TRFL asks for graph gradients
    def reference(a):
        q = tf.reduce_sum(tf.tanh(a * weights), -1)
        loss, extra = trfl.dpg(q, a, clipping, by_norm)
        return loss, extra.dqda, tf.gradients([loss], [a])[0]

    their_loss, their_dqda, their_gradient = reference(tf.constant(actions))
    critic = runtime.Plan(lambda a: jnp.sum(jnp.tanh(a * weights), -1), "critic")
    with compat_tape() as tape:
        a = runtime.convert_to_tensor(actions)
        tape.watch(a)
        q = runtime.run(critic, [a])
        loss, extra = ours.dpg(q, a, clipping, by_norm)
    same(loss.numpy(), their_loss, "loss")
    same(extra.dqda.numpy(), their_dqda, "dqda")
    same(tape.gradient(loss, a).numpy(), their_gradient, "gradient")


def test_dpg_refuses():
    with pytest.raises(ValueError, match="GradientTape"):
        ours.dpg(LAST, TAKEN[0])
    with pytest.raises(ValueError, match="bigger than 0"):
        ours.dpg(LAST, TAKEN[0], -1.0)


def test_sarse_debug():
    args = [MU[0], np.array([0, 1, 1]), LAST, LAST, MU[0]]
    good = np.full((B, 2), 0.5, np.float32)
    ours.sarse(*args, good, debug=True)
    with pytest.raises(ValueError, match="sum to 1"):
        ours.sarse(*args, 2 * good, debug=True)


def test_shapes():
    tensor = runtime.convert_to_tensor(MU)
    assert ours.best_effort_shape(tensor) == [T, B, 2]
    assert ours.best_effort_shape(jnp.asarray(MU), 3) == [T, B, 2]
    with pytest.raises(ValueError, match="rank 2"):
        ours.best_effort_shape(tensor, 2)
    ours.assert_rank_and_shape_compatibility([tensor, tensor], 3)
    for bad in ([], [tensor, runtime.convert_to_tensor(LAST)]):
        with pytest.raises(ValueError):
            trfl.assert_rank_and_shape_compatibility(
                [tf.constant(np.asarray(t)) for t in bad], 3
            )
        with pytest.raises(ValueError):
            ours.assert_rank_and_shape_compatibility(bad, 3)


def test_modules_and_unknown_names():
    assert ours.base_ops.LossOutput._fields == trfl.base_ops.LossOutput._fields
    assert ours.value_ops.td_learning is ours.td_learning
    with pytest.raises(AttributeError, match="compat has no trfl.nothing"):
        ours.nothing  # noqa: B018
