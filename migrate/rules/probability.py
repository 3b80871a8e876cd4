"""TensorFlow Probability on JAX: draws want a key."""

from __future__ import annotations

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.analysis.sorts import DISTRIBUTION
from migrate.rewrite import build


def sample(rw, node, scope):
    """`distribution.sample(…)` without a seed gets a random key for one."""
    func = node.func
    if not (isinstance(func, cst.Attribute) and func.attr.value == "sample"):
        return None
    if any(a.star or (a.keyword and a.keyword.value == "seed") for a in node.args):
        return None
    kind = rw.kind(func.value, scope)
    if kind != DISTRIBUTION:
        # Replay buffers have samples too, but of some size.
        if kind.sort != "unknown" or node.args or not _uses_distributions(rw):
            return None
    new = rw.plain_call(node, scope)
    args = list(new.args)
    if args and not isinstance(args[-1].comma, cst.Comma):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        args[-1] = args[-1].with_changes(comma=comma)
    args.append(build.keyword("seed", rw.random_key(scope)))
    message = "the draw gets a key: other random numbers than before"
    if kind != DISTRIBUTION:
        message += f"; exact if {trees.code(func.value)} is a distribution"
    rw.note(node, "S2H106", results.ASSUMED, "tfp.Distribution.sample", message)
    return new.with_changes(args=args)


def _uses_distributions(rw) -> bool:
    return any("tensorflow_probability" in full for full in rw.imports.names.values())
