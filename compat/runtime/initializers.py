"""`tf.initializers`: callables of (shape, dtype) that give a first value."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from compat.runtime import dtypes
from compat.runtime.export import export
from compat.runtime.operators import tf_op
from compat.runtime.plans import Plan, run
from compat.runtime.shapes import static_shape
from compat.runtime.tensor import Tensor, lift


def _names(plain: str, *classes: str) -> tuple[str, ...]:
    """The several names one initializer goes by."""
    spaces = ("tf.initializers", "tf.keras.initializers")
    return (
        f"tf.{plain}_initializer",
        *(f"{s}.{c}" for s in spaces for c in (plain, *classes)),
    )


def _float(dtype: Any) -> dtypes.DType:
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(f"Expected float or integer dtype, got {kind}.")
    return kind


@export("tf.initializers.Initializer", "tf.keras.initializers.Initializer")
class Initializer:
    """The base of initializers."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        """A tensor of that shape and dtype."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """One made from `get_config`."""
        return cls(**config)


@export(*_names("zeros", "Zeros"))
class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        kind = dtypes.as_dtype(dtype)
        if kind.numpy is None or kind.name == "string":
            raise ValueError(f"Expected numeric or boolean dtype, got {kind}.")
        return Tensor(lift(np.zeros(static_shape(shape), kind.numpy)))


@export(*_names("ones", "Ones"))
class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        kind = dtypes.as_dtype(dtype)
        if kind.numpy is None or kind.name == "string":
            raise ValueError(f"Expected numeric or boolean dtype, got {kind}.")
        return Tensor(lift(np.ones(static_shape(shape), kind.numpy)))


@export(*_names("constant", "Constant"))
class Constant(Initializer):
    """One value, or a list of them reshaped."""

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return tf_op("tf.constant")(self.value, dtype=dtype, shape=shape)


@export(*_names("random_normal", "RandomNormal"))
class RandomNormal(Initializer):
    """Normally distributed values."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        return tf_op("tf.random.normal")(
            shape, self.mean, self.stddev, _float(dtype), self.seed
        )


@export(*_names("random_uniform", "RandomUniform"))
class RandomUniform(Initializer):
    """Uniformly distributed values."""

    def __init__(
        self, minval: Any = -0.05, maxval: Any = 0.05, seed: Any = None
    ) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        return tf_op("tf.random.uniform")(
            shape, self.minval, self.maxval, dtype, self.seed
        )


@export("tf.initializers.TruncatedNormal", "tf.keras.initializers.TruncatedNormal")
class TruncatedNormal(RandomNormal):
    """Normally distributed values within two standard deviations."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        return tf_op("tf.random.truncated_normal")(
            shape, self.mean, self.stddev, _float(dtype), self.seed
        )


@export("tf.initializers.VarianceScaling", "tf.keras.initializers.VarianceScaling")
class VarianceScaling(Initializer):
    """Values whose variance depends on the numbers of inputs and outputs.

    Args:
      scale: a factor of the variance.
      mode: "fan_in", "fan_out" or "fan_avg".
      distribution: "truncated_normal", "untruncated_normal" or "uniform".
      seed: the op's seed.

    Raises:
      ValueError: another mode or distribution, or a scale that is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
    ) -> None:
        if scale <= 0:
            raise ValueError(f"scale must be positive, got {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}")
        known = ("truncated_normal", "untruncated_normal", "uniform", "normal")
        if distribution not in known:
            raise ValueError(f"Invalid `distribution` argument: {distribution}")
        self.scale, self.mode = scale, mode
        self.distribution, self.seed = distribution, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        dims = static_shape(shape)
        kind = _float(dtype)
        fan_in, fan_out = _fans(dims)
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        scale = self.scale / max(1.0, fans[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * scale)
            return tf_op("tf.random.uniform")(dims, -limit, limit, kind, self.seed)
        if self.distribution == "untruncated_normal":
            return tf_op("tf.random.normal")(
                dims, 0.0, math.sqrt(scale), kind, self.seed
            )
        # The deviation of a normal distribution cut at two deviations.
        stddev = math.sqrt(scale) / 0.87962566103423978
        return tf_op("tf.random.truncated_normal")(dims, 0.0, stddev, kind, self.seed)


def _fans(dims: tuple[int, ...]) -> tuple[float, float]:
    if len(dims) < 2:
        size = dims[0] if dims else 1
        return size, size
    field = math.prod(dims[:-2])
    return field * dims[-2], field * dims[-1]


def _scaling(name: str, plain: str, **fixed: Any) -> type:
    class Fixed(VarianceScaling):
        def __init__(self, seed: Any = None) -> None:
            super().__init__(**fixed, seed=seed)

        def get_config(self) -> dict[str, Any]:
            return {"seed": self.seed}

    Fixed.__name__ = Fixed.__qualname__ = name
    Fixed.__doc__ = f"VarianceScaling with {fixed}."
    export(*_names(plain, name)[1:])(Fixed)
    return Fixed


_NORMAL = {"distribution": "truncated_normal"}
_UNIFORM = {"distribution": "uniform"}
GlorotNormal = _scaling(
    "GlorotNormal", "glorot_normal", scale=1.0, mode="fan_avg", **_NORMAL
)
GlorotUniform = _scaling(
    "GlorotUniform", "glorot_uniform", scale=1.0, mode="fan_avg", **_UNIFORM
)
HeNormal = _scaling("HeNormal", "he_normal", scale=2.0, mode="fan_in", **_NORMAL)
HeUniform = _scaling("HeUniform", "he_uniform", scale=2.0, mode="fan_in", **_UNIFORM)
LecunNormal = _scaling(
    "LecunNormal", "lecun_normal", scale=1.0, mode="fan_in", **_NORMAL
)
LecunUniform = _scaling(
    "LecunUniform", "lecun_uniform", scale=1.0, mode="fan_in", **_UNIFORM
)


def _orthogonal(sample: Any) -> Any:
    q, r = jnp.linalg.qr(sample)
    return q * jnp.sign(jnp.diagonal(r))


_ORTHOGONAL = Plan(_orthogonal, "orthogonal")


@export("tf.initializers.Orthogonal", "tf.keras.initializers.Orthogonal")
class Orthogonal(Initializer):
    """An orthogonal matrix; axes before the last count as one.

    Raises:
      ValueError: a shape of rank less than two.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        dims = static_shape(shape)
        if len(dims) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional"
            )
        rows, columns = math.prod(dims[:-1]), dims[-1]
        flat = (max(rows, columns), min(rows, columns))
        q = run(
            _ORTHOGONAL,
            [tf_op("tf.random.normal")(flat, dtype=_float(dtype), seed=self.seed)],
        )
        if rows < columns:
            q = tf_op("tf.transpose")(q)
        return tf_op("tf.reshape")(q, dims) * self.gain


@export("tf.initializers.Identity", "tf.keras.initializers.Identity")
class Identity(Initializer):
    """An identity matrix, times `gain`."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        rows, columns = static_shape(shape)
        kind = _float(dtype).numpy
        return Tensor(lift((np.eye(rows, columns) * self.gain).astype(kind)))
