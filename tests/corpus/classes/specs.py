"""How to make and call each module class of the trial corpus.

The texts are evaluated twice: with the legacy class and Sonnet, and with its rewrite
and Haiku. There `m` is the module the class is in, `lib` gives the same few layers and
types on both sides, `np` is numpy, `rng` a seeded `RandomState`. A class of the corpus
that is not here counts as failed.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Spec:
    """One class.

    Attributes:
      make: an expression for the instance, `net`.
      inputs: an expression for a tuple of nests of arrays, `x`.
      call: an expression for the output.
    """

    make: str
    inputs: str
    call: str = "net(*x)"


def _floats(*shape: int) -> str:
    return f"rng.normal(size={shape}).astype('f')"


_FLAT = f"({_floats(4, 5)},)"
_IMAGE = f"({_floats(2, 36, 36, 4)},)"
_BLOCK = f"({_floats(2, 8, 8, 4)},)"
_OAR = (
    "(lib.OAR(rng.uniform(size=(2, 36, 36, 3)).astype('f'), "
    "rng.randint(0, 3, size=2).astype('i'), rng.normal(size=2).astype('f')),)"
)
_OLT = (
    "(lib.OLT(rng.normal(size=(4, 5)).astype('f'), "
    "np.array([[1, 0, 1]] * 4, 'f'), np.zeros((4, 1), 'f')),)"
)
_BOX = "lib.BoundedArray((3,), np.float32, -np.ones(3, 'f') * 2, np.ones(3, 'f') * 3)"
_TRAIN = "net(*x, is_training=True)"
_CORE = "net(x[0], net.initial_state({}))"
_UNROLL = "net.unroll(x[0], net.initial_state(4), 3)"
_ARGS = "{'decay_rate': 0.9, 'create_scale': True, 'create_offset': True}"

_SPECS: dict[str, dict[str, Spec]] = {
    "sonnet/src/nets/mlp.py": {"MLP": Spec("m.MLP([6, 3])", _FLAT)},
    "sonnet/src/nets/cifar10_convnet.py": {
        "Cifar10ConvNet": Spec(
            "m.Cifar10ConvNet(5, output_channels=(4, 6), strides=(1, 2))",
            f"({_floats(2, 8, 8, 3)},)",
            _TRAIN,
        )
    },
    "sonnet/src/nets/resnet.py": {
        "BottleNeckBlockV1": Spec(
            f"m.BottleNeckBlockV1(8, 2, True, {_ARGS})", _BLOCK, _TRAIN
        ),
        "BottleNeckBlockV2": Spec(
            f"m.BottleNeckBlockV2(8, 2, True, {_ARGS})", _BLOCK, _TRAIN
        ),
        "BlockGroup": Spec(f"m.BlockGroup(8, 2, 2, {_ARGS})", _BLOCK, _TRAIN),
        "ResNet": Spec(
            "m.ResNet([1, 1, 1, 1], 10, resnet_v2=True)",
            f"({_floats(4, 64, 64, 3)},)",
            _TRAIN,
        ),
        "ResNet50": Spec(
            "m.ResNet50(10)",
            f"({_floats(2, 64, 64, 3)},)",
            "net(*x, is_training=False)",
        ),
    },
    "sonnet/src/nets/vqvae.py": {
        "VectorQuantizer": Spec(
            "m.VectorQuantizer(4, 6, 0.25)", f"({_floats(5, 4)},)", _TRAIN
        ),
        "VectorQuantizerEMA": Spec(
            "m.VectorQuantizerEMA(4, 6, 0.25, 0.9)", f"({_floats(5, 4)},)", _TRAIN
        ),
    },
    "bsuite/baselines/tf/actor_critic/agent.py": {
        "PolicyValueNet": Spec(
            "m.PolicyValueNet([8, 8], lib.DiscreteArray(3))",
            _FLAT,
            "(lambda o: (o[0].logits, o[1]))(net(*x))",
        )
    },
    "bsuite/baselines/tf/actor_critic_rnn/agent.py": {
        "PolicyValueRNN": Spec("m.PolicyValueRNN([8, 8], 3)", _FLAT, _CORE.format(4))
    },
    "bsuite/baselines/tf/boot_dqn/agent.py": {
        "NetworkWithPrior": Spec(
            "m.NetworkWithPrior(lib.MLP([6, 3]), lib.MLP([6, 3]), 3.0)", _FLAT
        )
    },
    "acme/tf/networks/atari.py": {
        "AtariTorso": Spec("m.AtariTorso()", _IMAGE),
        "DQNAtariNetwork": Spec("m.DQNAtariNetwork(3)", _IMAGE),
        "R2D2AtariNetwork": Spec("m.R2D2AtariNetwork(3)", _OAR, _CORE.format(2)),
        "IMPALAAtariNetwork": Spec("m.IMPALAAtariNetwork(3)", _OAR, _CORE.format(2)),
        "DeepIMPALAAtariNetwork": Spec(
            "m.DeepIMPALAAtariNetwork(3)", _OAR, _CORE.format(2)
        ),
    },
    "acme/tf/networks/continuous.py": {
        "NearZeroInitializedLinear": Spec("m.NearZeroInitializedLinear(3)", _FLAT),
        "LayerNormMLP": Spec("m.LayerNormMLP([8, 6, 3], activate_final=True)", _FLAT),
        "ResidualLayernormWrapper": Spec(
            "m.ResidualLayernormWrapper(lib.Linear(5))", _FLAT
        ),
        "LayerNormAndResidualMLP": Spec("m.LayerNormAndResidualMLP(8, 2)", _FLAT),
    },
    "acme/tf/networks/discrete.py": {
        "DiscreteFilteredQNetwork": Spec(
            "m.DiscreteFilteredQNetwork(lib.Linear(3), lib.MLP([6, 3]), 0.3)", _FLAT
        )
    },
    "acme/tf/networks/distributional.py": {
        "DiscreteValuedHead": Spec(
            "m.DiscreteValuedHead(-1.0, 1.0, 11)",
            _FLAT,
            "(lambda d: (d.logits, d.mean()))(net(*x))",
        ),
        "MultivariateNormalDiagHead": Spec(
            "m.MultivariateNormalDiagHead(3)",
            _FLAT,
            "(lambda d: (d.mean(), d.stddev()))(net(*x))",
        ),
        "GaussianMixture": Spec(
            "m.GaussianMixture(3, 2, True, 0.1)", _FLAT, "net(*x).mean()"
        ),
        "UnivariateGaussianMixture": Spec(
            "m.UnivariateGaussianMixture(3, 2)", _FLAT, "net(*x).mean()"
        ),
        "MultivariateGaussianMixture": Spec(
            "m.MultivariateGaussianMixture(3, 2)", _FLAT, "net(*x).mean()"
        ),
        "ApproximateMode": Spec(
            "lib.Sequential([m.MultivariateNormalDiagHead(3), m.ApproximateMode()])",
            _FLAT,
            "net(*x).mode()",
        ),
    },
    "acme/tf/networks/duelling.py": {
        "DuellingMLP": Spec("m.DuellingMLP(3, [8, 6])", _FLAT)
    },
    "acme/tf/networks/embedding.py": {
        "OAREmbedding": Spec(
            "m.OAREmbedding(lib.MLP([7]), 3)",
            "(lib.OAR(rng.normal(size=(4, 5)).astype('f'), "
            "rng.randint(0, 3, size=4).astype('i'), rng.normal(size=4).astype('f')),)",
        )
    },
    "acme/tf/networks/legal_actions.py": {
        "MaskedSequential": Spec("m.MaskedSequential([lib.MLP([6, 3])])", _OLT),
        "EpsilonGreedy": Spec(
            "lib.Sequential([lib.MLP([6, 3]), m.EpsilonGreedy(0.1, -1e9)])",
            _FLAT,
            "net(*x).probs",
        ),
    },
    "acme/tf/networks/multihead.py": {
        "Multihead": Spec("m.Multihead([lib.Linear(3), lib.MLP([4, 3])])", _FLAT)
    },
    "acme/tf/networks/multiplexers.py": {
        "CriticMultiplexer": Spec(
            "m.CriticMultiplexer(lib.MLP([6, 1]), lib.Linear(4), lib.Linear(3))",
            f"({_floats(4, 5)}, {_floats(4, 2)})",
        )
    },
    "acme/tf/networks/noise.py": {
        "ClippedGaussian": Spec(
            "lib.Sequential([lib.Linear(3), m.ClippedGaussian(1e-20)])", _FLAT
        )
    },
    "acme/tf/networks/policy_value.py": {
        "PolicyValueHead": Spec("m.PolicyValueHead(3)", _FLAT)
    },
    "acme/tf/networks/recurrence.py": {
        "UnpackWrapper": Spec(
            "m.UnpackWrapper(lib.Linear(4))", f"(({_floats(4, 5)},),)"
        ),
        "RNNUnpackWrapper": Spec(
            "m.RNNUnpackWrapper(lib.LSTM(4))", f"(({_floats(4, 5)},),)", _CORE.format(4)
        ),
        "CriticDeepRNN": Spec(
            "m.CriticDeepRNN([lib.Adder(), lib.LSTM(4), lib.Linear(2)])",
            f"({_floats(4, 5)}, {_floats(4, 5)})",
            "net(x[0], x[1], net.initial_state(4))",
        ),
        "DeepRNN": Spec(
            "m.DeepRNN([lib.MLP([6]), m.LSTM(4), lib.Linear(3)])",
            f"({_floats(3, 4, 5)},)",
            _UNROLL,
        ),
        "LSTM": Spec("m.LSTM(4)", f"({_floats(3, 4, 5)},)", _UNROLL),
    },
    "acme/tf/networks/rescaling.py": {
        "ClipToSpec": Spec(
            f"lib.Sequential([lib.Linear(3), m.ClipToSpec({_BOX})])", _FLAT
        ),
        "RescaleToSpec": Spec(
            f"lib.Sequential([lib.Linear(3), m.RescaleToSpec({_BOX})])", _FLAT
        ),
        "TanhToSpec": Spec(
            f"lib.Sequential([lib.Linear(3), m.TanhToSpec({_BOX})])", _FLAT
        ),
    },
    "acme/tf/networks/stochastic.py": {
        "StochasticModeHead": Spec(
            "lib.Sequential([lib.Normal(3), m.StochasticModeHead()])", _FLAT
        ),
        "StochasticMeanHead": Spec(
            "lib.Sequential([lib.Normal(3), m.StochasticMeanHead()])", _FLAT
        ),
    },
    "acme/tf/networks/vision.py": {
        "ResNetTorso": Spec(
            "m.ResNetTorso([4, 8], [1, 1], [7])", f"({_floats(2, 16, 16, 3)},)"
        ),
        "ResidualBlockGroup": Spec(
            "m.ResidualBlockGroup(2, 4, 3, 1, 3, 2)", f"({_floats(2, 16, 16, 3)},)"
        ),
    },
}

SPECS = {(f, name): s for f, found in _SPECS.items() for name, s in found.items()}
