"""Initializers: objects called with a shape and a dtype."""

import functools

import haiku_core as hk
from compat.dictionary import Call, Ignored, Kind, Static, op

INITIALIZER = Kind("initializer")
RANDOM = "the draws come from JAX's generator, not TensorFlow's"

_initializer = functools.partial(op, returns=INITIALIZER, helper=False)
_random = functools.partial(_initializer, random=True, because=RANDOM)


def _names(*names):
    homes = ("tf.initializers", "tf.keras.initializers")
    return [f"{home}.{name}" for name in names for home in homes]


@_initializer(*_names("Zeros", "zeros"), "tf.zeros_initializer", check=[Call()])
def zeros():
    """Zeros."""
    return hk.initializers.Constant(0.0)


@_initializer(*_names("Ones", "ones"), "tf.ones_initializer", check=[Call()])
def ones():
    """Ones."""
    return hk.initializers.Constant(1.0)


@_initializer(
    *_names("Constant", "constant"),
    check=[Call(), Call(2.5), Call(value=-1)],
)
def constant(value: Static = 0.0):
    """One value."""
    return hk.initializers.Constant(value)


@_initializer("tf.constant_initializer", check=[Call(2.5), Call(value=-1.0)])
def constant_initializer(value: Static = 0, support_partition: Ignored = False):
    """One value."""
    return hk.initializers.Constant(value)


@_random(
    *_names("RandomNormal", "random_normal"),
    "tf.random_normal_initializer",
    check=[Call(), Call(1.0, 2.0), Call(stddev=0.5)],
)
def random_normal(mean: Static = 0.0, stddev: Static = 0.05, seed: Ignored = None):
    """Normally distributed numbers."""
    return hk.initializers.RandomNormal(stddev=stddev, mean=mean)


@_random(
    *_names("TruncatedNormal", "truncated_normal"),
    check=[Call(), Call(1.0, 2.0), Call(stddev=0.5)],
)
def truncated_normal(mean: Static = 0.0, stddev: Static = 0.05, seed: Ignored = None):
    """Normally distributed numbers within two deviations of the mean."""
    return hk.initializers.TruncatedNormal(stddev=stddev, mean=mean)


@_random(
    *_names("RandomUniform", "random_uniform"),
    "tf.random_uniform_initializer",
    check=[Call(), Call(-1.0, 2.0), Call(minval=0, maxval=3)],
)
def random_uniform(minval: Static = -0.05, maxval: Static = 0.05, seed: Ignored = None):
    """Numbers from a range, each as likely."""
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@_random(
    *_names("VarianceScaling", "variance_scaling"),
    check=[
        Call(),
        Call(2.0, "fan_out", "uniform"),
        Call(scale=0.1, mode="fan_avg", distribution="untruncated_normal"),
    ],
)
def variance_scaling(
    scale: Static = 1.0,
    mode: Static = "fan_in",
    distribution: Static = "truncated_normal",
    seed: Ignored = None,
    input_axes: Static = None,
    output_axes: Static = None,
):
    """Numbers whose variance goes with the number of inputs (or outputs).

    Raises:
      NotImplementedError: the axes are named.
    """
    if input_axes is not None or output_axes is not None:
        raise NotImplementedError("tf.initializers.VarianceScaling: named axes")
    distribution = {"untruncated_normal": "normal"}.get(distribution, distribution)
    return hk.initializers.VarianceScaling(scale, mode, distribution)


@variance_scaling.when("distribution != 'untruncated_normal'", because=RANDOM)
def _(scale=1.0, mode="fan_in", distribution="truncated_normal"):
    return hk.initializers.VarianceScaling(scale, mode, distribution)


@variance_scaling.when("distribution == 'untruncated_normal'", because=RANDOM)
def _(distribution, scale=1.0, mode="fan_in"):
    return hk.initializers.VarianceScaling(scale, mode, "normal")


@_random(*_names("GlorotUniform", "glorot_uniform"), check=[Call()])
def glorot_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs and outputs (Glorot and Bengio, 2010)."""
    return hk.initializers.VarianceScaling(1.0, "fan_avg", "uniform")


@_random(*_names("GlorotNormal", "glorot_normal"), check=[Call()])
def glorot_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs and outputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_avg", "truncated_normal")


@_random(*_names("HeUniform", "he_uniform"), check=[Call()])
def he_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs for rectifiers (He and others, 2015)."""
    return hk.initializers.VarianceScaling(2.0, "fan_in", "uniform")


@_random(*_names("HeNormal", "he_normal"), check=[Call()])
def he_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs for rectifiers."""
    return hk.initializers.VarianceScaling(2.0, "fan_in", "truncated_normal")


@_random(*_names("LecunUniform", "lecun_uniform"), check=[Call()])
def lecun_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_in", "uniform")


@_random(*_names("LecunNormal", "lecun_normal"), check=[Call()])
def lecun_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_in", "truncated_normal")


@_random(
    *_names("Orthogonal", "OrthogonalInitializer", "orthogonal"),
    check=[Call(), Call(2.0)],
)
def orthogonal(gain: Static = 1.0, seed: Ignored = None):
    """A random orthogonal matrix, times a factor."""
    return hk.initializers.Orthogonal(gain)


@_initializer(
    *_names("Identity", "IdentityInitializer", "identity"),
    check=[Call(), Call(gain=2.0)],
)
def identity(gain: Static = 1.0):
    """The identity matrix, times a factor."""
    return hk.initializers.Identity(gain)
