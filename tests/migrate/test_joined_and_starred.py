"""Calls whose spelling depends on what is joined, or on how many tensors there are."""

import pytest

import migrate

HEAD = "import tensorflow as tf\n\n\ndef f(x, a, b):\n    return "

CASES = {
    "tf.einsum('ij,jk->ik', a, b)": "jnp.einsum('ij,jk->ik', a, b)",
    "tf.einsum('ii', a)": "jnp.einsum('ii', a)",
    "tf.einsum('ij,jk->ik', a, tf.square(b), name='q')": (
        "jnp.einsum('ij,jk->ik', a, jnp.square(b))"
    ),
    "tf.meshgrid(a, b, indexing='ij')": "jnp.meshgrid(a, b, indexing='ij')",
    "tf.nest.map_structure(tf.exp, a)": "jax.tree.map(jnp.exp, a)",
    # A shape stays known while a function is traced: numpy joins it, not JAX.
    "tf.reshape(x, tf.concat([tf.shape(x)[:1], [2, 3]], 0))": (
        "jnp.reshape(x, np.concatenate([x.shape[:1], [2, 3]]))"
    ),
    "tf.reshape(x, [tf.reduce_prod(tf.shape(x)[1:])])": (
        "jnp.reshape(x, (np.prod(x.shape[1:]),))"
    ),
    "tf.stack([tf.shape(x)[0], 3])": "np.stack([x.shape[0], 3])",
    # JAX joins arrays only.
    "tf.concat([[0], a], 0)": "jnp.concatenate([jnp.asarray([0]), a])",
    "tf.nn.max_pool2d(x, [3, 2], [1, 1], 'SAME')": (
        "hk.max_pool(x, (1, 3, 2, 1), (1, 1, 1, 1), 'SAME')"
    ),
    "tf.pad(x, [[0, 0], [1, 1]])": "jnp.pad(x, ((0, 0), (1, 1)))",
    "tf.split(x, [1, 2], axis=1)": "jnp.split(x, np.cumsum((1, 2))[:-1], axis=1)",
    "tf.argmax(x, 1, output_type=tf.int32)": "jnp.argmax(x, axis=1)",
}


@pytest.mark.parametrize("before", CASES)
def test_call(before):
    after = migrate.rewrite_source(HEAD + before + "\n")
    text = getattr(after, "text", after)
    assert f"return {CASES[before]}\n" in text.replace("jnp.shape(x)", "x.shape")
