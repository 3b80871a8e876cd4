"""Catch, a small game: a ball falls, and a paddle in the last row has to be under it.

The rules are those of bsuite's environment of that name. Written as pure functions, so
that many games can be played at once inside one compiled program.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

ROWS, COLUMNS = 10, 5
ACTIONS = 3  # left, stay, right


class Game(NamedTuple):
    """Where the ball and the paddle are; int32 scalars."""

    ball_x: jax.Array
    ball_y: jax.Array
    paddle_x: jax.Array


class Step(NamedTuple):
    """What an action led to.

    Attributes:
      observation: ``[ROWS, COLUMNS]`` float32, the board: ones for ball and paddle.
      reward: 1 for a catch, -1 for a miss, 0 before that.
      discount: 0 where the game ended, else 1.
    """

    observation: jax.Array
    reward: jax.Array
    discount: jax.Array


def start(key: jax.Array) -> Game:
    """A new game: the ball in the first row at random, the paddle in the middle."""
    column = jax.random.randint(key, (), 0, COLUMNS)
    return Game(column, jnp.int32(0), jnp.int32(COLUMNS // 2))


def observe(game: Game) -> jax.Array:
    """The board."""
    board = jnp.zeros((ROWS, COLUMNS), jnp.float32)
    board = board.at[game.ball_y, game.ball_x].set(1.0)
    return board.at[ROWS - 1, game.paddle_x].set(1.0)


def play(game: Game, action: jax.Array, key: jax.Array) -> tuple[Game, Step]:
    """Plays one action; where that ends the game, a new one starts.

    Args:
      game: the game.
      action: int scalar, 0 for left, 1 for staying, 2 for right.
      key: random key for the new game.

    Returns:
      The game to go on with, and the step. The step's observation is that of the new
      game where one started.
    """
    paddle = jnp.clip(game.paddle_x + action - 1, 0, COLUMNS - 1)
    moved = Game(game.ball_x, game.ball_y + 1, paddle)
    over = moved.ball_y == ROWS - 1
    caught = jnp.where(paddle == moved.ball_x, 1.0, -1.0)
    fresh = start(key)
    onward = jax.tree.map(lambda new, old: jnp.where(over, new, old), fresh, moved)
    reward = jnp.where(over, caught, 0.0)
    return onward, Step(observe(onward), reward, 1.0 - over.astype(jnp.float32))
