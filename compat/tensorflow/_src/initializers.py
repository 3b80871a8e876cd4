"""Initializers: objects called with a shape and a dtype."""

import haiku_core as hk
from compat.dictionary import Call, Ignored, Kind, Static, op

INITIALIZER = Kind("initializer")
RANDOM = "the draws come from JAX's generator, not TensorFlow's"


def _names(*names, old=()):
    homes = ("tf.initializers", "tf.keras.initializers")
    return [f"{home}.{name}" for name in names for home in homes] + list(old)


@op(*_names("Zeros", "zeros"), returns=INITIALIZER, helper=False, check=[Call()])
def zeros():
    """Zeros."""
    return hk.initializers.Constant(0.0)


@op(*_names("Ones", "ones"), returns=INITIALIZER, helper=False, check=[Call()])
def ones():
    """Ones."""
    return hk.initializers.Constant(1.0)


@op("tf.zeros_initializer", returns=INITIALIZER, helper=False, check=[Call()])
def zeros_initializer():
    """Zeros."""
    return hk.initializers.Constant(0.0)


@op("tf.ones_initializer", returns=INITIALIZER, helper=False, check=[Call()])
def ones_initializer():
    """Ones."""
    return hk.initializers.Constant(1.0)


@op(
    *_names("Constant", "constant"),
    returns=INITIALIZER,
    helper=False,
    check=[Call(), Call(2.5), Call(value=-1)],
)
def constant(value: Static = 0.0):
    """One value."""
    return hk.initializers.Constant(value)


@op(
    "tf.constant_initializer",
    returns=INITIALIZER,
    helper=False,
    check=[Call(2.5), Call(value=-1.0)],
)
def constant_initializer(value: Static = 0, support_partition: Ignored = False):
    """One value."""
    return hk.initializers.Constant(value)


@op(
    *_names("RandomNormal", "random_normal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(1.0, 2.0), Call(stddev=0.5)],
)
def random_normal(mean: Static = 0.0, stddev: Static = 0.05, seed: Ignored = None):
    """Normally distributed numbers."""
    return hk.initializers.RandomNormal(stddev=stddev, mean=mean)


@op(
    "tf.random_normal_initializer",
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(1.0, 2.0), Call(stddev=0.5)],
)
def random_normal_initializer(
    mean: Static = 0.0, stddev: Static = 0.05, seed: Ignored = None
):
    """Normally distributed numbers."""
    return hk.initializers.RandomNormal(stddev=stddev, mean=mean)


@op(
    *_names("TruncatedNormal", "truncated_normal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(1.0, 2.0), Call(stddev=0.5)],
)
def truncated_normal(mean: Static = 0.0, stddev: Static = 0.05, seed: Ignored = None):
    """Normally distributed numbers within two deviations of the mean."""
    return hk.initializers.TruncatedNormal(stddev=stddev, mean=mean)


@op(
    *_names("RandomUniform", "random_uniform"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(-1.0, 2.0), Call(minval=0, maxval=3)],
)
def random_uniform(minval: Static = -0.05, maxval: Static = 0.05, seed: Ignored = None):
    """Numbers from a range, each as likely."""
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@op(
    "tf.random_uniform_initializer",
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(-1.0, 2.0)],
)
def random_uniform_initializer(
    minval: Static = -0.05, maxval: Static = 0.05, seed: Ignored = None
):
    """Numbers from a range, each as likely."""
    return hk.initializers.RandomUniform(minval=minval, maxval=maxval)


@op(
    *_names("VarianceScaling", "variance_scaling"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
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


@op(
    *_names("GlorotUniform", "glorot_uniform"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def glorot_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs and outputs (Glorot and Bengio, 2010)."""
    return hk.initializers.VarianceScaling(1.0, "fan_avg", "uniform")


@op(
    *_names("GlorotNormal", "glorot_normal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def glorot_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs and outputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_avg", "truncated_normal")


@op(
    *_names("HeUniform", "he_uniform"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def he_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs for rectifiers (He and others, 2015)."""
    return hk.initializers.VarianceScaling(2.0, "fan_in", "uniform")


@op(
    *_names("HeNormal", "he_normal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def he_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs for rectifiers."""
    return hk.initializers.VarianceScaling(2.0, "fan_in", "truncated_normal")


@op(
    *_names("LecunUniform", "lecun_uniform"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def lecun_uniform(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Uniform numbers scaled by inputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_in", "uniform")


@op(
    *_names("LecunNormal", "lecun_normal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call()],
)
def lecun_normal(
    seed: Ignored = None, input_axes: Static = None, output_axes: Static = None
):
    """Truncated normal numbers scaled by inputs."""
    return hk.initializers.VarianceScaling(1.0, "fan_in", "truncated_normal")


@op(
    *_names("Orthogonal", "OrthogonalInitializer", "orthogonal"),
    returns=INITIALIZER,
    helper=False,
    random=True,
    because=RANDOM,
    check=[Call(), Call(2.0)],
)
def orthogonal(gain: Static = 1.0, seed: Ignored = None):
    """A random orthogonal matrix, times a factor."""
    return hk.initializers.Orthogonal(gain)


@op(
    *_names("Identity", "IdentityInitializer", "identity"),
    returns=INITIALIZER,
    helper=False,
    check=[Call(), Call(gain=2.0)],
)
def identity(gain: Static = 1.0):
    """The identity matrix, times a factor."""
    return hk.initializers.Identity(gain)
