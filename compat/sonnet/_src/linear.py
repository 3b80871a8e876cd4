"""Linear layers and additive biases."""

from __future__ import annotations

from collections.abc import Sequence

import haiku_core as hk
from compat.dictionary import module
from compat.sonnet._src import initializers
from compat.sonnet._src.base import Module
from compat.sonnet._src.initializers import Initializer


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


@Bias.entry.when()
def _(output_size=None, bias_dims=None, b_init=None, name=None):
    return hk.Bias(
        output_size=output_size, bias_dims=bias_dims, b_init=b_init, name=name
    )
