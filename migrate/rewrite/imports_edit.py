"""Mending imports: what is no longer used goes, what is newly used comes."""

from __future__ import annotations

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.analysis.imports import (
    LEGACY,
    canonical,
    from_module,
    namespace_aliases,
)
from migrate.rewrite import build

_LINES = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "lax": "from jax import lax",
    "np": "import numpy as np",
    "optax": "import optax",
}


def _line(rw, alias: str) -> str:
    options = rw.options
    if alias == "hk":
        return f"import {options.haiku} as hk"
    if alias == "rlax":
        package = "rlax_core" if options.haiku == "haiku_core" else "rlax"
        return f"import {package} as rlax"
    if alias == "objects":
        if options.haiku == "haiku_core":
            return "from haiku_core import objects"
        if options.package:
            return f"from {options.package} import _hk_objects as objects"
        return "import _hk_objects as objects"
    if alias in ("_tf_ops", "_hk_sonnet"):
        if options.package:
            return f"from {options.package} import {alias}"
        return f"import {alias}"
    return _LINES[alias]


def unknown_stars(module: cst.Module) -> list[tuple[cst.CSTNode, str]]:
    """Statements like `from tensorflow import *`, whose names nobody can tell."""
    found = []
    for statement in module.body:
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        for small in statement.body:
            if isinstance(small, cst.ImportFrom) and isinstance(
                small.names, cst.ImportStar
            ):
                name = canonical(from_module(small, ""))
                if name.partition(".")[0] in ("tf", "trfl"):
                    found.append((statement, name))
    return found


def _mark_stars(rw, module: cst.Module) -> cst.Module:
    marked = {}
    for statement, name in unknown_stars(module):
        message = f"which names of {name} this file uses cannot be told"
        advice = "import them by name, and run this again"
        rw.note(statement, "S2H901", results.MANUAL, name, message, advice, False)
        marked[id(statement)] = rw.marked(statement, "S2H901", f"{message} — {advice}")
    body = [marked.get(id(s), s) for s in module.body]
    return module.with_changes(body=body) if marked else module


def mend(rw, module: cst.Module) -> cst.Module:
    """The module with its imports as its code now needs them."""
    module = _mark_stars(rw, module)
    module = _without_aliases(rw, module)
    used = _used_names(module)
    body, first, group_gone = _prune(rw, list(module.body), used)
    present = _bound_at_top(body)
    needed = []
    for alias in sorted(rw.aliases):
        if alias in used and present.get(alias) != _target(_line(rw, alias)):
            needed.append(_line(rw, alias))
    if needed:
        body = _insert(body, needed, first, group_gone)
    return module.with_changes(body=body)


def _without_aliases(rw, module: cst.Module) -> cst.Module:
    """Leaves out `tfn = tf.nn` where nothing reads the name any more."""
    aliases = {
        id(s): [t for t, _ in namespace_aliases(s, rw.imports.names)]
        for s in module.body
    }
    if not any(aliases.values()):
        return module
    others = module.with_changes(body=[s for s in module.body if not aliases[id(s)]])
    used = _used_names(others)
    body = []
    for statement in module.body:
        names = aliases[id(statement)]
        if names and not used.intersection(names):
            continue
        body.append(_mark_alias(rw, statement) if names else statement)
    return module.with_changes(body=body)


def _mark_alias(rw, statement):
    """Says of a legacy namespace's other name that it is still in use."""
    value = statement.body[0].value
    name = rw.kinds.legacy(value, rw.kinds.top) or trees.code(value)
    if name.partition(".")[0] not in LEGACY:
        return statement  # TensorFlow Probability goes on under this name
    message = f"names of {name} are still used below"
    rw.note(statement, "S2H902", results.MANUAL, name, message, "", False)
    return rw.marked(statement, "S2H902", message)


def _used_names(module: cst.Module) -> set[str]:
    """Names read anywhere outside import statements, quoted annotations included."""
    found: set[str] = set()
    stack = list(module.body)
    while stack:
        node = stack.pop()
        cls = type(node)
        if cls is cst.Import or cls is cst.ImportFrom:
            continue
        if cls is cst.Name:
            found.add(node.value)
        elif cls is cst.Attribute or cls is cst.Arg:
            stack.append(node.value)
        elif cls is cst.Annotation:
            for inner in trees.walk(node):
                if isinstance(inner, cst.SimpleString):
                    found |= _names_in(inner.value.strip("'\""))
            stack.append(node.annotation)
        elif cls is cst.Assign:
            for target in node.targets:
                if trees.dotted(target.target) == "__all__":
                    for inner in trees.walk(node.value):
                        if isinstance(inner, cst.SimpleString):
                            found.add(inner.raw_value)
            stack.extend(trees.children(node))
        else:
            stack.extend(trees.children(node))
    return found


def _names_in(text: str) -> set[str]:
    return {
        part for part in text.replace("[", ".").replace("]", ".").split(".") if part
    }


def _prune(rw, body, used):
    """Leaves out legacy imports that nothing reads any more."""
    out = []
    first = None
    group_gone = False  # a whole group of imports, set off by a blank line, went
    carried: list[cst.EmptyLine] = []  # above imports that are gone
    for statement in body:
        if carried:
            lines = list(statement.leading_lines)
            if not _is_import(statement):
                group_gone |= any(line.comment is None for line in carried)
                carried = [line for line in carried if line.comment]
            if any(line.comment is None for line in carried):
                while lines and lines[0].comment is None:
                    lines.pop(0)
            statement = statement.with_changes(leading_lines=[*carried, *lines])
            carried = []
        if not isinstance(statement, cst.SimpleStatementLine) or not any(
            isinstance(s, cst.Import | cst.ImportFrom) for s in statement.body
        ):
            inner = _prune_inside(rw, statement, used)
            out.append(inner)
            continue
        small = []
        for part in statement.body:
            kept = _keep(rw, part, used)
            if kept is not None:
                small.append(kept)
        if not small:
            if first is None:
                first = len(out)
            carried = [*carried, *statement.leading_lines]
            continue
        if len(small) != len(statement.body) or any(
            a is not b for a, b in zip(small, statement.body, strict=True)
        ):
            if first is None:
                first = len(out)
            small[-1] = small[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            statement = statement.with_changes(body=small)
        out.append(statement)
    return out, first, group_gone


def _prune_inside(rw, statement, used):
    """Imports inside functions and `try` blocks."""

    def change(child, parent, field):
        if isinstance(child, cst.IndentedBlock):
            body = []
            for inner in child.body:
                if isinstance(inner, cst.SimpleStatementLine) and any(
                    isinstance(s, cst.Import | cst.ImportFrom) for s in inner.body
                ):
                    small = [k for k in (_keep(rw, s, used) for s in inner.body) if k]
                    if not small:
                        continue
                    if any(a is not b for a, b in zip(small, inner.body, strict=False)):
                        inner = inner.with_changes(body=small)
                    body.append(inner)
                else:
                    body.append(trees.rebuild(inner, change))
            if not body:
                body = [cst.SimpleStatementLine([cst.Pass()])]
            if len(body) == len(child.body) and all(
                a is b for a, b in zip(body, child.body, strict=True)
            ):
                return child
            return child.with_changes(body=body)
        if isinstance(child, cst.BaseExpression | cst.BaseSmallStatement):
            return child
        return trees.rebuild(child, change)

    if isinstance(statement, cst.SimpleStatementLine):
        return statement
    return trees.rebuild(statement, change)


def _star_in_use(rw, name: str) -> bool:
    """Whether a star import stays: of another package, or for names that are left."""
    if name.partition(".")[0] != "snt":
        return True
    return any(
        f.safety == results.MANUAL and f.name.startswith(f"{name}.")
        for f in rw.findings
    )


def _keep(rw, node, used):
    """An import statement without its unused legacy names; None where none is left."""
    if not isinstance(node, cst.Import | cst.ImportFrom):
        return node
    base = from_module(node, "") if isinstance(node, cst.ImportFrom) else ""
    if isinstance(node.names, cst.ImportStar):
        return node if _star_in_use(rw, canonical(base)) else None
    kept = []
    for alias, local in zip(node.names, trees.imported_names(node), strict=True):
        full = trees.dotted(alias.name)
        full = f"{base}.{full}" if base else full
        legacy = canonical(full).partition(".")[0] in LEGACY
        if legacy and local not in used:
            continue
        if legacy and local in used and isinstance(node, cst.Import):
            first = full.partition(".")[0]
            if alias.asname is None and first not in used:
                continue
        kept.append(alias)
    if len(kept) == len(node.names):
        return _on_jax(rw, node)
    if not kept:
        return None
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return node.with_changes(names=kept)


_TFP = "tensorflow_probability"


def _on_jax(rw, node):
    """TensorFlow Probability's import as that of its JAX half: the names are alike."""
    if isinstance(node, cst.Import):
        (alias, *others) = node.names
        if others or trees.dotted(alias.name) != _TFP or alias.asname is None:
            return node
        text = f"from {_TFP}.substrates import jax as {alias.asname.name.value}"
    else:
        module = trees.dotted(node.module) if node.module is not None else ""
        inside = module == _TFP or module.startswith(f"{_TFP}.")
        if node.relative or not inside or ".substrates" in module:
            return node
        rest = module.removeprefix(_TFP)
        new = build.name(f"{_TFP}.substrates.jax{rest}")
        _note_tfp(rw, node)
        return node.with_changes(module=new)
    _note_tfp(rw, node)
    return cst.parse_statement(text).body[0]


def _note_tfp(rw, node):
    rw.note(
        node,
        "S2H401",
        results.ASSUMED,
        "tensorflow_probability",
        "its JAX half has the same names: exact if the ones used here are among them",
    )


def _bound_at_top(body) -> dict[str, str]:
    """Names that imports at the top level bind, with what they stand for."""
    found = {}
    for statement in body:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, cst.Import | cst.ImportFrom):
                    found.update(_targets(small))
    return found


def _targets(node) -> dict[str, str]:
    if isinstance(node.names, cst.ImportStar):
        return {}
    out = {}
    base = from_module(node, "") if isinstance(node, cst.ImportFrom) else None
    for alias, local in zip(node.names, trees.imported_names(node), strict=True):
        full = trees.dotted(alias.name)
        if base is not None:
            out[local] = f"{base}.{full}"
        else:
            out[local] = full if alias.asname else local
    return out


def _target(line: str) -> str:
    statement = cst.parse_statement(line)
    return next(iter(_targets(statement.body[0]).values()))


def _is_import(statement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(s, cst.Import | cst.ImportFrom) for s in statement.body
    )


def _is_future(statement) -> bool:
    return any(
        isinstance(s, cst.ImportFrom) and s.module and s.module.value == "__future__"
        for s in getattr(statement, "body", ())
    )


def _is_docstring(statement) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and len(statement.body) == 1
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(
            statement.body[0].value, cst.SimpleString | cst.ConcatenatedString
        )
    )


def _insert(body, lines, at, own_group):
    """Puts import lines among the imports: each before the first that sorts after."""
    replaces = at is not None  # imports stood there, white space around them fits
    if not replaces:
        at = 0
        while at < len(body) and (_is_docstring(body[at]) or _is_future(body[at])):
            at += 1
    new = [cst.parse_statement(line) for line in lines]
    if own_group and not (at < len(body) and _is_import(body[at])):
        blank = cst.EmptyLine(indent=False)
        new.sort(key=_new_key)
        new[0] = new[0].with_changes(leading_lines=[blank])
        return [*body[:at], *new, *body[at:]]
    # The block of imports around the place, ended by a blank line or other code.
    start = end = at
    while start > 0 and _is_import(body[start - 1]) and not _is_future(body[start - 1]):
        if start < len(body) and _is_import(body[start]) and _gap(body[start]):
            break
        start -= 1
    while (
        end < len(body) and _is_import(body[end]) and (end == at or not _gap(body[end]))
    ):
        end += 1
    block = list(body[start:end])
    if not block and replaces:
        new.sort(key=_new_key)
        return [*body[:at], *new, *body[at:]]
    if not block:
        gap = [cst.EmptyLine(indent=False)]
        if at > 0 or (at < len(body) and _is_docstring(body[0])):
            new[0] = new[0].with_changes(leading_lines=gap)
        if at < len(body) and not _gap(body[at]):
            body[at] = body[at].with_changes(
                leading_lines=[*gap, *body[at].leading_lines]
            )
        return [*body[:at], *new, *body[at:]]
    lead = block[0].leading_lines
    block[0] = block[0].with_changes(leading_lines=[])
    for statement in new:
        key = _sort_key(statement)
        place = 0
        for i, other in enumerate(block):
            if _sort_key(other) <= key:
                place = i + 1
        block.insert(place, statement)
    block[0] = block[0].with_changes(leading_lines=lead)
    return [*body[:start], *block, *body[end:]]


def _gap(statement) -> bool:
    lines = getattr(statement, "leading_lines", ())
    return bool(lines) and lines[0].comment is None


def _new_key(statement) -> tuple[bool, str]:
    """The order in a group of new imports only: `from` lines last."""
    return isinstance(statement.body[0], cst.ImportFrom), _sort_key(statement)


def _sort_key(statement) -> str:
    small = statement.body[0]
    if isinstance(small, cst.ImportFrom):
        base = from_module(small, "")
        names = small.names
        leaf = "" if isinstance(names, cst.ImportStar) else names[0].name.value
        return f"{base}.{leaf}".lower()
    return trees.dotted(small.names[0].name).lower()
