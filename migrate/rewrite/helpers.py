"""`_tf_ops.py`: the bodies of ops that no single expression can stand for.

A rewritten file calls `_tf_ops.<function>`; the file made here defines it, in the
user's own tree, from the very source that the dictionary holds: signature without
annotations, arguments taken in as arrays, then the body word for word, with the plain
functions and constants of its file that it uses, and 64-bit dtypes narrowed.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import hashlib
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Iterable

from compat import dictionary
from compat.dictionary import Dtype, Entry, Ignored, Shape, Static, T, Ts
from migrate.errors import UserError
from migrate.rewrite import support
from migrate.rewrite.narrowing import NARROWED, narrowed

NAME = "_tf_ops"
_WIDTH = 88
_HEAD = (
    "Operations of TensorFlow on JAX, written by sonnet2haiku for the files beside it."
)
_OPS = re.compile(r"^# ops: (.*(?:\n#   .*)*)$", re.MULTILINE)
_DIGEST = re.compile(r"^# content: ([0-9a-f]+)$", re.MULTILINE)
_IMPORTS = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "lax": "from jax import lax",
    "np": "import numpy as np",
}
_THEIRS = {
    "import haiku_core as hk": "import haiku as hk",
    "import rlax_core as rlax": "import rlax",
}


def function_name(entry: Entry) -> str:
    """The name of an op's function in `_tf_ops`.

    `reduce_mean` of `tf.reduce_mean`, `image_transpose` of `tf.image.transpose`,
    `trfl_qlearning` of `trfl.qlearning`, `tensor_add` of the method `Tensor.__add__`,
    `range_` of `tf.range`: other bodies in the file mean Python's own `range`.
    """
    parts = [part.strip("_").lower() for part in entry.name.split(".")]
    if parts[0] == "tf":
        parts = parts[2:] if parts[1] in ("math", "nn") else parts[1:]
    name = "_".join(parts)
    return f"{name}_" if hasattr(builtins, name) else name


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
    body = _Writer(wanted, haiku).text()
    return (
        f'"""{_HEAD}"""\n'
        f"# Made again, with what further files need, by the next run.\n"
        f"{_listed(wanted)}\n"
        f"# content: {_digest(body)}\n\n{body}"
    )


def _listed(names: set[str]) -> str:
    return textwrap.fill(
        " ".join(sorted(names)),
        _WIDTH,
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


@dataclasses.dataclass(frozen=True)
class _File:
    """One of our source files: its text and what it defines at the top level."""

    module: types.ModuleType
    lines: tuple[bytes, ...]
    defined: dict[str, ast.stmt]
    imports: dict[str, str]  # local name → import statement

    @classmethod
    @functools.cache
    def of(cls, module: types.ModuleType) -> _File:
        source = inspect.getsource(module)
        defined: dict[str, ast.stmt] = {}
        imports: dict[str, str] = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                # Spellings are all called `_`, and nobody calls them.
                defined[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = (
                    node.targets if isinstance(node, ast.Assign) else [node.target]
                )
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            defined[name.id] = node
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    one = type(node)(**{**vars(node), "names": [alias]})
                    local = alias.asname or alias.name.partition(".")[0]
                    imports[local] = ast.unparse(one)
        return cls(module, tuple(source.encode().splitlines(True)), defined, imports)

    @property
    def short(self) -> str:
        return self.module.__name__.rpartition(".")[2]


class CantWriteOut(Exception):
    """A body leans on something that a user's tree does not have."""


class _Writer:
    """Collects the pieces of one generated file."""

    def __init__(self, wanted: set[str], haiku: str):
        self._haiku = haiku
        self._imports: set[str] = set()
        # (module, name there) → ((section, module, line, is constant, name), text)
        self._pieces: dict[tuple[str, str], tuple[tuple, str]] = {}
        self._names: dict[str, str] = {}  # name in the file → module it comes from
        self._entries = {e.fn: e for e in map(dictionary.find, wanted)}
        for entry in sorted(self._entries.values(), key=function_name):
            self.entry(entry)

    def text(self) -> str:
        imports = sorted(self._imports, key=_import_order)
        parts = []
        for group in (0, 1):
            lines = [i for i in imports if _import_order(i)[0] == group]
            if lines:
                parts.append("\n".join(lines) + "\n")
        out = ["\n".join(parts)]
        before = None
        for (*_, constant, _), text in sorted(self._pieces.values()):
            gap = "\n" if constant and before in (None, True) else "\n\n"
            out.append((gap if before is not True or not constant else "") + text)
            before = constant
        return "".join(out)

    # ------------------------------------------------------------------------ pieces
    def entry(self, entry: Entry) -> str:
        """Adds an op's function; its name."""
        file = _File.of(sys.modules[entry.fn.__module__])
        node = file.defined.get(entry.fn.__name__)
        if not isinstance(node, ast.FunctionDef):
            raise CantWriteOut(f"{entry.name}: its body is no function of its file")
        name = function_name(entry)
        key = (file.module.__name__, entry.fn.__name__)
        if key in self._pieces:
            return name
        self._take(name, file)
        self._pieces[key] = ((2, "", 0, False, name), "")  # in case it calls itself
        renames = self._lean(file, node, entry.fn.__name__)
        renames.pop(entry.fn.__name__, None)
        intake = self._intake(entry)
        text = self._function(
            file, node, name, _parameters(entry, node), intake, renames
        )
        self._pieces[key] = ((2, "", 0, False, name), text)
        return name

    def plain(self, file: _File, name: str) -> str:
        """Adds a plain function or constant of a file; its name."""
        node = file.defined[name]
        entry = getattr(file.module, name, None)
        if isinstance(entry, Entry):
            return self.entry(entry)
        key = (file.module.__name__, name)
        if key in self._pieces:
            return self._pieces[key][0][4]
        new = name
        if self._names.get(name, file.module.__name__) != file.module.__name__:
            new = f"{name}_{file.short}"
        self._take(new, file)
        is_constant = not isinstance(node, ast.FunctionDef | ast.ClassDef)
        order = (
            0 if file.module is support else 1,
            file.module.__name__,
            node.lineno,
            is_constant,
            new,
        )
        self._pieces[key] = (order, "")
        renames = self._lean(file, node, name)
        renames[name] = new
        if isinstance(node, ast.FunctionDef):
            parameters = _unannotated(node.args)
            text = self._function(file, node, new, parameters, [], renames)
        else:
            text = self._source(file, node, _first_line(node), renames)
        self._pieces[key] = (order, text)
        return new

    def _take(self, name: str, file: _File) -> None:
        other = self._names.setdefault(name, file.module.__name__)
        if other != file.module.__name__:
            raise CantWriteOut(f"two files define {name}: {other}, {file.short}")

    def _lean(self, file: _File, node: ast.stmt, own: str) -> dict[str, str]:
        """Adds what a definition uses; how the names it uses are called here."""
        renames: dict[str, str] = {}
        local = _bound_inside(node)
        for part in _meant(node, isinstance(getattr(file.module, own, None), Entry)):
            for name in ast.walk(part):
                if not isinstance(name, ast.Name) or name.id in local:
                    continue
                if name.id in file.defined and name.id != own:
                    renames[name.id] = self.plain(file, name.id)
                elif name.id in file.imports:
                    new = self._import(file, name.id)
                    if new is not None:
                        renames[name.id] = new
        return renames

    def _import(self, file: _File, name: str) -> str | None:
        """Adds an import; of a piece of ours the piece itself, whose name it gives."""
        line = _IMPORTS.get(name, file.imports[name])
        ours = re.match(r"from (compat\.\w+\._src\.\w+) import (\w+)", line)
        if ours:
            return self.plain(_File.of(sys.modules[ours[1]]), ours[2])
        if re.match(r"(from|import) (compat|migrate)\b", line):
            raise CantWriteOut(f"{file.module.__name__} leans on {line!r}")
        if self._haiku == "haiku":
            line = _THEIRS.get(line, line)
        self._imports.add(line)
        return None

    # -------------------------------------------------------------------------- text
    def _function(
        self,
        file: _File,
        node: ast.FunctionDef,
        name: str,
        parameters: ast.arguments,
        intake: list[str],
        renames: dict[str, str],
    ) -> str:
        decorators = ""
        if not isinstance(getattr(file.module, node.name, None), Entry):
            for decorator in node.decorator_list:
                decorators += f"@{ast.unparse(decorator)}\n"
        body = node.body
        text = decorators + _signature(name, parameters)
        if ast.get_docstring(node, clean=False) is not None:
            text += self._source(file, body[0], body[0].lineno, {})
            body = body[1:]
        text += "".join(f"    {line}\n" for line in intake)
        if body:
            if intake and isinstance(body[0], ast.FunctionDef):
                text += "\n"
            last = ast.Module(body, [])
            last.end_lineno = node.end_lineno
            text += self._source(file, last, _first_line(body[0]), renames)
        return text

    def _source(
        self, file: _File, node: ast.AST, first: int, renames: dict[str, str]
    ) -> str:
        """The lines of a node, names changed and dtypes narrowed."""
        edits = []
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and renames.get(part.id, part.id) != part.id:
                edits.append((part.lineno, part.col_offset, part.id, renames[part.id]))
            elif (
                isinstance(part, ast.Attribute)
                and part.attr in NARROWED
                and isinstance(part.value, ast.Name)
                and part.value.id == "jnp"
            ):
                start = part.end_col_offset - len(part.attr)
                new = NARROWED[part.attr]
                edits.append((part.end_lineno, start, part.attr, new))
        lines = list(file.lines[first - 1 : node.end_lineno])
        for line, column, old, new in sorted(edits, reverse=True):
            at = line - first
            text = lines[at]
            lines[at] = text[:column] + new.encode() + text[column + len(old) :]
        return b"".join(lines).decode()

    def _intake(self, entry: Entry) -> list[str]:
        """Lines that turn the arguments of a legacy call into what the body expects."""
        lines = []
        alike = [
            name
            for name in entry.same
            if entry.kinds.get(name) is T and _is_single(entry, name)
        ]
        if len(alike) > 1:
            listed = ", ".join(alike)
            lines.append(f"{listed} = {self._support('_alike')}({listed})")
        else:
            alike = []
        for name, kind in entry.kinds.items():
            function = _TAKES.get(kind)
            default = entry.signature.parameters[name].default
            if function is None or name in alike:
                continue
            if kind is Static and isinstance(default, bool | str):
                continue
            if kind is T and not _is_single(entry, name):
                lines.append(f"{name} = [{self._support('_array')}(v) for v in {name}]")
                continue
            lines.append(f"{name} = {self._support(function)}({name})")
        return lines

    def _support(self, name: str) -> str:
        return self.plain(_File.of(support), name)


_TAKES = {
    T: "_array",
    Ts: "_arrays",
    Static: "_static",
    Shape: "_shape",
    Dtype: "_dtype",
}


def _is_single(entry: Entry, name: str) -> bool:
    kind = entry.signature.parameters[name].kind
    return kind not in (kind.VAR_POSITIONAL, kind.VAR_KEYWORD)


def _import_order(line: str) -> tuple[int, bool, str]:
    top = re.split(r"[ .]", line)[1]
    group = 0 if top in sys.stdlib_module_names else 1
    return group, line.startswith("from"), line


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", None)
    return decorators[0].lineno if decorators else node.lineno


def _meant(node: ast.stmt, is_entry: bool) -> list[ast.AST]:
    """The parts of a definition that are written out."""
    if isinstance(node, ast.FunctionDef):
        defaults = [d for d in [*node.args.defaults, *node.args.kw_defaults] if d]
        decorators = [] if is_entry else node.decorator_list
        return [*node.body, *defaults, *decorators]
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    return [node]


def _bound_inside(node: ast.stmt) -> set[str]:
    """Names that are local to a definition, so do not refer to its file."""
    if not isinstance(node, ast.FunctionDef):
        return set()
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            names.add(part.arg)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        elif isinstance(part, ast.FunctionDef) and part is not node:
            names.add(part.name)
    return names


def _unannotated(arguments: ast.arguments) -> ast.arguments:
    copy = ast.parse(f"def f({ast.unparse(arguments)}): pass").body[0].args
    for argument in ast.walk(copy):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return copy


def _parameters(entry: Entry, node: ast.FunctionDef) -> ast.arguments:
    """The parameters of an op without those at the end that change nothing."""
    arguments = _unannotated(node.args)
    used = {
        n.id for part in node.body for n in ast.walk(part) if isinstance(n, ast.Name)
    }
    if arguments.vararg is None:
        plain = arguments.args
        while plain and entry.kinds.get(plain[-1].arg) is Ignored:
            if plain[-1].arg in used:
                break
            if arguments.defaults:
                arguments.defaults.pop()
            plain.pop()
    for i in reversed(range(len(arguments.kwonlyargs))):
        name = arguments.kwonlyargs[i].arg
        if entry.kinds.get(name) is Ignored and name not in used:
            del arguments.kwonlyargs[i], arguments.kw_defaults[i]
    return arguments


def _signature(name: str, parameters: ast.arguments) -> str:
    """The `def` line, over several lines where it is long."""
    listed = _quoted(parameters)
    line = f"def {name}({listed}):\n"
    if len(line) <= _WIDTH + 1:
        return line
    if len(f"    {listed}") <= _WIDTH:
        return f"def {name}(\n    {listed}\n):\n"
    return (
        f"def {name}(\n" + "".join(f"    {p},\n" for p in _split(parameters)) + "):\n"
    )


def _quoted(parameters: ast.arguments) -> str:
    """The parameters as text, in double quotes, defaults narrowed."""
    text = re.sub(r"'([^'\"\\]*)'", r'"\1"', ast.unparse(parameters))
    return re.sub(r"\bjnp\.(\w+)", lambda m: f"jnp.{narrowed(m[1])}", text)


def _split(parameters: ast.arguments) -> list[str]:
    text, parts, depth, start = _quoted(parameters), [], 0, 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]
