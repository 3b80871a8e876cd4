"""``hk.testing``: running a function with modules in one call, for tests."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from haiku_core._src.transform import transform_with_state


def transform_and_run(
    f: Callable[..., Any] | None = None,
    seed: int | None = 42,
    run_apply: bool = True,
    jax_transform: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
    *,
    map_rng: Callable[[Any], Any] | None = None,
) -> Any:
    """Transforms a function with state and runs ``init``, then ``apply``.

    It works as a decorator, with or without arguments; of test methods too.

    Args:
      f: the function.
      seed: where ``init``'s random key comes from; ``apply``'s comes from ``seed + 1``.
        ``None`` passes no keys.
      run_apply: whether ``apply`` runs too.
      jax_transform: put around ``init`` and ``apply``, such as ``jax.jit``.
      map_rng: put around each key, such as one key for each device of ``jax.pmap``.

    Returns:
      A function of ``f``'s arguments that returns what ``f`` returned in ``apply``;
      ``None`` if that doesn't run.
    """
    if f is None:
        return functools.partial(
            transform_and_run,
            seed=seed,
            run_apply=run_apply,
            jax_transform=jax_transform,
            map_rng=map_rng,
        )

    def key(offset: int) -> Any:
        if seed is None:
            return None
        made = jax.random.PRNGKey(seed + offset)
        return made if map_rng is None else map_rng(made)

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        # Arguments are closed over: JAX could not trace a test method's `self`.
        init, apply = transform_with_state(lambda: f(*args, **kwargs))
        if jax_transform is not None:
            init, apply = jax_transform(init), jax_transform(apply)
        init_key, apply_key = key(0), key(1)
        params, state = init(init_key)
        if run_apply:
            return apply(params, state, apply_key)[0]
        return None

    return run
