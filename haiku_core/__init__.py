"""Haiku's API on JAX: ``import haiku_core as hk``.

Modules that own their parameters by name, and ``hk.transform``, which turns functions
that use them into pure functions. Names, shapes and initial values of parameters are
those of dm-haiku 0.0.17, so parameters load in either direction unchanged.
"""

from haiku_core import config as config
from haiku_core import data_structures as data_structures
from haiku_core import experimental as experimental
from haiku_core import initializers as initializers
from haiku_core import mixed_precision as mixed_precision
from haiku_core import nets as nets
from haiku_core import pad as pad
from haiku_core import testing as testing
from haiku_core import typing as typing
from haiku_core._src.attention import MultiHeadAttention as MultiHeadAttention
from haiku_core._src.basic import BatchApply as BatchApply
from haiku_core._src.basic import Sequential as Sequential
from haiku_core._src.basic import dropout as dropout
from haiku_core._src.basic import expand_apply as expand_apply
from haiku_core._src.basic import multinomial as multinomial
from haiku_core._src.basic import one_hot as one_hot
from haiku_core._src.basic import to_module as to_module
from haiku_core._src.batch_norm import BatchNorm as BatchNorm
from haiku_core._src.control_flow import cond as cond
from haiku_core._src.control_flow import fori_loop as fori_loop
from haiku_core._src.control_flow import map as map
from haiku_core._src.control_flow import scan as scan
from haiku_core._src.control_flow import switch as switch
from haiku_core._src.control_flow import while_loop as while_loop
from haiku_core._src.conv import ConvND as ConvND
from haiku_core._src.conv import ConvNDTranspose as ConvNDTranspose
from haiku_core._src.conv_lstm import Conv1DLSTM as Conv1DLSTM
from haiku_core._src.conv_lstm import Conv2DLSTM as Conv2DLSTM
from haiku_core._src.conv_lstm import Conv3DLSTM as Conv3DLSTM
from haiku_core._src.conv_ranks import Conv1D as Conv1D
from haiku_core._src.conv_ranks import Conv1DTranspose as Conv1DTranspose
from haiku_core._src.conv_ranks import Conv2D as Conv2D
from haiku_core._src.conv_ranks import Conv2DTranspose as Conv2DTranspose
from haiku_core._src.conv_ranks import Conv3D as Conv3D
from haiku_core._src.conv_ranks import Conv3DTranspose as Conv3DTranspose
from haiku_core._src.conv_ranks import DepthwiseConv1D as DepthwiseConv1D
from haiku_core._src.conv_ranks import DepthwiseConv2D as DepthwiseConv2D
from haiku_core._src.conv_ranks import DepthwiseConv3D as DepthwiseConv3D
from haiku_core._src.deferred import Deferred as Deferred
from haiku_core._src.dot import to_dot as to_dot
from haiku_core._src.embed import Embed as Embed
from haiku_core._src.embed import EmbedLookupStyle as EmbedLookupStyle
from haiku_core._src.frames import current_name as current_name
from haiku_core._src.group_norm import GroupNorm as GroupNorm
from haiku_core._src.hooks import GetterContext as GetterContext
from haiku_core._src.hooks import SetterContext as SetterContext
from haiku_core._src.hooks import custom_creator as custom_creator
from haiku_core._src.hooks import custom_getter as custom_getter
from haiku_core._src.hooks import custom_setter as custom_setter
from haiku_core._src.jax_transforms import eval_shape as eval_shape
from haiku_core._src.jax_transforms import grad as grad
from haiku_core._src.jax_transforms import jit as jit
from haiku_core._src.jax_transforms import remat as remat
from haiku_core._src.jax_transforms import value_and_grad as value_and_grad
from haiku_core._src.jax_transforms import vmap as vmap
from haiku_core._src.keys import PRNGSequence as PRNGSequence
from haiku_core._src.keys import (
    maybe_get_rng_sequence_state as maybe_get_rng_sequence_state,
)
from haiku_core._src.keys import maybe_next_rng_key as maybe_next_rng_key
from haiku_core._src.keys import next_rng_key as next_rng_key
from haiku_core._src.keys import next_rng_keys as next_rng_keys
from haiku_core._src.keys import (
    replace_rng_sequence_state as replace_rng_sequence_state,
)
from haiku_core._src.keys import reserve_rng_keys as reserve_rng_keys
from haiku_core._src.keys import with_rng as with_rng
from haiku_core._src.layer_norm import InstanceNorm as InstanceNorm
from haiku_core._src.layer_norm import LayerNorm as LayerNorm
from haiku_core._src.layer_norm import RMSNorm as RMSNorm
from haiku_core._src.layer_stack import (
    LayerStackTransparencyMapping as LayerStackTransparencyMapping,
)
from haiku_core._src.layer_stack import layer_stack as layer_stack
from haiku_core._src.lift import LiftWithStateUpdater as LiftWithStateUpdater
from haiku_core._src.lift import lift as lift
from haiku_core._src.lift import lift_with_state as lift_with_state
from haiku_core._src.lift import transparent_lift as transparent_lift
from haiku_core._src.lift import (
    transparent_lift_with_state as transparent_lift_with_state,
)
from haiku_core._src.linear import Bias as Bias
from haiku_core._src.linear import Linear as Linear
from haiku_core._src.module import MethodContext as MethodContext
from haiku_core._src.module import Module as Module
from haiku_core._src.module import intercept_methods as intercept_methods
from haiku_core._src.module import name_scope as name_scope
from haiku_core._src.moving_averages import EMAParamsTree as EMAParamsTree
from haiku_core._src.moving_averages import (
    ExponentialMovingAverage as ExponentialMovingAverage,
)
from haiku_core._src.multi_transform import MultiTransformed as MultiTransformed
from haiku_core._src.multi_transform import (
    MultiTransformedWithState as MultiTransformedWithState,
)
from haiku_core._src.multi_transform import multi_transform as multi_transform
from haiku_core._src.multi_transform import (
    multi_transform_with_state as multi_transform_with_state,
)
from haiku_core._src.multi_transform import without_apply_rng as without_apply_rng
from haiku_core._src.naming import force_name as force_name
from haiku_core._src.naming import name_like as name_like
from haiku_core._src.naming import transparent as transparent
from haiku_core._src.pool import AvgPool as AvgPool
from haiku_core._src.pool import MaxPool as MaxPool
from haiku_core._src.pool import avg_pool as avg_pool
from haiku_core._src.pool import max_pool as max_pool
from haiku_core._src.recurrent import GRU as GRU
from haiku_core._src.recurrent import LSTM as LSTM
from haiku_core._src.recurrent import IdentityCore as IdentityCore
from haiku_core._src.recurrent import LSTMState as LSTMState
from haiku_core._src.recurrent import RNNCore as RNNCore
from haiku_core._src.recurrent import VanillaRNN as VanillaRNN
from haiku_core._src.reshape import Flatten as Flatten
from haiku_core._src.reshape import Reshape as Reshape
from haiku_core._src.separable_conv import (
    SeparableDepthwiseConv2D as SeparableDepthwiseConv2D,
)
from haiku_core._src.spectral_norm import SNParamsTree as SNParamsTree
from haiku_core._src.spectral_norm import SpectralNorm as SpectralNorm
from haiku_core._src.transform import Transformed as Transformed
from haiku_core._src.transform import TransformedWithState as TransformedWithState
from haiku_core._src.transform import running_init as running_init
from haiku_core._src.transform import transform as transform
from haiku_core._src.transform import transform_with_state as transform_with_state
from haiku_core._src.transform import with_empty_state as with_empty_state
from haiku_core._src.transform import without_state as without_state
from haiku_core._src.typing import ModuleProtocol as ModuleProtocol
from haiku_core._src.typing import MutableParams as MutableParams
from haiku_core._src.typing import MutableState as MutableState
from haiku_core._src.typing import Params as Params
from haiku_core._src.typing import State as State
from haiku_core._src.typing import SupportsCall as SupportsCall
from haiku_core._src.unroll import DeepRNN as DeepRNN
from haiku_core._src.unroll import ResetCore as ResetCore
from haiku_core._src.unroll import (
    deep_rnn_with_skip_connections as deep_rnn_with_skip_connections,
)
from haiku_core._src.unroll import dynamic_unroll as dynamic_unroll
from haiku_core._src.unroll import static_unroll as static_unroll
from haiku_core._src.variables import DO_NOT_STORE as DO_NOT_STORE
from haiku_core._src.variables import get_current_state as get_current_state
from haiku_core._src.variables import get_initial_state as get_initial_state
from haiku_core._src.variables import get_parameter as get_parameter
from haiku_core._src.variables import get_params as get_params
from haiku_core._src.variables import get_state as get_state
from haiku_core._src.variables import set_state as set_state
from haiku_core.layers._src.conv import get_channel_index as get_channel_index

# The release of dm-haiku whose interface this is.
__version__ = "0.0.17"

__all__ = (
    "AvgPool",
    "BatchApply",
    "BatchNorm",
    "Bias",
    "Conv1D",
    "Conv1DLSTM",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DLSTM",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DLSTM",
    "Conv3DTranspose",
    "ConvND",
    "ConvNDTranspose",
    "DO_NOT_STORE",
    "DeepRNN",
    "Deferred",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "DepthwiseConv3D",
    "EMAParamsTree",
    "Embed",
    "EmbedLookupStyle",
    "ExponentialMovingAverage",
    "Flatten",
    "GRU",
    "GetterContext",
    "GroupNorm",
    "IdentityCore",
    "InstanceNorm",
    "LSTM",
    "LSTMState",
    "LayerNorm",
    "LayerStackTransparencyMapping",
    "LiftWithStateUpdater",
    "Linear",
    "MaxPool",
    "MethodContext",
    "Module",
    "ModuleProtocol",
    "MultiHeadAttention",
    "MultiTransformed",
    "MultiTransformedWithState",
    "MutableParams",
    "MutableState",
    "PRNGSequence",
    "Params",
    "RMSNorm",
    "RNNCore",
    "ResetCore",
    "Reshape",
    "SNParamsTree",
    "SeparableDepthwiseConv2D",
    "Sequential",
    "SetterContext",
    "SpectralNorm",
    "State",
    "SupportsCall",
    "Transformed",
    "TransformedWithState",
    "VanillaRNN",
    "avg_pool",
    "cond",
    "config",
    "current_name",
    "custom_creator",
    "custom_getter",
    "custom_setter",
    "data_structures",
    "deep_rnn_with_skip_connections",
    "dropout",
    "dynamic_unroll",
    "eval_shape",
    "expand_apply",
    "experimental",
    "force_name",
    "fori_loop",
    "get_channel_index",
    "get_current_state",
    "get_initial_state",
    "get_parameter",
    "get_params",
    "get_state",
    "grad",
    "initializers",
    "intercept_methods",
    "jit",
    "layer_stack",
    "lift",
    "lift_with_state",
    "map",
    "max_pool",
    "maybe_get_rng_sequence_state",
    "maybe_next_rng_key",
    "mixed_precision",
    "multi_transform",
    "multi_transform_with_state",
    "multinomial",
    "name_like",
    "name_scope",
    "nets",
    "next_rng_key",
    "next_rng_keys",
    "one_hot",
    "pad",
    "remat",
    "replace_rng_sequence_state",
    "reserve_rng_keys",
    "running_init",
    "scan",
    "set_state",
    "static_unroll",
    "switch",
    "testing",
    "to_dot",
    "to_module",
    "transform",
    "transform_with_state",
    "transparent",
    "transparent_lift",
    "transparent_lift_with_state",
    "typing",
    "value_and_grad",
    "vmap",
    "while_loop",
    "with_empty_state",
    "with_rng",
    "without_apply_rng",
    "without_state",
)


def __getattr__(name: str) -> object:
    """Imports the subpackages that most programs don't need when they are asked for."""
    if name in ("layers", "objects", "sonnet"):
        import importlib

        return importlib.import_module("haiku_core." + name)
    raise AttributeError(f"module 'haiku_core' has no attribute {name!r}")
