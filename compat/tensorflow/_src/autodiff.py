"""Functions that only change what gradients are."""

import jax

from compat.dictionary import Call, Floats, Ignored, Ints, Like, T, op


@op(
    "tf.stop_gradient",
    constant=True,
    returns=Like("input"),
    check=[Call(Floats(2, 3)), Call(Ints(3))],
)
def stop_gradient(input: T, name: Ignored = None):
    """The value itself, as a constant to gradients."""
    return jax.lax.stop_gradient(input)
