"""A recurrent core that thinks for as many rounds as it likes at each step."""

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

TIME, BATCH, FEATURES, WIDTH, MOST = 5, 4, 3, 6, 4


class PonderingCore(snt.RNNCore):
    """Halts each example apart (Graves, 2016); tells how long it pondered."""

    def __init__(self, width):
        super().__init__(name="pondering")
        self._cell = snt.VanillaRNN(width)
        self._halt = snt.Linear(1, b_init=snt.initializers.Constant(-0.5))
        self._trainable_start = snt.TrainableState(tf.zeros([width]))

    def initial_state(self, batch_size, **unused_kwargs):
        return {
            "hidden": self._trainable_start(batch_size),
            "rounds": tf.zeros([batch_size], tf.int32),
        }

    def __call__(self, inputs, state):
        hidden, left = state["hidden"], tf.ones([tf.shape(inputs)[0]])
        mixed, rounds = tf.zeros_like(hidden), state["rounds"]
        for number in range(MOST):
            first = tf.fill([tf.shape(inputs)[0], 1], float(number == 0))
            _, hidden = self._cell(tf.concat([inputs, first], 1), hidden)
            stop = tf.squeeze(tf.sigmoid(self._halt(hidden)), axis=-1)
            share = left if number == MOST - 1 else tf.minimum(stop, left)
            running = tf.greater(left, 0.0)
            mixed += tf.expand_dims(share, -1) * hidden
            rounds = tf.where(running, rounds + 1, rounds)
            left = left - share
        return mixed, {"hidden": mixed, "rounds": rounds}


def unrolled(core, inputs, state):
    """An unroll of the program's own, which can stop early."""
    time = tf.shape(inputs)[0]
    outputs = tf.TensorArray(tf.float32, size=time, element_shape=[BATCH, WIDTH])

    def body(t, state, outputs):
        output, state = core(inputs[t], state)
        return t + 1, state, outputs.write(t, output)

    _, state, outputs = tf.while_loop(
        lambda t, state, outputs: t < time,
        body,
        (tf.constant(0), state, outputs),
        maximum_iterations=TIME,
    )
    return outputs.stack(), state


def build():
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((STEPS, TIME, BATCH, FEATURES)).astype(np.float32)
    signs = np.sign(inputs.sum(-1, keepdims=True)).cumsum(1).astype(np.float32)
    core, readout = PonderingCore(WIDTH), snt.Linear(1)
    readout(core(tf.zeros([1, FEATURES]), core.initial_state(1))[0])
    fill([core, readout], 1)
    optimizer = snt.optimizers.Adam(0.01)
    regularize = snt.regularizers.L2(1e-3)
    variables = core.trainable_variables + readout.trainable_variables

    @tf.function
    def train(x, y, by_hand):
        with tf.GradientTape() as tape:
            state = core.initial_state(tf.shape(x)[1])
            if by_hand:
                outputs, state = unrolled(core, x, state)
            else:
                outputs, state = snt.static_unroll(core, x, state)
            guess = snt.BatchApply(readout)(outputs)
            loss = tf.reduce_mean(tf.math.squared_difference(guess, y))
            loss += regularize([v for v in variables if "/w" in v.name])
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, tf.reduce_mean(tf.cast(state["rounds"], tf.float32))

    def step(i):
        x, y = tf.constant(inputs[i]), tf.constant(signs[i])
        loss, rounds = train(x, y, by_hand=i % 2 == 0)
        return {"loss": loss, "rounds": rounds}

    return Program(step, [core, readout, optimizer])
