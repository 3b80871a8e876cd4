"""Layers as pure functions: arrays in, arrays out, no parameters of their own.

The modules of ``haiku_core`` (and any other library of modules) are parameters plus
one call of these.
"""

from haiku_core.layers._src.arrays import add_vector as add_vector
from haiku_core.layers._src.attention import attention as attention
from haiku_core.layers._src.attention import softmax as softmax
from haiku_core.layers._src.averages import ema_step as ema_step
from haiku_core.layers._src.averages import l2_normalize as l2_normalize
from haiku_core.layers._src.averages import power_iteration as power_iteration
from haiku_core.layers._src.averages import sonnet_ema_step as sonnet_ema_step
from haiku_core.layers._src.conv import conv as conv
from haiku_core.layers._src.conv import conv_gradient as conv_gradient
from haiku_core.layers._src.conv import conv_transpose as conv_transpose
from haiku_core.layers._src.conv import depthwise_conv as depthwise_conv
from haiku_core.layers._src.conv import get_channel_index as get_channel_index
from haiku_core.layers._src.conv import (
    gradient_output_shape as gradient_output_shape,
)
from haiku_core.layers._src.conv import output_padding as output_padding
from haiku_core.layers._src.dropout import dropout as dropout
from haiku_core.layers._src.dropout import noise_dropout as noise_dropout
from haiku_core.layers._src.embed import embedding_lookup as embedding_lookup
from haiku_core.layers._src.embed import embedding_matmul as embedding_matmul
from haiku_core.layers._src.embed import nearest_codes as nearest_codes
from haiku_core.layers._src.embed import perplexity as perplexity
from haiku_core.layers._src.embed import straight_through as straight_through
from haiku_core.layers._src.linear import bias as bias
from haiku_core.layers._src.linear import linear as linear
from haiku_core.layers._src.linear import parallel_linears as parallel_linears
from haiku_core.layers._src.norm import batch_normalization as batch_normalization
from haiku_core.layers._src.norm import bessel as bessel
from haiku_core.layers._src.norm import group_norm as group_norm
from haiku_core.layers._src.norm import layer_norm as layer_norm
from haiku_core.layers._src.norm import layer_norm_one_pass as layer_norm_one_pass
from haiku_core.layers._src.norm import mean as mean
from haiku_core.layers._src.norm import moments as moments
from haiku_core.layers._src.norm import normalize as normalize
from haiku_core.layers._src.norm import raw_moments as raw_moments
from haiku_core.layers._src.norm import rms_norm as rms_norm
from haiku_core.layers._src.norm import variance_from_raw as variance_from_raw
from haiku_core.layers._src.pool import avg_pool as avg_pool
from haiku_core.layers._src.pool import max_pool as max_pool
from haiku_core.layers._src.recurrent import cudnn_gru_step as cudnn_gru_step
from haiku_core.layers._src.recurrent import gru_step as gru_step
from haiku_core.layers._src.recurrent import join as join
from haiku_core.layers._src.recurrent import lstm_gates_ifgo as lstm_gates_ifgo
from haiku_core.layers._src.recurrent import lstm_gates_igfo as lstm_gates_igfo
from haiku_core.layers._src.recurrent import lstm_step as lstm_step
from haiku_core.layers._src.recurrent import rnn_step as rnn_step
from haiku_core.layers._src.recurrent import sonnet_lstm_step as sonnet_lstm_step

__all__ = (
    "add_vector",
    "attention",
    "avg_pool",
    "batch_normalization",
    "bessel",
    "bias",
    "get_channel_index",
    "conv",
    "conv_gradient",
    "conv_transpose",
    "cudnn_gru_step",
    "depthwise_conv",
    "dropout",
    "ema_step",
    "embedding_lookup",
    "embedding_matmul",
    "gradient_output_shape",
    "group_norm",
    "gru_step",
    "join",
    "l2_normalize",
    "layer_norm",
    "layer_norm_one_pass",
    "linear",
    "lstm_gates_ifgo",
    "lstm_gates_igfo",
    "lstm_step",
    "max_pool",
    "mean",
    "moments",
    "nearest_codes",
    "noise_dropout",
    "normalize",
    "output_padding",
    "parallel_linears",
    "perplexity",
    "power_iteration",
    "raw_moments",
    "rms_norm",
    "rnn_step",
    "softmax",
    "sonnet_ema_step",
    "sonnet_lstm_step",
    "straight_through",
    "variance_from_raw",
)
