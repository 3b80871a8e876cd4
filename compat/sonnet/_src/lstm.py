"""Long short-term memory."""

from __future__ import annotations

import collections
import math
from typing import Any

import jax
import jax.numpy as jnp

from compat.dictionary import Kind, T, module, value
from compat.runtime.dtypes import float32
from compat.runtime.tensor import Tensor, convert
from compat.runtime.variable import Variable
from compat.sonnet._src import initializers
from compat.sonnet._src.cores import RNNCore, UnrolledRNN, require_dtype, zeros
from compat.sonnet._src.initializers import Initializer, TruncatedNormal
from compat.sonnet._src.layer import layer
from compat.sonnet._src.once import once
from compat.sonnet._src.shapes import require_rank
from compat.sonnet._src.variants import takes_the_same
from haiku_core import layers

value("snt.LSTMState", spelling="hk.LSTMState", returns=Kind("class"))

LSTMState = collections.namedtuple("LSTMState", ("hidden", "cell"))


def _step(x, hidden, cell, w_i, w_h, b, projection):
    batch = jnp.broadcast_shapes(x.shape[:1], hidden.shape[:1], cell.shape[:1])
    # A state for a batch of one serves all, as broadcasting has it in TensorFlow.
    x, hidden, cell = (
        a if a.shape[:1] == batch else jnp.broadcast_to(a, batch + a.shape[1:])
        for a in (x, hidden, cell)
    )
    return layers.sonnet_lstm_step(x, hidden, cell, w_i, w_h, b, projection)


@layer("x", "hidden", "cell", "w_i", "w_h", "b")
def _lstm(x: T, hidden: T, cell: T, w_i: T, w_h: T, b: T, projection: T = None):
    return _step(x, hidden, cell, w_i, w_h, b, projection)


@layer("xs", "hidden", "cell", "w_i", "w_h", "b")
def _unrolled_lstm(xs: T, hidden: T, cell: T, w_i: T, w_h: T, b: T):
    def step(state, x):
        state = _step(x, *state, w_i, w_h, b, None)
        return state, state[0]

    shape = (xs.shape[1], hidden.shape[-1])
    start = jnp.broadcast_to(hidden, shape), jnp.broadcast_to(cell, shape)
    (hidden, cell), outputs = jax.lax.scan(step, start, xs)
    return outputs, hidden, cell


class _Memory:
    """The variables that the LSTMs have in common: `_w_i`, `_w_h` and `b`."""

    def _make_variables(self, inputs: Tensor, hidden_size: int) -> None:
        input_size = inputs.shape[-1]
        dtype = require_dtype(inputs, self._dtype)
        gates = 4 * self._hidden_size
        for name, init, size in (
            ("w_i", self._w_i_init, input_size),
            ("w_h", self._w_h_init, hidden_size),
        ):
            init = init or TruncatedNormal(stddev=1 / math.sqrt(size))
            setattr(self, f"_{name}", Variable(init([size, gates], dtype), name=name))
        b = forget_open(self._b_init([gates], dtype), self._forget_bias)
        self.b = Variable(b, name="b")

    @property
    def input_to_hidden(self) -> Variable:
        """[input, 4 hidden], blocks i, f, g, o."""
        return self._w_i

    @property
    def hidden_to_hidden(self) -> Variable:
        """[hidden, 4 hidden]; with a projection [projection, 4 hidden]."""
        return self._w_h


@layer()
def _add_to_forget(b: T, forget_bias: T):
    i, f, g, o = jnp.split(b, 4)
    return jnp.concatenate([i, f + forget_bias.astype(f.dtype), g, o])


def forget_open(b: Any, forget_bias: Any) -> Tensor:
    """A bias [4 n], blocks i, f, g, o, with `forget_bias` added to the second."""
    return _add_to_forget(b, forget_bias)


@module("snt.LSTM")
class LSTM(_Memory, RNNCore):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), gates i, f, g, o."""

    def __init__(
        self,
        hidden_size: int,
        projection_size: int | None = None,
        projection_init: Initializer | None = None,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name)
        if projection_size is None and projection_init is not None:
            raise ValueError("projection_init must be None when projection is not used")
        self._hidden_size = hidden_size
        self._projection_size = projection_size
        self._eff_hidden_size = projection_size or hidden_size
        self._projection_init = projection_init
        self._w_i_init = w_i_init
        self._w_h_init = w_h_init
        self._b_init = initializers.or_zeros(b_init)
        self._forget_bias = forget_bias
        self._dtype = dtype

    @once
    def _initialize(self, inputs: Tensor) -> None:
        require_rank(inputs, 2)
        self._make_variables(inputs, self._eff_hidden_size)
        self.projection = None
        if self._projection_size is not None:
            init = self._projection_init or TruncatedNormal(
                stddev=1 / math.sqrt(self._hidden_size)
            )
            shape = [self._hidden_size, self._projection_size]
            self.projection = Variable(init(shape, inputs.dtype), name="projection")

    def __call__(self, inputs: Any, prev_state: LSTMState) -> tuple[Tensor, LSTMState]:
        """[batch, input] and the state to [batch, hidden or projection] and the next.

        Raises:
          TypeError: inputs of another dtype than the core's.
        """
        inputs = convert(inputs)
        self._initialize(inputs)
        hidden, cell = _lstm(
            inputs,
            prev_state.hidden,
            prev_state.cell,
            self._w_i,
            self._w_h,
            self.b,
            self.projection,
        )
        return hidden, LSTMState(hidden=hidden, cell=cell)

    def initial_state(self, batch_size: Any) -> LSTMState:
        """Zeros."""
        return LSTMState(
            hidden=zeros([batch_size, self._eff_hidden_size], self._dtype),
            cell=zeros([batch_size, self._hidden_size], self._dtype),
        )


takes_the_same(LSTM.entry, "hk.sonnet.LSTM")


@module("snt.UnrolledLSTM")
class UnrolledLSTM(_Memory, UnrolledRNN):
    """`LSTM` over a whole sequence [time, batch, input].

    Its gradients are those of `dynamic_unroll(LSTM)`. Sonnet's own are others on CPUs:
    the gradient of TensorFlow's block kernel is not that of what it computes.
    """

    def __init__(
        self,
        hidden_size: int,
        w_i_init: Initializer | None = None,
        w_h_init: Initializer | None = None,
        b_init: Initializer | None = None,
        forget_bias: float = 1.0,
        dtype: Any = float32,
        name: str | None = None,
    ):
        super().__init__(name)
        self._hidden_size = hidden_size
        self._w_i_init = w_i_init
        self._w_h_init = w_h_init
        self._b_init = initializers.or_zeros(b_init)
        self._forget_bias = forget_bias
        self._dtype = dtype

    @once
    def _initialize(self, input_sequence: Tensor) -> None:
        require_rank(input_sequence, 3)
        self._make_variables(input_sequence, self._hidden_size)

    def __call__(
        self, input_sequence: Any, initial_state: LSTMState
    ) -> tuple[Tensor, LSTMState]:
        """[time, batch, input] to ([time, batch, hidden], final state)."""
        input_sequence = convert(input_sequence)
        self._initialize(input_sequence)
        outputs, hidden, cell = _unrolled_lstm(
            input_sequence,
            initial_state.hidden,
            initial_state.cell,
            self._w_i,
            self._w_h,
            self.b,
        )
        return outputs, LSTMState(hidden=hidden, cell=cell)

    def initial_state(self, batch_size: Any) -> LSTMState:
        """Zeros."""
        shape = [batch_size, self._hidden_size]
        return LSTMState(
            hidden=zeros(shape, self._dtype), cell=zeros(shape, self._dtype)
        )


takes_the_same(UnrolledLSTM.entry, "hk.sonnet.UnrolledLSTM")
