"""The gated recurrent unit and Elman's network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compat.dictionary import T, module
from compat.runtime.dtypes import float32
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.activations import tanh
from compat.sonnet._src.cores import RNNCore, require_dtype, zeros
from compat.sonnet._src.initializers import Initializer, VarianceScaling
from compat.sonnet._src.layer import layer
from compat.sonnet._src.linear import Linear
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import require_rank
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers


@layer("x", "state", "w_i", "w_h", "b")
def _gru(x: T, state: T, w_i: T, w_h: T, b: T):
    return layers.gru_step(x, state, w_i, w_h, b)


@layer("x", "state", "w_i", "w_h", "b")
def _recurrence(x: T, state: T, w_i: T, w_h: T, b: T):
    return layers.rnn_step(x, state, w_i, w_h, b, lambda total: total)


@module("snt.VanillaRNN")
class VanillaRNN(RNNCore):
    """`activation(x @ w_i + h @ w_h + b)` (Elman 1990)."""

    def __init__(
        self,
        hidden_size: int,
        activation: Callable[[Any], Any] = tanh,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name)
        self._hidden_size = hidden_size
        self._activation = activation
        self._b_init = initializers.or_zeros(b_init)
        self._dtype = dtype
        self._input_to_hidden = Linear(
            hidden_size, with_bias=False, w_init=w_i_init, name="input_to_hidden"
        )
        self._hidden_to_hidden = Linear(
            hidden_size, with_bias=False, w_init=w_h_init, name="hidden_to_hidden"
        )

    @property
    def input_to_hidden(self) -> Variable:
        """[input, hidden]."""
        return self._input_to_hidden.w

    @property
    def hidden_to_hidden(self) -> Variable:
        """[hidden, hidden]."""
        return self._hidden_to_hidden.w

    @once
    def _initialize(self, inputs: Tensor) -> None:
        dtype = require_dtype(inputs, self._dtype)
        self._b = Variable(self._b_init([self._hidden_size], dtype), name="b")

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Tensor, Tensor]:
        """[batch, input] and the state to (new state, new state)."""
        inputs, prev_state = convert(inputs), convert(prev_state)
        self._initialize(inputs)
        self._input_to_hidden._initialize(inputs)
        self._hidden_to_hidden._initialize(prev_state)
        total = _recurrence(
            inputs,
            prev_state,
            self._input_to_hidden.w,
            self._hidden_to_hidden.w,
            self._b,
        )
        outputs = self._activation(total)
        return outputs, outputs

    def initial_state(self, batch_size: Any) -> Tensor:
        """Zeros."""
        return zeros([batch_size, self._hidden_size], self._dtype)


takes_the_same(VanillaRNN.entry, "hk.sonnet.VanillaRNN", activation="jnp.tanh")


@module("snt.GRU")
class GRU(RNNCore):
    """Gated recurrent unit (Cho et al. 2014, 1412.3555), gates z, r, a."""

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name)
        self._hidden_size = hidden_size
        glorot_uniform = VarianceScaling(mode="fan_avg", distribution="uniform")
        self._w_i_init = w_i_init or glorot_uniform
        self._w_h_init = w_h_init or glorot_uniform
        self._b_init = initializers.or_zeros(b_init)
        self._dtype = dtype

    @property
    def input_to_hidden(self) -> Variable:
        """[input, 3 hidden], blocks z, r, a."""
        return self._w_i

    @property
    def hidden_to_hidden(self) -> Variable:
        """[hidden, 3 hidden], blocks z, r, a."""
        return self._w_h

    @once
    def _initialize(self, inputs: Tensor) -> None:
        require_rank(inputs, 2)
        dtype = require_dtype(inputs, self._dtype)
        gates = 3 * self._hidden_size
        w_i = self._w_i_init([inputs.shape[1], gates], dtype)
        self._w_i = Variable(w_i, name="w_i")
        w_h = self._w_h_init([self._hidden_size, gates], dtype)
        self._w_h = Variable(w_h, name="w_h")
        self.b = Variable(self._b_init([gates], dtype), name="b")

    def __call__(self, inputs: Any, prev_state: Any) -> tuple[Tensor, Tensor]:
        """[batch, input] and the state to (new state, new state)."""
        inputs = convert(inputs)
        self._initialize(inputs)
        state = _gru(inputs, prev_state, self._w_i, self._w_h, self.b)
        return state, state

    def initial_state(self, batch_size: Any) -> Tensor:
        """Zeros."""
        return zeros([batch_size, self._hidden_size], self._dtype)


# Haiku's cell is the same, but its default initializers are others.
takes_the_same(GRU.entry, "hk.sonnet.GRU")
