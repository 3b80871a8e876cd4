"""Learns to play Catch by an advantage actor-critic, in a few seconds on a CPU.

    python docs/examples/actor_critic.py

A network of `haiku_core` with a policy and a value, losses of `rlax_core`, an optimizer
of optax. 64 games are played at once; after each round of play the value learns
λ-returns and the policy the advantages over it.
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
DISCOUNT, LAMBDA, ENTROPY_COST, LEARNING_RATE = 0.99, 0.95, 0.01, 5e-3


@hk.without_apply_rng
@hk.transform
def network(board: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Logits ``[B, ACTIONS]`` and values ``[B]`` of boards ``[B, ROWS, COLUMNS]``."""
    torso = hk.nets.MLP([64], activate_final=True)(hk.Flatten()(board))
    return hk.Linear(catch.ACTIONS)(torso), hk.Linear(1)(torso)[:, 0]


optimizer = optax.adam(LEARNING_RATE)


class State(NamedTuple):
    """All that changes while learning."""

    params: hk.Params
    opt_state: optax.OptState
    games: catch.Game


class Steps(NamedTuple):
    """``[STEPS, GAMES, …]`` what was seen, done and got."""

    observation: jax.Array
    action: jax.Array
    reward: jax.Array
    discount: jax.Array


def initial_state(key: jax.Array) -> State:
    """Fresh parameters and games."""
    params_key, games_key = jax.random.split(key)
    params = network.init(params_key, jnp.zeros((1, catch.ROWS, catch.COLUMNS)))
    games = jax.vmap(catch.start)(jax.random.split(games_key, GAMES))
    return State(params, optimizer.init(params), games)


def collect(
    params: hk.Params, games: catch.Game, key: jax.Array
) -> tuple[catch.Game, Steps]:
    """Plays all games for `STEPS` steps, by the policy."""

    def step(games: catch.Game, key: jax.Array) -> tuple[catch.Game, Steps]:
        act_key, *game_keys = jax.random.split(key, GAMES + 1)
        boards = jax.vmap(catch.observe)(games)
        logits, _ = network.apply(params, boards)
        actions = rlax.softmax().sample(act_key, logits)
        games, after = jax.vmap(catch.play)(games, actions, jnp.stack(game_keys))
        return games, Steps(boards, actions, after.reward, after.discount)

    return jax.lax.scan(step, games, jax.random.split(key, STEPS))


def loss(params: hk.Params, steps: Steps, last_observation: jax.Array) -> jax.Array:
    """The losses of actor, critic and entropy, averaged over the games."""

    def of_game(steps: Steps, last_observation: jax.Array) -> jax.Array:
        boards = jnp.concatenate([steps.observation, last_observation[None]])
        logits, values = network.apply(params, boards)
        errors = rlax.td_lambda(
            values[:-1], steps.reward, DISCOUNT * steps.discount, values[1:], LAMBDA
        )
        weights = jnp.ones_like(steps.reward)
        policy = rlax.policy_gradient_loss(logits[:-1], steps.action, errors, weights)
        entropy = rlax.entropy_loss(logits[:-1], weights)
        return policy + jnp.mean(rlax.l2_loss(errors)) + ENTROPY_COST * entropy

    return jnp.mean(jax.vmap(of_game, in_axes=(1, 0))(steps, last_observation))


@jax.jit
def learn(state: State, key: jax.Array) -> tuple[State, jax.Array]:
    """One round of play and one update; also the mean result of games that ended."""
    games, steps = collect(state.params, state.games, key)
    last = jax.vmap(catch.observe)(games)
    gradients = jax.grad(loss)(state.params, steps, last)
    updates, opt_state = optimizer.update(gradients, state.opt_state)
    ended = jnp.maximum(jnp.sum(steps.discount == 0), 1)
    params = optax.apply_updates(state.params, updates)
    return State(params, opt_state, games), jnp.sum(steps.reward) / ended


def train(seed: int = 0, rounds: int = 300, log_every: int = 0) -> float:
    """Learns for so many rounds; returns the mean result of the last ten."""
    key, start_key = jax.random.split(jax.random.key(seed))
    state = initial_state(start_key)
    results = []
    for number in range(1, rounds + 1):
        key, round_key = jax.random.split(key)
        state, result = learn(state, round_key)
        results.append(result)
        if log_every and number % log_every == 0:
            print(f"round {number:4}: mean result {float(result):+.2f}")
    return float(jnp.mean(jnp.stack(results[-10:])))


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    result = train(arguments.seed, arguments.rounds, log_every=50)
    print(f"mean result of the last ten rounds: {result:+.2f}")


if __name__ == "__main__":
    main()
