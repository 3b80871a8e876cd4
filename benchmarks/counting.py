"""Counts of executed Python instructions: a measure of overhead without noise."""

import gc
import sys
from collections.abc import Callable


def count_opcodes(run: Callable[[], object]) -> int:
    """How many bytecode instructions Python executes in a call of ``run``."""
    count = 0

    def inside(frame, event, _):
        nonlocal count
        count += event == "opcode"
        return inside

    def entering(frame, *_):
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return inside

    gc.collect()
    gc.disable()
    sys.settrace(entering)
    try:
        run()
    finally:
        sys.settrace(None)
        gc.enable()
    return count
