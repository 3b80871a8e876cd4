"""Sums and other reductions over segments, counts of values."""

import jax
import jax.numpy as jnp
import numpy as np

from compat.dictionary import (
    FLOAT,
    INT,
    ByDtype,
    Call,
    Dtype,
    Exactly,
    Floats,
    Ignored,
    Ints,
    Like,
    Static,
    T,
    op,
)

IDS = Exactly([0, 2, 2, -1, 0], "int32")
UNSORTED = [
    Call(Floats(5), IDS, 4),
    Call(Floats(5, 2), IDS, num_segments=3),
    Call(Floats(2, 2), Exactly([[0, 1], [1, 1]], "int32"), 2),
]
SORTED_IDS = Exactly([0, 0, 1, 3, 3], "int32")
SORTED = [Call(Floats(5, 2), SORTED_IDS), Call(Floats(5), SORTED_IDS)]


def _dropped(ids, count):
    """Ids with the negative ones (which TensorFlow leaves out) beyond the last."""
    return jnp.where(ids < 0, count, ids)


def _flat(data, ids):
    return jnp.reshape(data, (-1, *data.shape[ids.ndim :])), jnp.ravel(ids)


@op("tf.math.unsorted_segment_sum", returns=Like("data"), check=UNSORTED)
def unsorted_segment_sum(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The sum of the entries of each segment; negative ids are left out."""
    data, ids = _flat(data, segment_ids)
    return jax.ops.segment_sum(data, _dropped(ids, num_segments), int(num_segments))


@unsorted_segment_sum.when(
    "rank(segment_ids) == 1", because="of negative ids TensorFlow drops the entries"
)
def _(data, segment_ids, num_segments):
    return jax.ops.segment_sum(data, segment_ids, num_segments)


@op(
    "tf.math.unsorted_segment_max",
    returns=Like("data"),
    check=[*UNSORTED, Call(Ints(5), IDS, 4)],
)
def unsorted_segment_max(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The largest entry of each segment; of an empty one the lowest number."""
    data, ids = _flat(data, segment_ids)
    inexact = jnp.issubdtype(data.dtype, jnp.inexact)
    lowest = (jnp.finfo if inexact else jnp.iinfo)(data.dtype).min
    start = jnp.full((int(num_segments) + 1, *data.shape[1:]), lowest, data.dtype)
    return start.at[_dropped(ids, num_segments)].max(data)[:-1]


@op(
    "tf.math.unsorted_segment_min",
    returns=Like("data"),
    check=[*UNSORTED, Call(Ints(5), IDS, 4)],
)
def unsorted_segment_min(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The smallest entry of each segment; of an empty one the highest number."""
    data, ids = _flat(data, segment_ids)
    inexact = jnp.issubdtype(data.dtype, jnp.inexact)
    highest = (jnp.finfo if inexact else jnp.iinfo)(data.dtype).max
    start = jnp.full((int(num_segments) + 1, *data.shape[1:]), highest, data.dtype)
    return start.at[_dropped(ids, num_segments)].min(data)[:-1]


def segment_product(data, ids, count):
    """The product of each segment; differentiable, which scattering is not."""
    here = ids == jnp.arange(count)[:, None]
    here = jnp.reshape(here, (*here.shape, *[1] * (data.ndim - 1)))
    return jnp.prod(jnp.where(here, data, 1), axis=1)


@op("tf.math.unsorted_segment_prod", returns=Like("data"), check=UNSORTED)
def unsorted_segment_prod(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The product of the entries of each segment."""
    data, ids = _flat(data, segment_ids)
    return segment_product(data, ids, int(num_segments))


def segment_average(data, ids, count, power):
    """Sums of segments over their sizes to a power; 0 for empty ones."""
    data, ids = _flat(data, ids)
    ids = _dropped(ids, count)
    total = jax.ops.segment_sum(data, ids, count)
    size = jax.ops.segment_sum(jnp.ones(ids.shape, data.dtype), ids, count)
    size = jnp.maximum(size, 1) ** power
    return total / jnp.reshape(size, (-1, *[1] * (data.ndim - 1)))


@op("tf.math.unsorted_segment_mean", returns=FLOAT, check=UNSORTED)
def unsorted_segment_mean(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The mean of the entries of each segment; 0 for empty ones."""
    return segment_average(data, segment_ids, int(num_segments), 1)


@op("tf.math.unsorted_segment_sqrt_n", returns=FLOAT, check=UNSORTED)
def unsorted_segment_sqrt_n(
    data: T, segment_ids: T, num_segments: Static, name: Ignored = None
):
    """The sum of each segment over the root of its size."""
    return segment_average(data, segment_ids, int(num_segments), 0.5)


def _segments(ids):
    """How many segments sorted ids name: known for concrete ids only."""
    return int(np.asarray(ids)[-1]) + 1


@op("tf.math.segment_sum", returns=Like("data"), concrete=True, check=SORTED)
def segment_sum(data: T, segment_ids: T, name: Ignored = None):
    """The sum of the entries of each segment, ids being sorted."""
    return jax.ops.segment_sum(data, segment_ids, _segments(segment_ids))


@op("tf.math.segment_mean", returns=FLOAT, concrete=True, check=SORTED)
def segment_mean(data: T, segment_ids: T, name: Ignored = None):
    """The mean of the entries of each segment, ids being sorted."""
    return segment_average(data, segment_ids, _segments(segment_ids), 1)


@op("tf.math.segment_max", returns=Like("data"), concrete=True, check=SORTED)
def segment_max(data: T, segment_ids: T, name: Ignored = None):
    """The largest entry of each segment, ids being sorted; 0 for empty ones."""
    count = _segments(segment_ids)
    present = np.isin(np.arange(count), np.asarray(segment_ids))
    present = np.reshape(present, (-1, *[1] * (data.ndim - 1)))
    return jnp.where(present, jax.ops.segment_max(data, segment_ids, count), 0)


@op("tf.math.segment_min", returns=Like("data"), concrete=True, check=SORTED)
def segment_min(data: T, segment_ids: T, name: Ignored = None):
    """The smallest entry of each segment, ids being sorted; 0 for empty ones."""
    count = _segments(segment_ids)
    present = np.isin(np.arange(count), np.asarray(segment_ids))
    present = np.reshape(present, (-1, *[1] * (data.ndim - 1)))
    return jnp.where(present, jax.ops.segment_min(data, segment_ids, count), 0)


@op(
    "tf.math.segment_prod",
    returns=Like("data"),
    concrete=True,
    check=SORTED,
)
def segment_prod(data: T, segment_ids: T, name: Ignored = None):
    """The product of the entries of each segment, ids being sorted."""
    return segment_product(data, segment_ids, _segments(segment_ids))


@op(
    "tf.math.bincount",
    returns=ByDtype("dtype", INT),
    concrete=True,
    check=[
        Call(Exactly([1, 1, 4], "int32")),
        Call(Exactly([1, 1, 4], "int32"), minlength=6, maxlength=6),
        Call(Exactly([1, 0, 1], "int32"), Exactly([0.5, 2.0, 1.0], "f4"), grad_=False),
    ],
)
def bincount(
    arr: T,
    weights: T = None,
    minlength: Static = None,
    maxlength: Static = None,
    dtype: Dtype = jnp.int32,
    name: Ignored = None,
    axis: Static = None,
    binary_output: Static = False,
):
    """How often each whole number occurs, or the sum of weights of each.

    Raises:
      NotImplementedError: along an axis, or as yes or no.
    """
    if axis is not None or binary_output:
        raise NotImplementedError("tf.math.bincount: of the flat tensor only")
    values = jnp.ravel(arr)
    length = int(np.max(np.asarray(values), initial=-1)) + 1
    length = max(length, minlength or 0)
    length = length if maxlength is None else min(length, maxlength)
    one = jnp.ones(values.shape, dtype) if weights is None else jnp.ravel(weights)
    return jax.ops.segment_sum(one, values, length)


@op(
    "tf.math.confusion_matrix",
    returns=ByDtype("dtype", INT),
    concrete="num_classes is None",
    check=[
        Call(Exactly([0, 1, 2], "int32"), Exactly([0, 2, 2], "int32"), 3),
        Call([1, 1], [0, 1], num_classes=2, dtype="float32"),
    ],
)
def confusion_matrix(
    labels: T,
    predictions: T,
    num_classes: Static = None,
    weights: T = None,
    dtype: Dtype = jnp.int32,
    name: Ignored = None,
):
    """How often each label was predicted as each class."""
    if num_classes is None:
        high = max(np.max(np.asarray(labels)), np.max(np.asarray(predictions)))
        num_classes = int(high) + 1
    one = jnp.ones(labels.shape, dtype) if weights is None else weights.astype(dtype)
    zeros = jnp.zeros((num_classes, num_classes), dtype)
    return zeros.at[labels, predictions].add(one)


@op(
    "tf.histogram_fixed_width",
    returns=ByDtype("dtype", INT),
    check=[
        Call(Floats(20), [-1.0, 1.0], 5),
        Call(Floats(20), Exactly([-2.0, 2.0], "float32")),
    ],
)
def histogram_fixed_width(
    values: T,
    value_range: T,
    nbins: Static = 100,
    dtype: Dtype = jnp.int32,
    name: Ignored = None,
):
    """Counts in bins of equal width; what is outside goes to the first or last."""
    low, high = value_range[0], value_range[1]
    place = jnp.floor((values - low) / (high - low) * nbins).astype(jnp.int32)
    place = jnp.ravel(jnp.clip(place, 0, nbins - 1))
    return jax.ops.segment_sum(jnp.ones(place.shape, dtype), place, nbins)
