"""Control flow as ops: `tf.cond`, `tf.while_loop`, `tf.map_fn`, `tf.scan`, ….

Where the values that steer it are concrete, it is Python's own. Inside a trace the
branches and bodies are staged (see `staging`), and the whole becomes one op whose
inputs are all that they capture: tapes differentiate through it, variables assigned
inside are assigned.
"""

from compat.runtime.control_flow import order, repetition, rows
from compat.runtime.control_flow.branches import branch_aligned as branch_aligned
from compat.runtime.control_flow.branches import cond as cond
from compat.runtime.control_flow.captures import is_traced as is_traced
from compat.runtime.control_flow.loops import loop_over as loop_over
from compat.runtime.control_flow.loops import loop_while as loop_while
from compat.runtime.control_flow.unfinished import finished as finished
from compat.runtime.control_flow.unfinished import unfinished as unfinished

__all__ = [
    "branch_aligned",
    "cond",
    "finished",
    "is_traced",
    "loop_over",
    "loop_while",
    "order",
    "repetition",
    "rows",
    "unfinished",
]
