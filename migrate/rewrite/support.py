"""Functions that are written beside the bodies of ops, to take what legacy calls give.

A body expects arrays, hashable axes and tuples for shapes; a call may give Python
numbers, nested lists or variables. Written out word for word by
`migrate.rewrite.helpers`; they know JAX and numpy only.
"""

import jax
import jax.numpy as jnp
import numpy as np


def _array(value):
    return None if value is None else jnp.asarray(value)


def _alike(*values):
    """Arrays of the values; numbers and lists take the dtype of the first array."""
    arrays = [v for v in jax.tree.leaves(values) if hasattr(v, "dtype")]
    dtype = arrays[0].dtype if arrays else None

    def convert(value):
        if value is None or hasattr(value, "dtype") or dtype is None:
            return _array(value)
        array = jnp.asarray(value)
        if jnp.issubdtype(dtype, jnp.integer) and array.dtype.kind == "f":
            raise TypeError(f"{value!r} does not fit tensors of {dtype}")
        return array.astype(dtype)

    return [convert(value) for value in values]


def _arrays(values):
    if isinstance(values, list | tuple):
        return _alike(*values)
    return _array(values)


def _static(value):
    if isinstance(value, np.ndarray | jax.Array):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(_static(v) for v in value)
    return value


def _shape(value):
    if value is None:
        return None
    return tuple(int(v) for v in np.atleast_1d(np.asarray(value, dtype=object)))


def _dtype(value):
    return None if value is None else jax.dtypes.canonicalize_dtype(value)


def _flatten(value):
    """The leaves of nested lists, tuples and dicts; anything else is one itself."""
    return jax.tree.leaves(
        value, is_leaf=lambda v: not isinstance(v, list | tuple | dict)
    )
