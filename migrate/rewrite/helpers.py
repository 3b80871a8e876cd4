"""`_tf_ops.py`: the bodies of ops that no single expression can stand for.

A rewritten file calls `_tf_ops.<function>`; the file made here defines it, in the
user's own tree, from the very source that the dictionary holds: signature without
annotations, arguments taken in as arrays, then the body word for word, with the plain
functions and constants of its file that it uses, and 64-bit dtypes narrowed.
"""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
from collections.abc import Iterable

from compat import dictionary
from migrate.errors import UserError
from migrate.rewrite.signatures import WIDTH
from migrate.rewrite.written_out import Writer

NAME = "_tf_ops"
_HEAD = (
    "Operations of TensorFlow on JAX, written by sonnet2haiku for the files beside it."
)
_OPS = re.compile(r"^# ops: (.*(?:\n#   .*)*)$", re.MULTILINE)
_DIGEST = re.compile(r"^# content: ([0-9a-f]+)$", re.MULTILINE)


def generate(
    names: Iterable[str],
    existing: str | None = None,
    path: str = "",
    haiku: str = "haiku_core",
) -> str:
    """The text of `_tf_ops.py` with the ops named, and those already in it.

    Args:
      names: names of dictionary entries of outcome 'op'.
      existing: the text of the file that is there, if any.
      path: of that file, for messages.
      haiku: the package that the results are written against.

    Raises:
      UserError: the existing file was not made here, or was changed by hand.
    """
    wanted = {dictionary.find(name).name for name in names}
    if existing is not None:
        wanted |= _ops_of(existing, path or f"{NAME}.py")
    body = Writer(wanted, haiku).text()
    return (
        f'"""{_HEAD}"""\n'
        f"# Made again, with what further files need, by the next run.\n"
        f"{_listed(wanted)}\n"
        f"# content: {_digest(body)}\n\n{body}"
    )


def _listed(names: set[str]) -> str:
    return textwrap.fill(
        " ".join(sorted(names)),
        WIDTH,
        initial_indent="# ops: ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _digest(text: str) -> str:
    """Of what a text says, however it is formatted."""
    dumped = ast.dump(ast.parse(text))
    return hashlib.sha256(dumped.encode()).hexdigest()[:16]


def _ops_of(text: str, path: str) -> set[str]:
    ops, content = _OPS.search(text), _DIGEST.search(text)
    advice = "move it away, or give another package with --vendor"
    if ops is None or content is None:
        raise UserError(f"{path}: is there already and was not made here", advice)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UserError(f"{path}: is no Python any more", advice) from error
    del tree.body[0]  # the docstring
    if _digest(ast.unparse(tree)) != content[1]:
        raise UserError(
            f"{path}: was changed by hand since it was made here",
            "move your changes into a file of another name",
        )
    found = set()
    for name in ops[1].replace("#", "").split():
        entry = dictionary.find(name)
        if entry is None or entry.outcome != "op":
            raise UserError(f"{path}: made by another version, holds {name}", advice)
        found.add(entry.name)
    return found
