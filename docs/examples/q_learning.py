"""Learns to play Catch by double Q-learning, in a few seconds on a CPU.

    python docs/examples/q_learning.py

A network of `haiku_core`, losses of `rlax_core`, an optimizer of optax. 64 games are
played at once with an ε-greedy policy; after each round of play the network learns from
the transitions, bootstrapping from a copy of itself that is renewed now and then.
"""

import argparse
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

import catch
import haiku_core as hk
import rlax_core as rlax

GAMES, STEPS = 64, 9  # a game takes nine steps
EPSILON, DISCOUNT, LEARNING_RATE, TARGET_PERIOD = 0.1, 0.99, 5e-3, 10

network = hk.without_apply_rng(
    hk.transform(lambda board: hk.nets.MLP([64, catch.ACTIONS])(hk.Flatten()(board)))
)
optimizer = optax.adam(LEARNING_RATE)


class State(NamedTuple):
    """All that changes while learning."""

    params: hk.Params
    target_params: hk.Params
    opt_state: optax.OptState
    games: catch.Game
    count: jax.Array


class Transitions(NamedTuple):
    """``[STEPS, GAMES, …]`` what was seen, done and got."""

    observation: jax.Array
    action: jax.Array
    reward: jax.Array
    discount: jax.Array
    next_observation: jax.Array


def initial_state(key: jax.Array) -> State:
    """Fresh parameters and games."""
    params_key, games_key = jax.random.split(key)
    params = network.init(params_key, jnp.zeros((1, catch.ROWS, catch.COLUMNS)))
    games = jax.vmap(catch.start)(jax.random.split(games_key, GAMES))
    return State(params, params, optimizer.init(params), games, jnp.int32(0))


def collect(
    params: hk.Params, games: catch.Game, key: jax.Array
) -> tuple[catch.Game, Transitions]:
    """Plays all games for `STEPS` steps."""

    def step(games: catch.Game, key: jax.Array) -> tuple[catch.Game, Transitions]:
        act_key, *game_keys = jax.random.split(key, GAMES + 1)
        boards = jax.vmap(catch.observe)(games)
        q = network.apply(params, boards)
        actions = rlax.epsilon_greedy(EPSILON).sample(act_key, q)
        games, steps = jax.vmap(catch.play)(games, actions, jnp.stack(game_keys))
        return games, Transitions(
            boards, actions, steps.reward, steps.discount, steps.observation
        )

    return jax.lax.scan(step, games, jax.random.split(key, STEPS))


def loss(
    params: hk.Params, target_params: hk.Params, transitions: Transitions
) -> jax.Array:
    """The mean Huber loss of double Q-learning's errors."""
    flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), transitions)
    errors = jax.vmap(rlax.double_q_learning)(
        network.apply(params, flat.observation),
        flat.action,
        flat.reward,
        DISCOUNT * flat.discount,
        network.apply(target_params, flat.next_observation),
        network.apply(params, flat.next_observation),
    )
    return jnp.mean(rlax.huber_loss(errors))


@jax.jit
def learn(state: State, key: jax.Array) -> tuple[State, jax.Array]:
    """One round of play and one update; also the mean result of games that ended."""
    games, transitions = collect(state.params, state.games, key)
    gradients = jax.grad(loss)(state.params, state.target_params, transitions)
    updates, opt_state = optimizer.update(gradients, state.opt_state)
    params = optax.apply_updates(state.params, updates)
    count = state.count + 1
    target = rlax.periodic_update(params, state.target_params, count, TARGET_PERIOD)
    ended = jnp.maximum(jnp.sum(transitions.discount == 0), 1)
    result = jnp.sum(transitions.reward) / ended
    return State(params, target, opt_state, games, count), result


@jax.jit
def evaluate(params: hk.Params, key: jax.Array) -> jax.Array:
    """The share of 512 games caught, playing greedily."""

    def caught(key: jax.Array) -> jax.Array:
        def step(game: catch.Game, key: jax.Array) -> tuple[catch.Game, jax.Array]:
            q = network.apply(params, catch.observe(game)[None])[0]
            game, after = catch.play(game, jnp.argmax(q), key)
            return game, after.reward

        keys = jax.random.split(key, STEPS)
        return jax.lax.scan(step, catch.start(key), keys)[1].sum() > 0

    return jnp.mean(jax.vmap(caught)(jax.random.split(key, 512)))


def train(seed: int = 0, rounds: int = 600, log_every: int = 0) -> float:
    """Learns for so many rounds; returns the share of games caught afterwards."""
    key, start_key = jax.random.split(jax.random.key(seed))
    state = initial_state(start_key)
    for number in range(1, rounds + 1):
        key, round_key = jax.random.split(key)
        state, result = learn(state, round_key)
        if log_every and number % log_every == 0:
            print(f"round {number:4}: mean result {float(result):+.2f}")
    return float(evaluate(state.params, key))


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=600)
    arguments = parser.parse_args()
    share = train(arguments.seed, arguments.rounds, log_every=100)
    print(f"caught {share:.1%} of 512 games")


if __name__ == "__main__":
    main()
