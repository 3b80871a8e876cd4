"""Running a core over a sequence."""

from __future__ import annotations

from typing import Any

import haiku_core as hk
from compat.dictionary import TENSOR, UNKNOWN, Ignored, op, tup
from compat.sonnet._src.recurrent import RNNCore


@op("snt.static_unroll", returns=tup(TENSOR, UNKNOWN), helper=False)
def static_unroll(
    core: RNNCore, input_sequence: Any, initial_state: Any, sequence_length: Any = None
):
    """Calls a core for each step of a sequence [time, …], one after the other."""


@static_unroll.when("sequence_length is None")
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.static_unroll(core, input_sequence, initial_state)


@static_unroll.when()
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.sonnet.static_unroll(
        core, input_sequence, initial_state, sequence_length=sequence_length
    )


@op("snt.dynamic_unroll", returns=tup(TENSOR, UNKNOWN), helper=False)
def dynamic_unroll(
    core: RNNCore,
    input_sequence: Any,
    initial_state: Any,
    sequence_length: Any = None,
    parallel_iterations: Ignored = 1,
    swap_memory: Ignored = False,
):
    """`static_unroll` as a loop of the compiled program."""


@dynamic_unroll.when("sequence_length is None")
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.dynamic_unroll(core, input_sequence, initial_state)


@dynamic_unroll.when()
def _(core, input_sequence, initial_state, sequence_length=None):
    return hk.sonnet.dynamic_unroll(
        core, input_sequence, initial_state, sequence_length=sequence_length
    )
