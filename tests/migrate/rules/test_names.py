"""Ops, values and classes by the dictionary."""

from tests.migrate.rules.check import leaves, rewritten, stays, turns


def test_layout_and_comments_are_kept():
    turns(
        """
        import tensorflow as tf

        def f(x: tf.Tensor, y: tf.Tensor):
            a = tf.concat([x,  # the first
                           y], axis=-1)
            return (
                tf.nn.relu(a)  # positive
                + 1
            )
        """,
        """
        import jax
        import jax.numpy as jnp

        def f(x: jnp.ndarray, y: jnp.ndarray):
            a = jnp.concatenate([x,  # the first
                           y], axis=-1)
            return (
                jax.nn.relu(a)  # positive
                + 1
            )
        """,
    )


def test_lists_of_axes_become_tuples_and_defaults_go():
    turns(
        """
        import tensorflow as tf
        def f(x: tf.Tensor):
            x = tf.cast(x, tf.float32)
            return tf.reduce_mean(x, axis=[1, 2], keepdims=False, name='pool')
        """,
        """
        import jax.numpy as jnp
        def f(x: jnp.ndarray):
            x = x.astype(jnp.float32)
            return jnp.mean(x, axis=(1, 2))
        """,
    )


def test_functions_named_without_a_call():
    turns(
        """
        import tensorflow as tf
        ACTIVATIONS = {"relu": tf.nn.relu, "tanh": tf.nn.tanh}
        """,
        """
        import jax
        import jax.numpy as jnp
        ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}
        """,
    )


def test_other_names_are_left_alone():
    stays("import numpy as np\n\nx = np.mean([1, 2])\n")
    stays("def f(tf):\n    return tf.reduce_mean(1)\n")


def test_a_local_name_hides_the_import():
    done = rewritten(
        """
        import tensorflow as tf

        def f(tf):
            return tf.nn.relu(1)

        def g(x):
            return tf.nn.relu(x)
        """
    )
    assert "def f(tf):\n    return tf.nn.relu(1)" in done.text
    assert "return jax.nn.relu(x)" in done.text


def test_unknown_name_is_marked():
    done = leaves(
        """
        import tensorflow as tf
        y = tf.no_such_function(1)
        """,
        "S2H902",
        "no entry",
    )
    assert "import tensorflow as tf" in done.text


def test_starred_arguments_are_marked():
    leaves(
        """
        import tensorflow as tf
        def f(*xs):
            return tf.reduce_mean(*xs)
        """,
        "S2H904",
        "before the program runs",
    )


def test_operators_get_parentheses_where_needed():
    done = rewritten(
        """
        import tensorflow as tf
        def f(x: tf.Tensor, y: tf.Tensor):
            return 2 * tf.cast(x + y, tf.float32)
        """
    )
    assert "2 * (x + y).astype(jnp.float32)" in done.text


def test_crlf_and_tabs_stay():
    done = rewritten("import tensorflow as tf\r\ndef f(x):\r\n\treturn tf.exp(x)\r\n")
    assert done.text == (
        "import jax.numpy as jnp\r\ndef f(x):\r\n\treturn jnp.exp(x)\r\n"
    )


def test_quoted_annotations():
    turns(
        """
        import tensorflow as tf
        def f(x: 'tf.Tensor') -> 'tf.Tensor':
            return x
        """,
        """
        import jax.numpy as jnp
        def f(x: 'jnp.ndarray') -> 'jnp.ndarray':
            return x
        """,
    )


def test_imports_stand_where_the_old_ones_stood():
    turns(
        """
        '''Module.'''

        import os
        from typing import Any

        import numpy as np
        import sonnet as snt
        import tensorflow as tf


        def f(x: Any):
            return tf.exp(x), os, np, snt.Flatten()
        """,
        """
        '''Module.'''

        import os
        from typing import Any

        import haiku_core as hk
        from haiku_core import objects
        import jax.numpy as jnp
        import numpy as np


        def f(x: Any):
            return jnp.exp(x), os, np, objects.network(lambda: hk.Flatten())
        """,
    )


def test_methods_of_shapes_however_they_are_named():
    done = rewritten(
        """
        import tensorflow as tf

        def f(xs):
            x = xs.pop()
            x.get_shape().assert_has_rank(2)
            n = x.shape.as_list()
            return n, len(x.shape.dims), tf.exp(x)
        """
    )
    assert "_tf_ops.tensorshape_assert_has_rank(x.shape, 2)" in done.text
    assert "n = list(x.shape)" in done.text


def test_trfl_functions_made_of_others():
    done = rewritten(
        """
        import trfl

        def loss(policies, values, actions, rewards, discounts, last):
            out, extra = trfl.sequence_a2c_loss(
                policies, values, actions, rewards, discounts, last, None, 0.9)
            return trfl.base_ops.LossOutput(out, extra)
        """
    )
    assert done.helpers == {"trfl.sequence_a2c_loss", "trfl.base_ops.LossOutput"}
    # What is dropped moves no other argument into its place.
    assert "discounts, last, lambda_=0.9)" in done.text
    assert "trfl." not in done.text


def test_fields_of_results():
    turns(
        """
        import tensorflow as tf

        def f(x: tf.Tensor):
            best = tf.math.top_k(x, k=2)
            return best.values, best.indices, tf.linalg.slogdet(x).log_abs_determinant
        """,
        """
        import jax
        import jax.numpy as jnp

        def f(x: jnp.ndarray):
            best = jax.lax.top_k(x, k=2)
            return best[0], best[1], jnp.linalg.slogdet(x)[1]
        """,
    )


def test_other_names_of_whole_packages():
    turns(
        """
        import sonnet as snt
        import tensorflow.compat.v2 as tf

        layers = snt
        nn = tf.nn

        def f(x: tf.Tensor):
            return nn.relu(x), layers.Linear
        """,
        """
        import haiku_core as hk
        import jax
        import jax.numpy as jnp

        def f(x: jnp.ndarray):
            return jax.nn.relu(x), hk.Linear
        """,
    )


def test_starred_bounds():
    done = rewritten(
        """
        import tensorflow as tf

        def f(x: tf.Tensor, bounds, sizes):
            return tf.clip_by_value(x, *bounds), tf.reduce_sum(x, *sizes)
        """
    )
    assert "jnp.clip(x, bounds[0], bounds[1])" in done.text
    (clip,) = [f for f in done.findings if f.name == "tf.clip_by_value"]
    assert clip.safety == "assumed" and "bounds has 2 elements" in clip.message
    # It may have any number of elements.
    (total,) = [f for f in done.findings if f.name == "tf.reduce_sum"]
    assert total.code == "S2H904"


def test_star_imports_of_sonnet():
    turns(
        """
        from sonnet import *
        from sonnet.nets import *

        class Linear:
            pass

        def f():
            return Conv2D(3, 3), MLP([3]), Linear()
        """,
        """
        import haiku_core as hk
        from haiku_core import objects

        class Linear:
            pass

        def f():
            return objects.network(lambda: hk.Conv2D(3, 3)), objects.network(lambda: hk.nets.MLP([3])), Linear()
        """,  # noqa: E501
    )


def test_star_imports_of_tensorflow_are_marked():
    leaves(
        """
        from tensorflow import *

        def f(x):
            return reduce_mean(x)
        """,
        "S2H901",
        "which names of tf",
    )


def test_what_a_deferred_makes_may_share_a_name():
    done = rewritten(
        """
        import sonnet as snt

        class Net(snt.Module):
            def __init__(self):
                super().__init__()
                self._first = snt.Linear(3)
                self._late = snt.Deferred(lambda: snt.Linear(3))
        """
    )
    (found,) = [f for f in done.findings if f.name == "snt.Deferred"]
    assert found.safety == "assumed" and "name one of them" in found.message
