"""Random programs, written once and run on either implementation.

A program is plain data: a list of statements, each a tuple. :func:`function` makes a
function of an array from it, on the implementation given.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Statement = tuple[Any, ...]

_NAMES = (None, None, None, "a", "b", "a_1", "linear", "linear_1", "x_0", "net")
_METHODS = ("__call__", "encode", "decode")
_SCOPES = ("s", "s/t", "a", "net", "s_1")


def statements(rng: random.Random, depth: int, in_method: bool) -> list[Statement]:
    """A method's or a function's body; deeper ones have fewer statements."""
    kinds = ["linear", "param", "state", "key", "again", "scope", "maybe_key"]
    if depth:
        kinds += ["module", "module", "scope", "forced", "deferred"]
    if in_method:
        kinds += ["self"]
    body = []
    for _ in range(rng.randint(1, 3 + depth)):
        kind = rng.choice(kinds)
        name = rng.choice(_NAMES)
        if kind == "module":
            methods = {
                method: (rng.choice([None, None, "__call__", "encode"]), inside)
                for method in _METHODS
                for inside in [statements(rng, depth - 1, True)]
            }
            constructor = statements(rng, depth - 1, False)
            used = rng.choices(_METHODS, k=rng.randint(1, 3))
            body.append((kind, name, constructor, methods, used))
        elif kind == "scope":
            inside = statements(rng, depth - 1, False) if depth else [("param", "p")]
            body.append((kind, rng.choice(_SCOPES), inside, rng.choice(_METHODS)))
        elif kind == "forced":
            body.append((kind, rng.choice(["f", "f/~/g", "net/a"])))
        elif kind in ("param", "state"):
            body.append((kind, rng.choice("pqr")))
        else:
            body.append((kind, name))
    return body


def function(hk: Any, body: list[Statement]) -> Callable[[Any], Any]:
    """The program as a function of an array ``[n, 2]``; it returns one alike."""

    class Linear(hk.Module):
        def __call__(self, x: Any) -> Any:
            def normal(shape: Any, dtype: Any) -> Any:
                return jax.random.normal(hk.next_rng_key(), shape, dtype)

            w = hk.get_parameter("w", (2, 2), x.dtype, init=normal)
            b = hk.get_parameter("b", (2,), init=jnp.zeros)
            return x @ w + b

    class Net(hk.Module):
        def __init__(self, constructor: Any, body: Any, name: str | None = None):
            super().__init__(name)
            self.body = body
            self.offset = run(constructor, jnp.ones((1, 2)), None)

        def __call__(self, x: Any) -> Any:
            return run(self.body["__call__"][1], x, self) + self.offset

        def encode(self, x: Any) -> Any:
            return run(self.body["encode"][1], x, self)

        def decode(self, x: Any) -> Any:
            return run(self.body["decode"][1], x, self)

    def named_like(others: dict[str, str]) -> type:
        """A class some of whose methods name things as other methods do."""
        if not others:
            return Net

        def alike(method: str, other: str) -> Any:
            def call(self: Any, x: Any) -> Any:
                return run(self.body[method][1], x, self)

            return hk.name_like(other)(call)

        return type("Net", (Net,), {m: alike(m, other) for m, other in others.items()})

    made: list[Any] = []
    active: list[Any] = []  # Modules whose methods run: calling them again never ends.

    def run(body: list[Statement], x: Any, me: Any) -> Any:
        if me is not None:
            active.append(me)
        try:
            return run_all(body, x, me)
        finally:
            if me is not None:
                active.pop()

    def run_all(body: list[Statement], x: Any, me: Any) -> Any:
        for statement in body:
            try:
                x = step(statement, x, me)
            except ValueError as error:
                if "not unique" not in str(error):
                    raise
                x = x + 0.5  # A name in use: both have to find that.
        return x

    def step(statement: Statement, x: Any, me: Any) -> Any:
        kind, name, *rest = statement
        if kind == "linear":
            made.append(Linear(name=name))
            return made[-1](x)
        if kind == "forced":
            return Linear(name=hk.force_name(name))(x)
        if kind == "deferred":
            made.append(hk.Deferred(lambda: Linear(name=name)))
            return x
        if kind == "param":
            return x * hk.get_parameter(name, (2,), init=jnp.ones)
        if kind == "state":
            count = hk.get_state(name, (), init=jnp.zeros)
            hk.set_state(name, count + 1)
            return x + count
        if kind == "key":
            return x + jax.random.uniform(hk.next_rng_key(), (2,))
        if kind == "maybe_key":
            key = hk.maybe_next_rng_key()
            return x if key is None else x + jax.random.uniform(key, (2,))
        if kind == "again":
            idle = [m for m in made if not any(m is other for other in active)]
            return idle[len(idle) // 2](x) if idle else x
        if kind == "self":
            return x + len(me.params_dict()) + len(me.state_dict())
        if kind == "scope":
            inside, method = rest
            with hk.name_scope(name, method_name=method):
                return run(inside, x, me)
        constructor, methods, used = rest
        cls = named_like({m: other for m, (other, _) in methods.items() if other})
        net = cls(constructor, methods, name=name)
        made.append(net)
        for method in used:
            x = getattr(net, method)(x)
        return x

    def program(x: Any) -> Any:
        made.clear()
        return run(body, x, None)

    return program
