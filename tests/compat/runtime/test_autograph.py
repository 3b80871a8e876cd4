"""Control flow that TensorFlow's autograph refuses, and the errors of this one."""

import pytest

from compat import tensorflow as tf


def both(function, *args):
    """The function's result run as Python, and compiled."""
    tensors = [tf.constant(a) for a in args]
    plain, compiled = function(*tensors), tf.function(function)(*tensors)
    return tf.convert_to_tensor(plain).numpy(), compiled.numpy()


def returns_in_nested_ifs(x):
    if x > 10:
        return x
    if x > 5:
        x = x + 1
        if x > 8:
            return x * 100
    return -x


def returns_from_nested_loops(n):
    for i in tf.range(n):
        for j in range(n):
            if i * j > 11:
                return i * 100 + j
    return -1


def breaks_and_continues(n):
    total = 0
    for i in range(n):
        k = 0
        while True:
            k += 1
            if k > i:
                break
            if k % 2 == 0:
                continue
            total += k * i
        if total > 50:
            break
    else:
        total = -total
    return total


def unrolled_with_traced_break(x):
    kept = x
    for factor in (2, 3, 4, 5):
        if kept > 20:
            break
        kept = kept * factor
    return kept


def conditional_expression(x):
    return (x * 2 if x > 3 else x) if not x == 1 else -x


def with_statement(x):
    with tf.name_scope("a"):
        if x > 0:
            return x
        x = x - 1
    return x * 10


@pytest.mark.parametrize(
    "function",
    [
        returns_in_nested_ifs,
        returns_from_nested_loops,
        breaks_and_continues,
        unrolled_with_traced_break,
        conditional_expression,
        with_statement,
    ],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("value", [-3, 1, 4, 6, 9, 20])
def test_compiled_does_what_python_does(function, value):
    plain, compiled = both(function, value)
    assert plain == compiled


def test_private_names_closures_and_defaults_survive():
    scale = 3

    class Model:
        __hidden = 5

        def call(self, x, add=1, *, times=2):
            if x > 0:
                return x * scale + self.__hidden + add * times
            return x

    out = tf.function(Model().call)(tf.constant(2))
    assert out.numpy() == 2 * 3 + 5 + 2


def test_zero_argument_super_works():
    class Base:
        def call(self, x):
            return x + 1

    class Derived(Base):
        def call(self, x):
            if x > 0:
                x = x * 10
            return super().call(x)

    assert tf.function(Derived().call)(tf.constant(2)).numpy() == 21


def test_a_changed_shape_names_the_variable_and_the_line():
    @tf.function
    def f(x):
        rows = tf.zeros([1])
        while x > 0:
            rows = tf.concat([rows, rows], 0)
            x = x - 1
        return rows

    with pytest.raises(TypeError, match=r"test_autograph\.py:\d+: 'rows'"):
        f(tf.constant(3))


def test_a_value_that_differs_by_branch_raises_when_used():
    @tf.function
    def f(x):
        if x > 0:
            y = tf.ones([2])
        else:
            y = tf.ones([3])
        return y * 2

    with pytest.raises((TypeError, ValueError, UnboundLocalError), match="'y'"):
        f(tf.constant(1))


def test_a_value_of_one_branch_raises_when_used():
    @tf.function
    def f(x):
        if x > 0:
            y = x
        return y * 2

    with pytest.raises((UnboundLocalError, TypeError, ValueError), match="no value"):
        f(tf.constant(1))


def test_functions_marked_are_left_alone():
    @tf.autograph.experimental.do_not_convert
    def helper(x):
        return 1 if x > 0 else 2

    @tf.function
    def f(x):
        return helper(x)

    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        f(tf.constant(1))


def test_the_bool_of_a_traced_tensor_tells_what_to_do():
    @tf.function(autograph=False)
    def f(x):
        return x if x > 0 else -x

    with pytest.raises(TypeError, match="tf.cond"):
        f(tf.constant(1))


def test_gradients_through_compiled_loops():
    @tf.function
    def f(x, rows):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.constant(1.0)
            for row in rows:
                if row > 0.5:
                    y = y * x * row
        return tape.gradient(y, x)

    rows = tf.constant([1.0, 0.0] * 10)
    assert f(tf.constant(1.1), rows).numpy() == pytest.approx(10 * 1.1**9, rel=1e-5)


def test_items_that_branches_and_loops_assign_to():
    def f(x):
        kept, rows = {"a": x}, [x, x]
        if x > 0.0:
            kept["a"] = kept["a"] * 2.0
            rows[1] = x + 1.0
        while kept["a"] < 20.0:
            kept["a"] = kept["a"] + 5.0
        return kept["a"], rows[1]

    for value in (3.0, -2.0):
        want = [float(v) for v in f(tf.constant(value))]
        assert [float(v) for v in tf.function(f)(tf.constant(value))] == want


def test_a_list_that_a_compiled_loop_appends_to_is_refused():
    @tf.function
    def f(x):
        out = []
        while x > 0.0:
            out.append(x)
            x = x - 1.0
        return out

    with pytest.raises(ValueError, match=r"f: a tensor that was made .*TensorArray"):
        f(tf.constant(3.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (lambda z: 1.0 if z > 0 else 2.0)(x),
        lambda x: [i for i in range(3) if x > i],
        lambda x: sorted([x, -x]),
        lambda x: sum(i for i in range(3) if x > i),
    ],
)
def test_forms_that_are_not_converted_name_the_file_and_the_line(function):
    def f(x):
        return function(x)

    with pytest.raises(TypeError, match=r"test_autograph\.py:\d+: bool of a traced"):
        tf.function(f)(tf.constant(3.0))
