"""Whether JAX is tracing, and what concrete arrays look like."""

from __future__ import annotations

import jax.numpy as jnp

try:
    from jax.extend.core import Tracer as Tracer
except ImportError:
    from jax.core import Tracer as Tracer

try:  # what `trace_state_clean` of the same module says, without its three calls
    from jax._src import core as _core

    _trace, _top = _core.trace_state_strong_ref, _core.eval_trace
    _axes, _no_axes = _core.axis_env_state, _core.top_axis_env

    def clean() -> bool:
        """Whether no function is being traced on this thread."""
        return _trace.value is _top and _axes.value is _no_axes

    clean()
except (ImportError, AttributeError):  # slower, by public names only

    def clean() -> bool:
        """Whether no function is being traced on this thread."""
        return not isinstance(jnp.zeros(()) + 0, Tracer)


def in_trace() -> bool:
    """Whether JAX is tracing something on this thread."""
    return not clean()
