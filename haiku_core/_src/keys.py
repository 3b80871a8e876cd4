"""Random keys: the sequence that a run draws from, and the functions that draw."""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from haiku_core._src.frames import Frame, check_usage, current_frame, here
from haiku_core._src.options import options

PRNGSequenceState = tuple[jax.Array, Iterable[jax.Array]]


class MissingRNGError(ValueError):
    """A random key was asked for, but ``init`` or ``apply`` got none."""


@functools.cache
def _raw_key_shape(implementation: str) -> tuple[int, ...]:
    key = jax.eval_shape(lambda: jax.random.key(0, impl=implementation))
    return jax.eval_shape(jax.random.key_data, key).shape


def check_key(key: Any) -> None:
    """Raises ValueError for anything but one JAX random key, typed or raw."""
    shape, dtype = getattr(key, "shape", None), getattr(key, "dtype", None)
    if shape is None or dtype is None:
        raise ValueError(
            f"The provided key is not a JAX PRNGKey but a {type(key)}:\n{key}\n"
            "Make one with `jax.random.key(seed)`."
        )
    hint = ""
    if jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key):
        expected_shape, expected_dtype = (), dtype
    else:
        implementation = jax.config.jax_default_prng_impl
        expected_shape = _raw_key_shape(implementation)
        expected_dtype = np.dtype("uint32")
        if implementation != "threefry2x32":
            hint = (
                "\nHint: jax_default_prng_impl is set to "
                f"'{implementation}'; keys made by jax.random.PRNGKey before it was "
                "set have another shape."
            )
    if shape != expected_shape or dtype != expected_dtype:
        raise ValueError(
            "Provided key did not have expected shape and/or dtype: "
            f"expected=(shape={expected_shape}, dtype={expected_dtype}), "
            f"actual=(shape={shape}, dtype={dtype}){hint}"
        )


class PRNGSequence(Iterator[jax.Array]):
    """An endless iterator of random keys split from one key.

    Args:
      key_or_seed: a JAX random key, an integer seed, or what ``internal_state`` of
        another sequence gave.

    Raises:
      ValueError: if it is none of these.
    """

    __slots__ = ("_key", "_subkeys")

    def __init__(self, key_or_seed: jax.Array | int | PRNGSequenceState) -> None:
        if isinstance(key_or_seed, tuple):
            self.replace_internal_state(key_or_seed)
            return
        if isinstance(key_or_seed, int) or _is_seed_array(key_or_seed):
            key_or_seed = jax.random.PRNGKey(key_or_seed)
        else:
            check_key(key_or_seed)
        self._key = key_or_seed
        self._subkeys: collections.deque[jax.Array] = collections.deque()

    def reserve(self, num: int) -> None:
        """Splits ``num`` more keys now, for later; one split for all of them."""
        if num > 0:
            # The first of the new keys is for the next split, the others are handed
            # out in order.
            self._key, *fresh = tuple(jax.random.split(self._key, num + 1))
            self._subkeys.extend(fresh)

    def reserve_up_to_full(self) -> None:
        """Brings the number of reserved keys to one block, by splits or by drops."""
        surplus = len(self._subkeys) - options.rng_reserve_size
        if surplus < 0:
            self.reserve(-surplus)
        for _ in range(surplus):
            self._subkeys.pop()

    @property
    def internal_state(self) -> PRNGSequenceState:
        """The key for later splits, and the keys already split."""
        return self._key, tuple(self._subkeys)

    def replace_internal_state(self, state: PRNGSequenceState) -> None:
        """Continues from what ``internal_state`` of some sequence gave."""
        key, subkeys = state
        check_key(key)
        for subkey in subkeys:
            check_key(subkey)
        self._key = key
        self._subkeys = collections.deque(subkeys)

    def __next__(self) -> jax.Array:
        if not self._subkeys:
            self.reserve(options.rng_reserve_size)
        return self._subkeys.popleft()

    next = __next__

    def take(self, num: int) -> tuple[jax.Array, ...]:
        """The next ``num`` keys; those not yet there come from one split."""
        self.reserve(num - len(self._subkeys))
        return tuple(self._subkeys.popleft() for _ in range(num))


def _is_seed_array(seed: Any) -> bool:
    return getattr(seed, "shape", None) == () and seed.dtype == jnp.int32


def resumed(state: PRNGSequenceState | None) -> PRNGSequence | None:
    """A sequence that goes on from a state known to be good: nothing is checked."""
    if state is None:
        return None
    new = object.__new__(PRNGSequence)
    new._key, new._subkeys = state[0], collections.deque(state[1])
    return new


def _sequence(frame: Frame) -> PRNGSequence:
    if frame.keys is None:
        raise MissingRNGError(
            "You must pass a non-None PRNGKey to init and/or apply if you make use of "
            "random numbers: `f.init(jax.random.key(seed), ...)`, "
            "`f.apply(params, jax.random.key(seed), ...)`."
        )
    return frame.keys


def next_rng_key() -> jax.Array:
    """Returns a random key that no other call in this run returns.

    Raises:
      MissingRNGError: a ValueError, if the run was given no key.
    """
    frame = here.frame or current_frame("next_rng_key")
    if options.check_jax_usage:
        check_usage(frame, "next_rng_key")
    here.keys_requested += 1
    return next(frame.keys or _sequence(frame))


def next_rng_keys(num: int) -> jax.Array:
    """Returns ``num`` fresh random keys, stacked: ``[num, 2]`` for raw keys.

    Raises:
      MissingRNGError: a ValueError, if the run was given no key.
    """
    frame = current_frame("next_rng_keys")
    check_usage(frame, "next_rng_keys")
    return jnp.stack(_sequence(frame).take(num))


def maybe_next_rng_key() -> jax.Array | None:
    """Like :func:`next_rng_key`, but ``None`` where the run was given no key."""
    frame = current_frame("maybe_next_rng_key")
    if frame.keys is None:
        return None
    check_usage(frame, "maybe_next_rng_key")
    return next(frame.keys)


def reserve_rng_keys(num: int) -> None:
    """Splits ``num`` keys at once, for the next calls of :func:`next_rng_key`.

    One wide split traces and compiles faster than many narrow ones. The keys differ
    from those of single splits.

    Raises:
      MissingRNGError: a ValueError, if the run was given no key.
    """
    frame = current_frame("reserve_rng_keys")
    check_usage(frame, "reserve_rng_keys")
    _sequence(frame).reserve(num)


def maybe_get_rng_sequence_state() -> PRNGSequenceState | None:
    """The state of the run's key sequence, or ``None`` if it was given no key."""
    frame = current_frame("maybe_get_rng_sequence_state")
    return None if frame.keys is None else frame.keys.internal_state


def replace_rng_sequence_state(state: PRNGSequenceState) -> None:
    """Lets the run's key sequence go on from another state.

    Args:
      state: as :func:`maybe_get_rng_sequence_state` gave it.

    Raises:
      MissingRNGError: a ValueError, if the run was given no key.
    """
    frame = current_frame("replace_rng_sequence_state")
    if frame.keys is None:
        raise MissingRNGError(
            "replace_rng_sequence_state requires an RNG to be passed into the "
            "transformed function: there is no sequence whose state to replace."
        )
    check_usage(frame, "replace_rng_sequence_state")
    frame.keys.replace_internal_state(state)


class _OtherKeys:
    """Context manager: another key sequence in one frame."""

    def __init__(self, frame: Frame, keys: PRNGSequence) -> None:
        self._frame = frame
        self._keys = keys
        self._saved: list[PRNGSequence | None] = []

    def __enter__(self) -> None:
        self._saved.append(self._frame.keys)
        self._frame.keys = self._keys

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._frame.keys = self._saved.pop()


def with_rng(key: jax.Array) -> _OtherKeys:
    """Draws keys from another sequence inside a ``with`` block.

    Args:
      key: a JAX random key (or seed) to split from.

    Returns:
      A context manager. After it, the run's own sequence goes on where it was.
    """
    frame = current_frame("with_rng")
    check_usage(frame, "with_rng")
    return _OtherKeys(frame, PRNGSequence(key))
