"""Target networks, periodic work, and the deterministic policy gradient.

These are about variables and recorded gradients: what code becomes on JAX is another
shape, not another call.
"""

import jax
import jax.numpy as jnp
import numpy as np

import rlax_core as rlax
from compat.dictionary import Ignored, T, op
from compat.runtime import STATE, Tensor, Variable, tf_op
from compat.runtime.errors import OperatorNotAllowedInGraphError
from compat.trfl._src.lifting import composed, is_runtime, lifted
from compat.trfl._src.outputs import DPGExtra, LossOutput


@lifted
def _mixed(target, source, tau):
    return tau * source + (1.0 - tau) * target


@composed
@op(
    "trfl.update_target_variables",
    "trfl.target_update_ops.update_target_variables",
    helper=False,
    because="assigns to variables; on arrays it returns the new values",
    instead="write `for t, s in zip(targets, sources): "
    "t.assign(tau * s + (1 - tau) * t)`",
)
def update_target_variables(
    target_variables,
    source_variables,
    tau=1.0,
    use_locking: Ignored = False,
    name: Ignored = None,
):
    """Moves variables towards others: ``(1 - tau) * target + tau * source``.

    Args:
      target_variables: a list of variables, or of arrays.
      source_variables: as many variables, arrays or tensors.
      tau: a float in (0, 1], or a scalar tensor; 1.0 copies.
      use_locking: has no effect.
      name: has no effect.

    Returns:
      None for variables, which are assigned; a list of new values for arrays.

    Raises:
      TypeError: ``tau`` is a number but no float.
      ValueError: it is out of range, or numbers or shapes differ.
    """
    if not isinstance(tau, float | jax.Array | Tensor | Variable):
        raise TypeError(f"Tau has wrong type (should be float) {tau}")
    if isinstance(tau, float) and not 0.0 < tau <= 1.0:
        raise ValueError(f"Invalid parameter tau {tau}: it must be in (0, 1]")
    if len(target_variables) != len(source_variables):
        raise ValueError(
            f"Number of target variables {len(target_variables)} is not the same as "
            f"number of source variables {len(source_variables)}"
        )
    pairs = list(zip(target_variables, source_variables, strict=True))
    for target, source in pairs:
        if tuple(target.shape) != tuple(source.shape):
            raise ValueError(
                "Target variables don't have the same shape as source variables: "
                f"{tuple(target.shape)} and {tuple(source.shape)}"
            )
    copies = isinstance(tau, float) and tau == 1.0
    values = []
    for target, source in pairs:
        value = source if copies else _mixed(target, source, tau)
        if isinstance(target, Variable):
            target.assign(value)
        else:
            values.append(value)
    return values or None


@composed
@op(
    "trfl.periodically",
    "trfl.periodic_ops.periodically",
    helper=False,
    because="runs a function when a counter of its own says so",
    instead="count the calls in a Box and write `if`, or objects.cond where compiled",
)
def periodically(body, period, counter=None, name: Ignored = None):
    """Runs ``body()`` every so many calls.

    Without a counter TensorFlow 2 starts a new one at each call, which is at its end
    at once, so that the body runs every time; so it does here. With one, the body runs
    when the counter has reached the period, and the counter goes back to 1.

    Args:
      body: takes nothing.
      period: how many calls apart; None or 0: never.
      counter: an integer variable.
      name: has no effect.

    Raises:
      TypeError: ``body`` cannot be called.
      ValueError: the period is negative.
    """
    if not callable(body):
        raise TypeError("body must be callable.")
    if period is None or (isinstance(period, int | float) and period == 0):
        return None
    if isinstance(period, int | float) and period < 0:
        raise ValueError("period cannot be less than 0.")
    if counter is None or (isinstance(period, int | float) and period == 1):
        return body()

    def reset():
        body()
        return counter.assign(1)

    def count():
        return counter.assign_add(1)

    due = counter >= period
    try:
        return reset() if due else count()
    except OperatorNotAllowedInGraphError:  # traced: both ways are to be kept
        return tf_op("tf.cond")(due, reset, count)


@composed
@op(
    "trfl.periodic_target_update",
    "trfl.target_update_ops.periodic_target_update",
    helper=False,
    because="assigns to variables when a counter says so",
    instead="write `if count % period == 0:` and below it `for t, s in zip(targets, "
    "sources): t.assign(s)`",
)
def periodic_target_update(
    target_variables,
    source_variables,
    update_period,
    tau=1.0,
    use_locking: Ignored = False,
    counter=None,
    name: Ignored = None,
):
    """Runs ``update_target_variables`` every so many calls, see ``periodically``.

    Args:
      target_variables: a list of variables.
      source_variables: as many variables or tensors.
      update_period: how many calls apart; None or 0: never.
      tau: a float in (0, 1], or a scalar tensor.
      use_locking: has no effect.
      counter: an integer variable; without one every call updates.
      name: has no effect.
    """

    def update():
        return update_target_variables(target_variables, source_variables, tau)

    return periodically(update, update_period, counter)


def _clip(dqda, clipping, by_norm):
    if clipping is None:
        return dqda
    if not by_norm:
        return jnp.clip(dqda, -clipping, clipping)
    squares = jnp.sum(jnp.square(dqda), axis=-1, keepdims=True)
    norm = jnp.sqrt(jnp.where(squares > 0, squares, 1))
    return dqda * clipping / jnp.maximum(norm, clipping)


def dpg_of_gradient(a_max, dqda, dqda_clipping=None, clip_norm=False):
    """The loss of actions, given the critic's gradient by them.

    Args:
      a_max: ``[B, D]`` actions.
      dqda: ``[B, D]`` gradient of each one's value by it.
      dqda_clipping: bound of the gradient; None: no bound.
      clip_norm: whether the bound is of its L2 norm rather than of each element.

    Returns:
      ``[B]`` losses, and the gradient as it was used.
    """
    dqda = _clip(jax.lax.stop_gradient(dqda), dqda_clipping, clip_norm)
    return jnp.sum(jax.vmap(rlax.dpg_loss)(a_max, dqda), axis=-1), dqda


@composed
@op(
    "trfl.dpg",
    "trfl.dpg_ops.dpg",
    helper=False,
    because="q_max must have been computed from a_max while a tape recorded; on JAX "
    "write the critic as a function, and differentiate that",
)
def dpg(q_max: T, a_max: T, dqda_clipping=None, clip_norm=False, name: Ignored = None):
    """The deterministic policy gradient: actions climb the critic.

    The gradient of ``q_max`` by ``a_max`` is read from the innermost ``GradientTape``
    that watches both.

    Args:
      q_max: ``[B]`` values of the actions, computed from them.
      a_max: ``[B, D]`` actions.
      dqda_clipping: bound of that gradient; None: no bound.
      clip_norm: whether the bound is of its L2 norm rather than of each element.
      name: has no effect.

    Returns:
      ``loss`` ``[B]``; ``extra`` with ``q_max``, ``a_max`` and ``dqda`` as clipped.

    Raises:
      ValueError: no tape saw ``q_max`` computed from ``a_max``, or the bound is not
        positive.
    """
    if dqda_clipping is not None and dqda_clipping <= 0:
        raise ValueError(
            f"dqda_clipping should be bigger than 0, {dqda_clipping} found"
        )
    dqda = None
    if is_runtime(q_max) and is_runtime(a_max):
        for tape in reversed(STATE.tapes):
            if tape.watches(a_max):
                (dqda,) = tape.pull([q_max], [None], [a_max])
                break
    if dqda is None:
        raise ValueError(
            "dpg: q_max needs to be a function of a_max, computed from it inside a "
            "GradientTape that watches it. On arrays differentiate the critic itself: "
            "dqda = jax.vmap(jax.grad(critic))(a_max), then rlax_core.dpg_loss."
        )
    loss, dqda = _dpg_plan(dqda_clipping, bool(clip_norm))(a_max, dqda)
    return LossOutput(loss, DPGExtra(q_max, a_max, dqda))


_DPG_PLANS: dict = {}


def _dpg_plan(clipping, by_norm):
    key = (None if clipping is None else float(np.asarray(clipping)), by_norm)
    if key not in _DPG_PLANS:
        _DPG_PLANS[key] = lifted(lambda a_max, dqda: dpg_of_gradient(a_max, dqda, *key))
    return _DPG_PLANS[key]
