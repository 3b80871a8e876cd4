"""Where a draw takes its key from: in modules the transform, elsewhere the stream."""

from tests.migrate.rules.check import turns


def test_modules_draw_from_the_transform():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        class Noise(snt.Module):
            def __call__(self, x):
                return x + tf.random.normal([3])
        """,
        """
        import haiku_core as hk
        import jax

        class Noise(hk.Module):
            def __call__(self, x):
                return x + jax.random.normal(hk.next_rng_key(), (3,))
        """,
    )


def test_functions_and_owners_draw_from_the_stream():
    turns(
        """
        import sonnet as snt
        import tensorflow as tf

        def sample(n):
            return tf.random.uniform([n, 4])

        class Learner:
            def __init__(self):
                self._net = snt.Linear(3)
                self._noise = tf.random.normal([4], stddev=2.0)
        """,
        """
        import haiku_core as hk
        import jax
        from haiku_core import objects

        def sample(n):
            return jax.random.uniform(objects.next_rng_key(), (n, 4))

        class Learner:
            def __init__(self):
                self._net = objects.network(lambda: hk.Linear(3))
                self._noise = 2.0 * jax.random.normal(objects.next_rng_key(), (4,))
        """,
    )
