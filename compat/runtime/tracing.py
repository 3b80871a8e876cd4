"""Whether JAX is tracing, and what concrete arrays look like."""

from __future__ import annotations

import jax.numpy as jnp

try:
    from jax.extend.core import Tracer as Tracer
except ImportError:
    from jax.core import Tracer as Tracer

try:
    from jax._src.core import trace_state_clean as clean
except ImportError:  # no public name yet; the slower question gives the same answer

    def clean() -> bool:
        """Whether no function is being traced on this thread."""
        return not isinstance(jnp.zeros(()) + 0, Tracer)


def in_trace() -> bool:
    """Whether JAX is tracing something on this thread."""
    return not clean()
