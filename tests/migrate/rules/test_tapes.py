"""Tapes beyond one loss and its variables."""

import pytest

from tests.migrate.rules.check import leaves, rewritten, turns


def test_gradient_by_an_array_within_another_tape():
    turns(
        """
        import tensorflow as tf

        def step(critic, optimizer, mixed: tf.Tensor):
            with tf.GradientTape() as tape:
                with tf.GradientTape() as inner:
                    inner.watch(mixed)
                    scores = critic(mixed)
                slopes = inner.gradient(scores, mixed)
                loss = tf.reduce_mean(tf.square(slopes))
            grads = tape.gradient(loss, critic.trainable_variables)
            optimizer.apply(grads, critic.trainable_variables)
            return loss
        """,
        """
        import jax.numpy as jnp
        from haiku_core import objects

        def step(critic, optimizer, mixed: jnp.ndarray):
            def loss_fn():
                def scores_fn(mixed):
                    scores = critic(mixed)
                    return scores

                _, (slopes,) = objects.value_and_grad(scores_fn, at=[mixed])
                loss = jnp.mean(jnp.square(slopes))
                return loss

            loss, grads = objects.value_and_grad(loss_fn, critic.trainable_variables)
            optimizer.apply(grads, critic.trainable_variables)
            return loss
        """,
    )


def test_two_tapes_of_one_block():
    turns(
        """
        import tensorflow as tf

        def step(actor, critic, x: tf.Tensor):
            with tf.GradientTape() as a, tf.GradientTape() as c:
                value = critic(x)
                policy = actor(x)
                gain = tf.reduce_sum(policy * value)
                error = tf.reduce_sum(value * value)
            return (a.gradient(gain, actor.trainable_variables),
                    c.gradient(error, critic.trainable_variables))
        """,
        """
        import jax.numpy as jnp
        from haiku_core import objects

        def step(actor, critic, x: jnp.ndarray):
            def losses_fn():
                value = critic(x)
                policy = actor(x)
                gain = jnp.sum(policy * value)
                error = jnp.sum(value * value)
                return gain, error

            (gain, error), gradient = objects.vjp(losses_fn)
            return (gradient(gain, actor.trainable_variables),
                    gradient(error, critic.trainable_variables))
        """,
    )


def test_attributes_and_items_are_assigned_after_it():
    turns(
        """
        import tensorflow as tf

        class Learner:
            def step(self, net, x: tf.Tensor):
                logs = {}
                with tf.GradientTape() as tape:
                    self.loss = tf.reduce_sum(net(x))
                    logs["twice"] = self.loss * 2
                grads = tape.gradient(self.loss, net.trainable_variables)
                return grads, logs
        """,
        """
        import jax.numpy as jnp
        from haiku_core import objects

        class Learner:
            def step(self, net, x: jnp.ndarray):
                logs = {}

                def loss_fn():
                    loss = jnp.sum(net(x))
                    twice = loss * 2
                    return loss, twice

                (loss, twice), grads = objects.value_and_grad(
                    loss_fn,
                    net.trainable_variables,
                    has_aux=True,
                )
                self.loss = loss
                logs["twice"] = twice
                return grads, logs
        """,
    )


def test_inside_a_module():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Field(snt.Module):
            def __init__(self, energy):
                super().__init__()
                self._energy = energy

            def __call__(self, place: tf.Tensor):
                with tf.GradientTape() as tape:
                    tape.watch(place)
                    e = self._energy(place)
                return -tape.gradient(e, place), e
        """,
        """
        import haiku_core as hk
        import jax.numpy as jnp

        class Field(hk.Module):
            def __init__(self, energy):
                super().__init__()
                self._energy = energy

            def __call__(self, place: jnp.ndarray):
                def e_fn(place):
                    e = self._energy(place)
                    return jnp.sum(e), e

                (_, e), gradients = hk.value_and_grad(e_fn, has_aux=True)(place)
                return -gradients, e
        """,
    )


def test_variables_that_must_exist_to_be_listed():
    done = rewritten(
        """
        import tensorflow as tf

        def step(nets, x: tf.Tensor):
            with tf.GradientTape() as tape:
                loss = tf.add_n([tf.reduce_sum(net(x)) for net in nets])
            return tape.gradient(
                loss, [v for net in nets for v in net.trainable_variables])
        """
    )
    assert "lambda: [v for net in nets for v in net.trainable_variables]" in done.text


def test_what_a_loop_reads_in_its_next_turn_is_kept():
    done = rewritten(
        """
        import tensorflow as tf

        last = tf.zeros([])
        for x in [1.0, 2.0]:
            print(score)
            with tf.GradientTape() as tape:
                score = net(x)
                loss = tf.reduce_sum(score)
            grads = tape.gradient(loss, net.trainable_variables)
        print(loss)
        """
    )
    assert "(loss, score), grads = objects.value_and_grad(" in done.text


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("j = tape.jacobian(y, x)", "tape.jacobian is used"),
        ("g = helper(tape, y)", "handed on"),
        ("g = tape.gradient(y, [x, net.w])", "arrays and by variables at once"),
    ],
)
def test_other_uses_are_marked(use, words):
    leaves(
        f"""
        import tensorflow as tf

        def f(net, x, helper):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = net(x)
            {use}
        """,
        "S2H303",
        words,
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("seen.append(net(x))", "changes seen"),
        ("self.loss += net(x)", "assigns to self.loss"),
        ("self.all[0] = net(x)", "assigns to self.all[0]"),
    ],
)
def test_traced_values_are_not_kept(statement, words):
    leaves(
        f"""
        import tensorflow as tf

        class Learner:
            def f(self, net, x, seen):
                with tf.GradientTape() as tape:
                    {statement}
                    y = net(x)
                return tape.gradient(y, net.trainable_variables)
        """,
        "S2H303",
        words,
    )
