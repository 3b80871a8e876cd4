"""The language of guards, the meaning of annotations, functions of one expression."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compat.dictionary import (
    Dtype,
    Entry,
    Ignored,
    Key,
    Shape,
    Static,
    T,
    Ts,
    exact,
    expressions,
    guards,
)


@pytest.mark.parametrize(
    ("text", "test", "name", "value", "negated"),
    [
        ("x is float", "dtype", "x", "float", False),
        ("not x is tensor", "sort", "x", "tensor", True),
        ("x is shape", "sort", "x", "shape", False),
        ("x is None", "state", "x", "None", False),
        ("x == 'SAME'", "equal", "x", "SAME", False),
        ("x != 0", "equal", "x", 0, True),
        ("x in (1, 2)", "among", "x", (1, 2), False),
        ("not x has -1", "has", "x", -1, True),
        ("len(x) == 2", "len", "x", 2, False),
        ("rank(x) == 3", "rank", "x", 3, False),
    ],
)
def test_condition(text, test, name, value, negated):
    (found,) = guards.parse(text)
    assert found == guards.Condition(test, name, value, negated)


@pytest.mark.parametrize("text", ["x is blue", "x > 1", "float(x)", "x is"])
def test_guard_not_understood(text):
    with pytest.raises(ValueError, match="not understood"):
        guards.parse(text)


def test_a_guard_is_true_false_or_unknown():
    answers = {"a": True, "b": False, "c": None}

    def known(condition):
        return answers[condition.name]

    assert guards.evaluate(None, known) == (True, ())
    assert guards.evaluate("a is given and not b is given", known) == (True, ())
    assert guards.evaluate("a is given and b is given", known) == (False, ())
    verdict, unknown = guards.evaluate("a is given and c is given", known)
    assert verdict is None and [c.name for c in unknown] == ["c"]
    assert guards.evaluate("c is given and b is given", known)[0] is False


def one(x, axis=None):
    """A docstring does not count."""
    return jnp.sum(x, axis=axis)


def two(x):
    y = x + 1
    return y


def local(x):
    return two(x)


def comprehension(xs):
    return [x + 1 for x in xs]


def test_one_expression():
    assert expressions.returned(one) is not None
    assert expressions.returned(two) is None
    assert expressions.inlinable(one) and expressions.inlinable(comprehension)
    assert not expressions.inlinable(local)  # names a function of this file
    assert expressions.free_names(local) == {"two"}


def entry(fn, **kwargs):
    return Entry(["tf.test"], "op", fn, **kwargs)


def test_numbers_take_the_dtype_of_their_group():
    made = entry(lambda x, y: (x, y), same=("x", "y"))
    made.kinds = {"x": T, "y": T}
    x, y = exact.call(made, np.ones(2, "float16"), 2)
    assert y.dtype == x.dtype == jnp.float16
    with pytest.raises(TypeError, match="cannot convert 2.5"):
        exact.call(made, np.ones(2, "int32"), 2.5)
    with pytest.raises(TypeError, match="dtypes differ"):
        exact.call(made, np.ones(2, "int32"), np.ones(2, "float32"))


def test_what_a_body_gets():
    def body(t: T, ts: Ts, axis: Static, dtype: Dtype, shape: Shape, name: Ignored):
        return t, ts, axis, dtype, shape

    t, ts, axis, dtype, shape = exact.call(
        entry(body),
        [1.0, 2.0],
        [1, np.ones(2, "float32"), None],
        [0, 1],
        "int32",
        3,
        "n",
    )
    assert t.dtype == jnp.float32 and t.shape == (2,)
    assert ts[0].dtype == jnp.float32 and ts[2] is None
    assert axis == (0, 1) and hash(axis) is not None
    assert dtype == np.dtype("int32") and shape == (3,)


def test_a_key_is_no_argument_of_the_call():
    def body(shape: Shape, seed: Ignored = None, *, key: Key):
        return jax.random.uniform(key, shape)

    made = entry(body)
    assert made.key == "key" and made.random
    assert list(made.signature.parameters) == ["shape", "seed"]
    assert exact.call(made, [2], key=jax.random.key(0)).shape == (2,)


def test_a_spelling_must_fit_its_entry():
    def body(x: T, axis: Static = None):
        return jnp.sum(x, axis)

    made = entry(body)
    with pytest.raises(TypeError, match="unknown"):
        made.when()(lambda x, keepdims: x)
    with pytest.raises(TypeError, match="guard names"):
        made.when("dtype is None")(lambda x: x)
