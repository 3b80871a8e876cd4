"""Stand-ins for packages that the programs import and that need a server or TensorFlow.

The same ones are used on both sides of a comparison.
"""

from __future__ import annotations

import collections
import sys
import types
from typing import Any


class _Anything(types.ModuleType):
    """A module of which any name is an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__init__": lambda self, *a, **k: None})
        setattr(self, name, made)
        return made


ReplaySample = collections.namedtuple("ReplaySample", "info data")


def categorical_class() -> type:
    """A categorical distribution, written with TensorFlow's names."""
    import tensorflow as tf

    class Categorical:
        def __init__(self, logits=None, probs=None, **unused):
            self._logits, self._probs = logits, probs

        @property
        def logits(self):
            return self._logits

        @property
        def probs(self):
            return self._probs

        def logits_parameter(self):
            return tf.math.log(self._probs) if self._logits is None else self._logits

        def probs_parameter(self):
            return tf.nn.softmax(self._logits) if self._probs is None else self._probs

        def sample(self):
            return tf.squeeze(tf.random.categorical(self.logits_parameter(), 1), -1)

        def log_prob(self, value):
            return -tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=value, logits=self.logits_parameter()
            )

        def mean(self):
            return self._mean()

    return Categorical


def install() -> None:
    """Enters the stand-ins in `sys.modules`."""
    reverb = _Anything("reverb")
    reverb.ReplaySample = ReplaySample
    sys.modules["reverb"] = reverb
    for name in ("launchpad", "tensorflow_datasets", "gym", "gym.spaces"):
        sys.modules[name] = _Anything(name)
    tfp = _Anything("tensorflow_probability")
    tfp.distributions = _Anything("tensorflow_probability.distributions")
    tfp.distributions.Categorical = categorical_class()
    tfp.experimental = _Anything("tensorflow_probability.experimental")
    tfp.experimental.register_composite = lambda cls: cls
    tfp.experimental.as_composite = lambda x: x
    tfp.util = _Anything("tensorflow_probability.util")
    tfp.bijectors = _Anything("tensorflow_probability.bijectors")
    sys.modules["tensorflow_probability"] = tfp
    for part in ("distributions", "experimental", "util", "bijectors"):
        sys.modules[f"tensorflow_probability.{part}"] = getattr(tfp, part)
