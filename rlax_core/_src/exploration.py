"""Ways to explore: noise on actions, and rewards for novelty."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from rlax_core._src import checks
from rlax_core._src.checks import Signature
from rlax_core._src.records import record

Array = jax.Array
Numeric = Array | float
Metric = Callable[[Array, Array], Array]

_GAUSSIAN = Signature("add_gaussian_noise", action="float")


def add_gaussian_noise(key: Array, action: Array, stddev: float) -> Array:
    """An action with independent normal noise.

    Args:
      key: JAX random key.
      action: float array of any shape, continuous actions.
      stddev: standard deviation of the noise.

    Returns:
      Array shaped as ``action``.
    """
    _GAUSSIAN(action)
    return action + stddev * jax.random.normal(key, action.shape)


_ORNSTEIN = Signature(
    "add_ornstein_uhlenbeck_noise", action="float[_]", noise_tm1="float[_]"
)


def add_ornstein_uhlenbeck_noise(
    key: Array, action: Array, noise_tm1: Array, damping: float, stddev: float
) -> Array:
    """An action with noise correlated in time: an Ornstein-Uhlenbeck process.

    The noise is ``(1 - damping) * noise_tm1`` and new normal noise; get it back for the
    next step as the result less ``action``. Uhlenbeck & Ornstein 1930, "On the theory
    of the Brownian motion".

    Args:
      key: JAX random key.
      action: ``[D]`` float, continuous action.
      noise_tm1: ``[D]`` float, the noise of the step before; zeros at first.
      damping: share of the old noise that is lost at each step.
      stddev: standard deviation of the new noise.

    Returns:
      ``[D]`` action.
    """
    _ORNSTEIN(action, noise_tm1)
    kept = (1.0 - damping) * noise_tm1
    return action + (kept + stddev * jax.random.normal(key, action.shape))


_DIRICHLET = Signature(
    "add_dirichlet_noise",
    prior="any[B _]",
    dirichlet_alpha="float",
    dirichlet_fraction="float",
)


def add_dirichlet_noise(
    key: Array, prior: Array, dirichlet_alpha: float, dirichlet_fraction: float
) -> Array:
    """A policy mixed with a policy drawn from a symmetric Dirichlet distribution.

    Tree search explores by it at its root. Silver et al. 2017, "Mastering the game of
    Go without human knowledge", where the fraction is 0.25; α is 0.3 for chess, 0.15
    for shogi and 0.03 for Go.

    Args:
      key: JAX random key.
      prior: ``[B, A]`` probabilities.
      dirichlet_alpha: concentration α of the noise, a float.
      dirichlet_fraction: share of the noise, a float from 0 to 1.

    Returns:
      ``[B, A]`` probabilities.
    """
    _DIRICHLET(prior, dirichlet_alpha, dirichlet_fraction)
    batch, actions = prior.shape
    concentration = jnp.full((actions,), dirichlet_alpha)
    noise = jax.random.dirichlet(key, concentration, shape=(batch,))
    return (1 - dirichlet_fraction) * prior + dirichlet_fraction * noise


@record
class KNNQueryResult:
    """Nearest neighbours, nearest first: ``[Q, K, D]``, and ``[Q, K]`` for the rest."""

    neighbors: Array
    neighbor_indices: Array
    neighbor_neg_distances: Array


def _squared_distance(x: Array, y: Array) -> Array:
    return jnp.sum(jnp.square(x - y))


# Compiled once for each metric, and with the differences fused into the sums.
@functools.partial(jax.jit, static_argnums=2)
def _all_distances(queries: Array, data: Array, metric: Metric) -> Array:
    to_each = jax.vmap(metric, (None, 0))
    return jax.vmap(to_each, (0, None))(queries, data)


_KNN = Signature("knn_query", data="any[_ D]", query_points="any[_ D]")


def knn_query(
    data: Array,
    query_points: Array,
    num_neighbors: int,
    metric: Metric = _squared_distance,
) -> KNNQueryResult:
    """The points of ``data`` nearest to each query.

    Args:
      data: ``[N, D]`` points.
      query_points: ``[Q, D]``.
      num_neighbors: how many neighbours ``K``, static under ``jax.jit``; no more than
        ``N`` are returned.
      metric: distance of two points ``[D]``; by default the squared Euclidean one.

    Returns:
      The neighbours, their indices in ``data``, and minus their distances.

    Raises:
      AssertionError: if the arrays have no two axes, or points of unequal lengths.
    """
    _KNN(data, query_points)
    distances = _all_distances(query_points, data, metric)
    k = min(num_neighbors, data.shape[0])
    nearness, indices = lax.top_k(-distances, k)
    return KNNQueryResult(
        neighbors=jnp.asarray(data)[indices],
        neighbor_indices=indices,
        neighbor_neg_distances=nearness,
    )


@record
class IntrinsicRewardState:
    """A memory of embeddings ``[N, D]``, and running statistics of distances in it."""

    memory: Array
    next_memory_index: Numeric = 0
    distance_sum: Numeric = 0
    distance_count: Numeric = 0


_INTRINSIC = Signature(
    "episodic_memory_intrinsic_rewards", embeddings="any[_ D]", memory="any[_ D]"
)


def episodic_memory_intrinsic_rewards(
    embeddings: Array,
    num_neighbors: int,
    reward_scale: float,
    intrinsic_reward_state: IntrinsicRewardState | None = None,
    constant: float = 1e-3,
    epsilon: float = 1e-4,
    cluster_distance: float = 8e-3,
    max_similarity: float = 8.0,
    max_memory_size: int = 30_000,
) -> tuple[Array, IntrinsicRewardState]:
    """Rewards for states unlike those met earlier in the episode.

    Each embedding is compared with its nearest neighbours in a memory, which it then
    joins, overwriting the oldest. The reward is the inverse of the similarity.
    Badia et al. 2020, "Never give up: learning directed exploration strategies",
    equation 2 and algorithm 1.

    Args:
      embeddings: ``[M, D]`` float, embeddings of new states.
      num_neighbors: how many neighbours to compare with, static under ``jax.jit``.
      reward_scale: multiplies the rewards.
      intrinsic_reward_state: the state returned by the call before; None at first,
        when the memory holds zeros for ``num_neighbors`` entries.
      constant: keeps divisors off zero.
      epsilon: of the kernel ``epsilon / (distance + epsilon)``.
      cluster_distance: relative distances below it count as none.
      max_similarity: states more similar than this get no reward.
      max_memory_size: number ``N`` of embeddings kept.

    Returns:
      ``[M]`` rewards, and the new state.

    Raises:
      AssertionError: if the state's memory is not ``[N, D]``.
    """
    state = intrinsic_reward_state
    if state is None:
        zeros = jnp.zeros((min(num_neighbors, max_memory_size), embeddings.shape[-1]))
        room = max_memory_size - zeros.shape[0]
        state = IntrinsicRewardState(
            memory=lax.pad(zeros, jnp.asarray(jnp.inf), ((0, room, 0), (0, 0, 0)))
        )
    _INTRINSIC(embeddings, state.memory)
    if state.memory.shape[0] != max_memory_size:
        raise AssertionError(
            "episodic_memory_intrinsic_rewards: the memory must have max_memory_size "
            f"rows, {max_memory_size}; got {checks.show(state.memory)}."
        )
    common = jnp.promote_types(embeddings.dtype, state.memory.dtype)
    found = knn_query(state.memory, embeddings.astype(common), num_neighbors)
    # The sums keep the sign of "negative distances"; it cancels in the ratio below.
    nearness = found.neighbor_neg_distances
    distance_sum = state.distance_sum + jnp.sum(nearness)
    distance_count = state.distance_count + nearness.size
    relative = nearness / (distance_sum / distance_count + constant)
    apart = jnp.maximum(relative - cluster_distance, 0)
    kernel = epsilon / (apart + epsilon)
    similarity = jnp.sqrt(jnp.sum(kernel, axis=-1)) + constant
    novelty = jnp.where(similarity > max_similarity, 0, 1 / similarity)

    start = state.next_memory_index % max_memory_size
    added = embeddings.shape[0]
    rows = (jnp.arange(added) + start) % max_memory_size
    return reward_scale * novelty, IntrinsicRewardState(
        memory=jnp.asarray(state.memory).at[rows].set(embeddings),
        next_memory_index=start + added % max_memory_size,
        distance_sum=distance_sum,
        distance_count=distance_count,
    )
