"""The scenarios, on TensorFlow and on compat.tensorflow."""

import numpy as np
import pytest
import tensorflow

import compat.tensorflow
from tests.compat.runtime.scenarios import SCENARIOS


def plain(tf, value):
    """A result in terms that both sides share."""
    if isinstance(value, tf.Tensor | tf.Variable):
        array = np.asarray(value.numpy())
        return ("tensor", value.dtype.name, tuple(value.shape), array.tolist())
    if isinstance(value, tf.IndexedSlices):
        return plain(tf, tf.convert_to_tensor(value))
    if isinstance(value, tf.TensorShape):
        return ("shape", value.rank, list(value))
    if isinstance(value, np.ndarray | np.generic):
        return ("array", value.dtype.name, value.tolist())
    if isinstance(value, dict):
        return {k: plain(tf, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(tf, v) for v in value]
    return value


def same(have, want, path=""):
    if isinstance(want, dict):
        assert have.keys() == want.keys(), path
        for key in want:
            same(have[key], want[key], f"{path}[{key!r}]")
    elif isinstance(want, list | tuple):
        assert isinstance(have, list | tuple) and len(have) == len(want), (
            f"{path}: {have} is not {want}"
        )
        for i, (h, w) in enumerate(zip(have, want, strict=True)):
            same(h, w, f"{path}[{i}]")
    elif isinstance(want, float):
        assert have == pytest.approx(want, rel=2e-6, abs=1e-7, nan_ok=True), path
    else:
        assert have == want and type(have) is type(want), f"{path}: {have!r} {want!r}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(scenario):
    ours = compat.tensorflow
    want = plain(tensorflow, scenario(tensorflow))
    same(plain(ours, scenario(ours)), want)
