"""The quick ways into JAX: 64-bit mode entered and left, numpy arrays made JAX's.

An eager op costs a few microseconds, so these count. They have no public names; where a
JAX release lacks them, the public and slower ways do the same.

On a CPU, JAX hands each computation to another thread unless told not to, which for
small ones costs more than the computation. TensorFlow's eager ops run in the caller's
thread, and so do those here, unless JAX_CPU_ENABLE_ASYNC_DISPATCH is set or JAX was
used before.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import jax
import numpy as np

if "JAX_CPU_ENABLE_ASYNC_DISPATCH" not in os.environ:
    jax.config.update("jax_cpu_enable_async_dispatch", False)

try:
    from jax._src.config import enable_x64 as _flag

    enter_wide = functools.partial(_flag.swap_local, True)
    leave_wide = _flag.set_local
except (ImportError, AttributeError):

    def enter_wide() -> Any:
        """Enables 64-bit types on this thread; returns what `leave_wide` takes."""
        context = jax.enable_x64(True)
        context.__enter__()
        return context

    def leave_wide(before: Any) -> None:
        """Undoes `enter_wide`."""
        before.__exit__(None, None, None)


try:
    from jax._src.core import ShapedArray
    from jax._src.lib import xla_client

    _put = xla_client.batched_device_put
except (ImportError, AttributeError):
    _put = None

_avals: dict[Any, Any] = {}


def put(value: np.ndarray) -> jax.Array:
    """A JAX array that may use the memory of the numpy array, its dtype kept."""
    if _put is None or jax.config.jax_default_device is not None:
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            return jax.numpy.asarray(value)
    kind = (value.shape, value.dtype)
    aval = _avals.get(kind)
    if aval is None:
        if len(_avals) > 4096:
            _avals.clear()
        aval = _avals[kind] = ShapedArray(value.shape, value.dtype)
    devices, sharding = _place()
    before = enter_wide()
    try:
        return _put(aval, sharding, [value], devices, False)
    finally:
        leave_wide(before)


@functools.cache
def _place() -> tuple[list[Any], Any]:
    device = jax.local_devices()[0]
    return [device], jax.sharding.SingleDeviceSharding(device)
