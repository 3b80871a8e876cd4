"""Control flow: autograph's, and the ops'."""

import numpy as np

from tests.compat.runtime.scenarios.registry import both_ways, scenario


@scenario
def conditions(tf):
    def f(x):
        if x > 0:
            y = x * 2
        elif x < -5:
            y = x * 3
        else:
            y = x - 1
        return y if x != 4 else -y

    return [both_ways(tf, f, v) for v in (3.0, 4.0, -1.0, -7.0)]


@scenario
def early_returns(tf):
    def f(x):
        if x > 10:
            return x
        elif x > 5:
            x = x + 1
        return -x

    return [both_ways(tf, f, v) for v in (20, 9, 6, 1)]


@scenario
def while_loops(tf):
    def f(x, n):
        i = tf.constant(0)
        while i < n and x < 1000.0:
            x = x * 2.0
            i += 1
        return x, i

    return [both_ways(tf, f, 3.0, n) for n in (0, 4, 50)]


@scenario
def for_loops(tf):
    def f(n):
        total = 0
        for i in tf.range(n):
            if i == 2:
                continue
            if i > 6:
                break
            total += i
        return total

    return [both_ways(tf, f, n) for n in (0, 2, 5, 12)]


@scenario
def loops_over_rows(tf):
    def f(x):
        total = tf.zeros([2])
        for row in x:
            total = total * 0.5 + row
        return total

    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    return both_ways(tf, f, rows), both_ways(tf, f, rows[:3])


@scenario
def boolean_expressions(tf):
    def f(x):
        a = x > 0 and x < 5
        b = not a or x == 2
        c = 0 < x < 3
        return [tf.cast(flag, tf.int32) for flag in (a, b, c)]

    return [both_ways(tf, f, v) for v in (-1, 1, 2, 4, 9)]


@scenario
def called_functions_are_converted(tf):
    class Sign:
        def of(self, x):
            if x > 0:
                return 1
            return -1

    def helper(x):
        return Sign().of(x) * 10

    return [both_ways(tf, helper, v) for v in (3.0, -3.0)]


@scenario
def variables_in_branches(tf):
    v, w = tf.Variable(0), tf.Variable(10)

    @tf.function
    def f(x):
        if x > 0:
            v.assign_add(x)
        else:
            w.assign_sub(x)
        for i in tf.range(3):
            v.assign_add(i)
        return v + w

    return [f(tf.constant(5)), v.numpy(), w.numpy(), f(tf.constant(-2)), v, w]


@scenario
def control_flow_ops(tf):
    w = tf.Variable(3.0)

    def f(x):
        with tf.GradientTape() as tape:
            a = tf.cond(x > 0, lambda: x * w, lambda: w * w)
            b = tf.switch_case(tf.cast(x > 0, tf.int32), [lambda: w + 1, lambda: w * 2])
            c = tf.case([(x > 5, lambda: w), (x > 0, lambda: -w)], lambda: w * 10)
            y = a + b + c
        return y, tape.gradient(y, w)

    return [both_ways(tf, f, v) for v in (7.0, 2.0, -2.0)]


@scenario
def loop_ops(tf):
    w = tf.Variable(1.5)

    def f(xs):
        with tf.GradientTape() as tape:
            states = tf.scan(lambda s, x: s * w + x, xs, tf.constant(1.0))
            folded = tf.foldl(lambda s, x: s + x * w, xs)
            back = tf.foldr(lambda s, x: s * 0.5 + x, xs)
            mapped = tf.map_fn(lambda x: x * w, xs)
            y = tf.reduce_sum(states) + folded + back + tf.reduce_sum(mapped)
        return states, folded, back, mapped, tape.gradient(y, w)

    return both_ways(tf, f, [1.0, 2.0, 3.0])


@scenario
def while_loop_op(tf):
    def f(x):
        return tf.while_loop(
            lambda i, s: i < 5, lambda i, s: (i + 1, s * x), (tf.constant(0), x)
        )

    return both_ways(tf, f, 2.0)


@scenario
def gradients_through_loops_of_unknown_length(tf):
    w, total = tf.Variable(0.5), tf.Variable(0.0)

    def statement(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            i, y = 0, x
            while i < n:
                y = tf.sin(y) * w + 0.5 * x
                total.assign_add(y)
                i += 1
            z = y * y
        return z, tape.gradient(z, [x, w]), total + 0

    def op(x, n, maximum=None):
        with tf.GradientTape() as tape:
            tape.watch(x)
            _, y = tf.while_loop(
                lambda i, y: i < n,
                lambda i, y: (i + 1, tf.sin(y * x) * w),
                (tf.constant(0), x),
                maximum_iterations=maximum,
            )
        return y, tape.gradient(y, [x, w], unconnected_gradients="zero")

    def rows(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for i in tf.range(n):
                y = y * x + tf.cast(i, tf.float32)
        return y, tape.gradient(y, x)

    results = []
    for n in (1, 3, 70):
        total.assign(0.0)
        results.append(both_ways(tf, statement, 0.7, n))
        results.append(both_ways(tf, op, 0.7, n))
        results.append(both_ways(tf, lambda x, n: op(x, n, 5), 0.7, n))
    return results, both_ways(tf, rows, 0.7, 4)
