"""Linear layers and additive biases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import haiku_core as hk
from compat.dictionary import T, module
from compat.runtime.shapes import TensorShape
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import require_rank_of_at_least
from haiku_core import layers


@layer("x", "w", "b")
def _linear_with_bias(x: T, w: T, b: T):
    return layers.linear(x, w, b)


@layer("x", "w")
def _linear(x: T, w: T):
    return layers.linear(x, w)


@layer("x", "b")
def _bias(x: T, b: T):
    return layers.bias(x, b)


@layer("x", "b", "multiplier")
def _scaled_bias(x: T, b: T, multiplier: T):
    return layers.bias(x, b, multiplier)


@module("snt.Linear")
class Linear(Module):
    """An affine map of the last axis: `x @ w + b`.

    `w` is [input, output]; by default truncated normal with deviation
    1/sqrt(input), and `b` zero.
    """

    def __init__(
        self,
        output_size: int,
        with_bias: bool = True,
        w_init: Initializer | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.output_size = output_size
        self.with_bias = with_bias
        self.w_init = w_init
        if with_bias:
            self.b_init = initializers.or_zeros(b_init)
        else:
            initializers.refuse_b_init(b_init)

    @once
    def _initialize(self, inputs: Tensor) -> None:
        require_rank_of_at_least(inputs, 2)
        self.input_size = inputs.shape[-1]
        if self.input_size is None:
            raise ValueError("Input size must be specified at module build time.")
        if self.w_init is None:
            stddev = 1 / math.sqrt(self.input_size)
            self.w_init = initializers.TruncatedNormal(stddev=stddev)
        shape = [self.input_size, self.output_size]
        self.w = Variable(self.w_init(shape, inputs.dtype), name="w")
        if self.with_bias:
            b = self.b_init([self.output_size], inputs.dtype)
            self.b = Variable(b, name="b")

    def __call__(self, inputs: Any) -> Tensor:
        """[..., input] to [..., output]."""
        inputs = convert(inputs)
        self._initialize(inputs)
        if self.with_bias:
            return _linear_with_bias(inputs, self.w, self.b)
        return _linear(inputs, self.w)


@Linear.entry.when()
def _(output_size, with_bias=True, w_init=None, b_init=None, name=None):
    return hk.Linear(
        output_size, with_bias=with_bias, w_init=w_init, b_init=b_init, name=name
    )


@module("snt.Bias")
class Bias(Module):
    """Adds a variable `b` over the chosen axes.

    `bias_dims` lists the axes over which `b` varies (the batch axis never); None means
    all of them, an empty list one number for everything.
    """

    def __init__(
        self,
        output_size: int | None = None,
        bias_dims: Sequence[int] | None = None,
        b_init: Initializer | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.output_size = output_size
        self.bias_dims = bias_dims
        self.b_init = initializers.or_zeros(b_init)

    @once
    def _initialize(self, inputs: Tensor) -> None:
        require_rank_of_at_least(inputs, 2)
        self.input_size = inputs.shape[1:]
        if self.output_size is not None and self.output_size != self.input_size:
            raise ValueError(
                f"Input shape must be {(-1, *self.output_size)} not {inputs.shape}"
            )
        shape = bias_shape(inputs.shape, self.bias_dims)
        self.b = Variable(self.b_init(shape, inputs.dtype), name="b")

    def __call__(self, inputs: Any, multiplier: Any = None) -> Tensor:
        """`inputs + b`, or `inputs + b * multiplier`."""
        inputs = convert(inputs)
        self._initialize(inputs)
        if multiplier is None:
            return _bias(inputs, self.b)
        return _scaled_bias(inputs, self.b, multiplier)


def bias_shape(
    input_shape: TensorShape, bias_dims: Sequence[int] | None
) -> tuple[int, ...]:
    """The shape of a bias over some axes, without the unit axes at its front.

    Raises:
      ValueError: an axis that the input lacks, or that of the batch.
    """
    if bias_dims is None:
        return tuple(input_shape[1:])
    rank = len(input_shape)
    chosen = set()
    for dim in bias_dims:
        positive = dim % rank if dim < 0 else dim
        if positive == 0:
            raise ValueError("Cannot apply bias across the minibatch dimension.")
        if positive >= rank:
            raise ValueError(
                f"Dimension {dim} (bias_dims={tuple(bias_dims)!r}) out of range for "
                f"input of rank {rank}."
            )
        chosen.add(positive)
    sizes = [n if axis in chosen else 1 for axis, n in enumerate(input_shape)]
    while sizes and sizes[0] == 1:
        del sizes[0]
    return tuple(sizes)


@Bias.entry.when()
def _(output_size=None, bias_dims=None, b_init=None, name=None):
    return hk.Bias(
        output_size=output_size, bias_dims=bias_dims, b_init=b_init, name=name
    )
