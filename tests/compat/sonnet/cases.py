"""One or more constructor calls of each Sonnet module, and how to call what they make.

A call is described, not made: the tests make it in Sonnet, in `compat.sonnet` and, by
the record's spelling, in Haiku.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Made:
    """`snt.<name>(*args, **kwargs)`; arguments may be descriptions in their turn."""

    name: str
    args: tuple = ()
    kwargs: dict = dataclasses.field(default_factory=dict)

    def __repr__(self):
        shown = [*map(repr, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())]
        return f"{self.name}({', '.join(shown)})"


def snt(name, /, *args, **kwargs):
    return Made(f"snt.{name}", args, kwargs)


def init(name, /, *args, **kwargs):
    return snt(f"initializers.{name}", *args, **kwargs)


@dataclasses.dataclass(frozen=True)
class Named:
    """A name that is no call: an activation or a padding function."""

    name: str

    def __repr__(self):
        return self.name


@dataclasses.dataclass(frozen=True)
class Array:
    """An array, written as the call of numpy that makes it."""

    text: str

    def __repr__(self):
        return self.text

    def value(self):
        return eval(self.text, {"np": np})


EYE = Array("np.eye(3, dtype=np.float32)")
ONES = Array("np.ones(3, np.float32)")
RELU, TANH, SAME, CAUSAL = map(
    Named, ("tf.nn.relu", "tf.tanh", "snt.pad.same", "snt.pad.causal")
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A module and a call of it.

    Attributes:
      made: how the module is made.
      shapes: of the inputs.
      call: (module, inputs) to outputs.
      float64: whether Sonnet takes 64-bit inputs.
      ids: the inputs are integers below this, not floats.
      deep: float32 differs from float64 by more than rounding of one layer.
      seed: of the inputs: in a deep network some put a value on the kink of a relu, to
        within rounding, where the two gradients have every right to differ.
    """

    made: Made
    shapes: tuple
    call: Callable[..., Any]
    float64: bool = True
    ids: int = 0
    deep: bool = False
    seed: int = 0

    def inputs(self, dtype):
        rng = np.random.default_rng(self.seed)
        if self.ids:
            return [rng.integers(0, self.ids, s).astype("int32") for s in self.shapes]
        return [rng.normal(size=s).astype(dtype) for s in self.shapes]

    def __repr__(self):
        return repr(self.made)


def plain(module, *inputs):
    return module(*inputs)


def training(module, x):
    return module(x, is_training=True)


def evaluating(module, x):
    return module(x, is_training=False)


def local_stats(module, x):
    return module(x, False, True)


def both_modes(module, x):
    first = module(x, True)
    second = module(x * 2.0, True)
    return first, second, module(x, False)


def one_step(module, x):
    return module(x, module.initial_state(x.shape[0]))


def two_steps(module, x):
    state = module.initial_state(x.shape[0])
    first, state = module(x, state)
    second, state = module(x * 0.5, state)
    return first, second, state


def sequence(module, x):
    return module(x, module.initial_state(x.shape[1]))


def metric(module, x):
    return module(x), module(x * 2.0)


def tiled(module):
    return module(3)


def case(made, *shapes, call=plain, **options):
    return Case(made, shapes, call, **options)


def recurrent(made, *shapes, call=two_steps):
    return Case(made, shapes, call, "dtype" in made.kwargs)


NORMS = [
    case(snt(name, *first, **kwargs), shape)
    for name, first in (
        ("LayerNorm", (-1, True, True)),
        ("LayerNorm", ((1, 2), True, False)),
        ("InstanceNorm", (False, True)),
        ("GroupNorm", (2,)),
    )
    for kwargs, shape in (
        ({}, (2, 5, 4)),
        ({"eps": 0.01, "name": "norm"}, (2, 3, 5, 4)),
        ({"data_format": "channels_first"}, (2, 4, 3, 5)),
    )
] + [
    case(
        snt(
            "LayerNorm",
            axis=slice(1, None),
            create_scale=True,
            create_offset=True,
            scale_init=init("Constant", 2.0),
            offset_init=init("Ones"),
        ),
        (3, 4, 6),
    ),
    case(snt("GroupNorm", 3, create_scale=False, create_offset=False), (2, 5, 6)),
]

BATCH_NORMS = [
    case(snt("BatchNorm", *flags, **kwargs), shape, call=call, float64=len(shape) != 4)
    for flags, kwargs, shape in (
        ((True, True), {}, (6, 4)),
        ((True, False), {"decay_rate": 0.9}, (3, 5, 4)),
        ((False, False), {"eps": 0.01}, (2, 3, 5, 4)),
        ((True, True), {"data_format": "NCHW"}, (2, 4, 3, 5)),
    )
    for call in (training, evaluating, local_stats, both_modes)
] + [
    case(
        snt(
            "BaseBatchNorm",
            True,
            True,
            snt("ExponentialMovingAverage", 0.9),
            snt("Mean"),
        ),
        (5, 3),
        call=both_modes,
    ),
]

CONVS = (
    [
        case(snt(f"Conv{n}D", 3, *args, **kwargs), shape)
        for n, args, kwargs, shape in (
            (1, (3,), {}, (2, 8, 4)),
            (1, (4,), {"stride": 2, "padding": CAUSAL}, (2, 8, 4)),
            (2, (3,), {"w_init": init("VarianceScaling", 2.0)}, (2, 6, 5, 4)),
            (2, ([3, 2],), {"stride": [2, 1], "padding": "VALID"}, (2, 7, 6, 2)),
            (2, (3,), {"rate": 2, "padding": SAME, "with_bias": False}, (1, 8, 8, 2)),
            (2, (3,), {"b_init": init("Ones"), "name": "conv"}, (2, 6, 5, 2)),
            (3, (2,), {"stride": 2}, (1, 4, 5, 6, 2)),
        )
    ]
    + [
        case(snt(f"Conv{n}DTranspose", 3, *args, **kwargs), shape)
        for n, args, kwargs, shape in (
            (1, (3,), {}, (2, 5, 4)),
            (1, (3,), {"stride": 2, "padding": "VALID"}, (2, 5, 4)),
            (2, (3,), {"stride": 2}, (2, 4, 5, 2)),
            (2, ([4, 3],), {"stride": 2, "output_shape": (7, 6)}, (2, 4, 3, 2)),
            (2, (3,), {"with_bias": False, "name": "up"}, (2, 4, 5, 2)),
            (3, (2,), {"stride": 2}, (1, 2, 3, 2, 2)),
        )
    ]
    + [
        case(snt("DepthwiseConv2D", *args, **kwargs), (2, 6, 5, 3))
        for args, kwargs in (
            ((3,), {}),
            (([3, 2],), {"channel_multiplier": 2, "stride": 2, "padding": "VALID"}),
            ((3, 2), {"with_bias": False, "w_init": init("VarianceScaling")}),
        )
    ]
)

RECURRENT = [
    recurrent(snt(name, 4, **kwargs), (3, 5), call=call)
    for name, choices in (
        ("VanillaRNN", ({}, {"activation": RELU})),
        ("GRU", ({}, {"w_i_init": init("RandomNormal"), "w_h_init": init("Ones")})),
        ("LSTM", ({}, {"forget_bias": 0.5}, {"projection_size": 3})),
    )
    for kwargs in choices
    for call in (one_step, two_steps)
] + [
    recurrent(snt("Conv1DLSTM", (6, 2), 3, 3), (2, 6, 2)),
    recurrent(snt("Conv2DLSTM", (6, 5, 2), 3, 3, forget_bias=0.0), (2, 6, 5, 2)),
    recurrent(snt("Conv3DLSTM", (3, 4, 3, 2), 2, 2), (1, 3, 4, 3, 2)),
    recurrent(snt("UnrolledLSTM", 4), (6, 3, 5), call=sequence),
    recurrent(snt("DeepRNN", [snt("LSTM", 4), RELU, snt("GRU", 3)]), (3, 5)),
    recurrent(
        snt("deep_rnn_with_skip_connections", [snt("LSTM", 4), snt("GRU", 3)]), (3, 5)
    ),
    recurrent(
        snt(
            "deep_rnn_with_skip_connections",
            [snt("LSTM", 4), snt("GRU", 3)],
            concat_final_output=False,
        ),
        (3, 5),
    ),
    recurrent(
        snt("deep_rnn_with_residual_connections", [snt("LSTM", 5), snt("GRU", 5)]),
        (3, 5),
    ),
]

OTHERS = [
    case(snt("Linear", 3), (4, 5)),
    case(snt("Linear", 3, with_bias=False), (2, 4, 5)),
    case(
        snt(
            "Linear",
            output_size=3,
            w_init=init("TruncatedNormal", stddev=0.3),
            b_init=init("RandomUniform", -1.0, 1.0),
            name="head",
        ),
        (4, 5),
    ),
    case(snt("Bias"), (4, 5, 3)),
    case(snt("Bias", bias_dims=[-1], b_init=init("RandomNormal")), (4, 5, 3)),
    case(snt("Bias", bias_dims=[]), (4, 5)),
    case(snt("Flatten"), (2, 3, 4)),
    case(snt("Flatten", 2), (2, 3, 4, 2)),
    case(snt("Reshape", [6, -1]), (2, 3, 4)),
    case(snt("Sequential", [snt("Linear", 4), RELU, snt("Linear", 2)]), (3, 5)),
    case(snt("Sequential", []), (3, 5)),
    case(snt("BatchApply", snt("Linear", 3)), (2, 4, 5)),
    case(snt("BatchApply", snt("Conv2D", 3, 3), num_dims=2), (2, 3, 6, 5, 2)),
    case(snt("Embed", 7, 4), (3, 2), ids=7),
    case(snt("Embed", 9), (5,), ids=9),
    case(snt("Embed", existing_vocab=EYE), (4,), ids=3),
    case(snt("nets.MLP", [6, 3]), (4, 5)),
    case(
        snt(
            "nets.MLP",
            (6, 3),
            w_init=init("Orthogonal"),
            activation=TANH,
            activate_final=True,
        ),
        (4, 5),
    ),
    case(snt("nets.MLP", [6], dropout_rate=0.5), (4, 5), call=evaluating),
    case(snt("Dropout", 0.5), (4, 5), call=evaluating),
    case(snt("nets.VectorQuantizer", 4, 6, 0.25), (5, 4), call=training, float64=False),
    case(
        snt("nets.VectorQuantizerEMA", 4, 6, 0.25, 0.9),
        (8, 4),
        call=training,
        float64=False,
    ),
    case(
        snt("nets.VectorQuantizerEMA", 4, 6, 0.25, 0.9),
        (8, 4),
        call=evaluating,
        float64=False,
    ),
    case(snt("Sum"), (3, 2), call=metric),
    case(snt("Mean"), (3, 2), call=metric),
    case(snt("ExponentialMovingAverage", 0.9), (3, 2), call=metric),
    case(
        snt("TrainableState", ONES),
        call=tiled,
        float64=False,
    ),
]

NETS = [
    case(
        snt("nets.Cifar10ConvNet", output_channels=(4, 6), strides=(1, 2)),
        (2, 8, 8, 3),
        call=call,
        float64=False,
        deep=True,
        seed=2,
    )
    for call in (training, evaluating)
] + [
    case(
        snt(
            "nets.ResNet",
            [1, 1, 1, 1],
            5,
            resnet_v2=v2,
            channels_per_group_list=(8, 8, 12, 16),
        ),
        (4, 32, 32, 3),
        call=call,
        float64=False,
        deep=True,
        seed=2,
    )
    for v2 in (False, True)
    for call in (training, evaluating)
]

CASES = [*OTHERS, *NORMS, *BATCH_NORMS, *CONVS, *RECURRENT, *NETS]
