"""What one file's rewrite holds, and the small services that rules ask of it."""

from __future__ import annotations

import contextlib

import libcst as cst

from compat import dictionary
from compat.dictionary.kinds import Kind
from migrate import results
from migrate.analysis import trees
from migrate.analysis.imports import Imports
from migrate.analysis.kinds import Kinds
from migrate.analysis.project import View
from migrate.analysis.scopes import Scope
from migrate.results import Finding, Options
from migrate.rewrite import build, positions, written_out

TODO = "# TODO(sonnet2haiku"


class State:
    """The state of one file's rewrite."""

    def __init__(
        self, module: cst.Module, options: Options, project: View, package: str
    ):
        self.module = module
        self.options = options
        self.project = project
        self.imports = Imports.of(module, package, project.exports)
        self.kinds = Kinds(module, self.imports, project)
        self.findings: list[Finding] = []
        self.aliases: set[str] = set()
        self.helpers: set[str] = set()
        self.copies: set[str] = set()
        self.in_factory = 0
        # By the identity of their nodes; see `migrate.rules.compiled` and `pipelines`.
        self.traced: set[int] = set()
        self.uncompiled: dict[int, str] = {}
        self.compile_instead: set[int] = set()
        self.pipelines: set[int] = set()
        self.statements: set[int] = set()  # calls whose result nobody takes
        self.pending: dict[int, tuple[str, str, str, str]] = {}
        self.kept: list[cst.CSTNode] = []  # keeps the identity of nodes made here
        self._taken = _all_names(module)
        self._loops: list[set[str]] = []
        self._todos: list[str] = []
        self._positions = positions.Positions(module)

    # ----------------------------------------------------------------------- notes
    def note(
        self,
        node: cst.CSTNode,
        code: str,
        safety: str,
        name: str,
        message: str,
        suggestion: str = "",
        applied: bool = True,
    ) -> None:
        """Enters a finding; a manual one also leaves a comment above the statement."""
        line, column = self._positions.of(node)
        self.findings.append(
            Finding(line, column, code, safety, name, message, suggestion, applied)
        )
        if safety in (results.MANUAL, results.UNSAFE) and not (
            safety == results.UNSAFE and applied
        ):
            text = f"{TODO} {code}): {message}"
            if suggestion:
                text += f" — {suggestion}"
            text = " ".join(text.split())
            if text not in self._todos:
                self._todos.append(text)

    def marked(self, node: cst.CSTNode, code: str, message: str) -> cst.CSTNode:
        """A statement under the comment that says why it was left."""
        return self.commented(node, node, [f"{TODO} {code}): {message}"])

    def commented(
        self, old: cst.CSTNode, new: cst.CSTNode, todos: list[str]
    ) -> cst.CSTNode:
        """What came of a statement, below comments that are not there yet."""
        if self.module.body and old is self.module.body[0]:
            # What stands above the first statement belongs to the file.
            above = {e.comment.value for e in self.module.header if e.comment}
            todos = [t for t in todos if t not in above]
        return commented(new, todos)

    def use(self, aliases: set[str]) -> None:
        """Notes that module aliases such as `jnp` are written and must be imported."""
        self.aliases |= aliases
        if "objects" in aliases:
            self.copies.add("objects")

    def alias(self, name: str) -> str:
        """The local name for a module alias; another where the user took the name."""
        self.use({name})
        return name

    def objects(self, attribute: str) -> cst.BaseExpression:
        """`objects.<attribute>` as a node."""
        return build.name(f"{self.alias('objects')}.{attribute}")

    def helper(self, entry: dictionary.Entry) -> str:
        """The name by which an entry's written-out body is called."""
        self.helpers.add(entry.name)
        self.aliases.add("_tf_ops")
        return f"_tf_ops.{written_out.function_name(entry)}"

    def random_key(self, scope: Scope) -> cst.BaseExpression:
        """An expression for a fresh random key."""
        if scope.side == "module" or self.in_factory:
            self.use({"hk"})
            return build.call("hk.next_rng_key")
        return cst.Call(self.objects("next_rng_key"))

    def fresh(self, wish: str) -> str:
        """A name not used anywhere in the file."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish}_{number}"
        self._taken.add(name)
        return name

    def leave(self, node, code, name, message, suggestion):
        """Leaves a name in place, with a finding and a comment."""
        self.note(node, code, results.MANUAL, name, message, suggestion, False)
        return node

    def spelled(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """Adapts a spelling to the chosen Haiku: `hk.sonnet` is copied for dm-haiku."""

        def change(child, parent, field):
            if trees.dotted(child) == "hk.sonnet":
                if self.options.haiku == "haiku":
                    self.copies.add("sonnet")
                    self.aliases.add("_hk_sonnet")
                    return cst.Name("_hk_sonnet")
                self.copies.add("sonnet")
                return child
            if isinstance(child, cst.Attribute):
                value = change(child.value, child, "value")
                if value is child.value:
                    return child
                return child.with_changes(value=value)
            return trees.rebuild(child, change)

        return change(node, None, "")

    @contextlib.contextmanager
    def loop(self, node: cst.CSTNode):
        """While inside a loop: names that change from turn to turn."""
        self._loops.append(set(trees.names_bound(node)))
        try:
            yield
        finally:
            self._loops.pop()

    def rebound(self, scope: Scope) -> set[str]:
        """Names that get other values while the function around goes on."""
        names = set().union(*self._loops) if self._loops else set()
        body = getattr(scope.node, "body", None)
        if scope.node is None or body is None:
            return names
        seen: dict[str, int] = {}
        if isinstance(scope.node, cst.FunctionDef):
            for p in scope.bound - set(trees.names_bound(scope.node.body)):
                seen[p] = 1
            parameters = {
                p.name.value
                for p in [
                    *scope.node.params.params,
                    *scope.node.params.kwonly_params,
                ]
            }
            for p in parameters:
                seen[p] = 1
        roots = [body] if isinstance(body, cst.CSTNode) else list(body)
        for root in roots:
            for inner in [root, *trees.walk_scope(root)]:
                if isinstance(inner, cst.Assign):
                    for target in inner.targets:
                        for single in trees.targets(target.target):
                            if isinstance(single, cst.Name):
                                seen[single.value] = seen.get(single.value, 0) + 1
                elif isinstance(inner, cst.AugAssign) and isinstance(
                    inner.target, cst.Name
                ):
                    seen[inner.target.value] = 2
        return names | {n for n, count in seen.items() if count > 1}

    def kind(self, node: cst.BaseExpression, scope: Scope) -> Kind:
        """What an expression is."""
        return self.kinds.of(node, scope)


def _all_names(module: cst.Module) -> set[str]:
    """All names of variables in a file; not those of attributes and keywords."""
    found: set[str] = set()
    stack: list[cst.CSTNode] = [module]
    while stack:
        node = stack.pop()
        if type(node) is cst.Name:
            found.add(node.value)
        elif type(node) is cst.Attribute or type(node) is cst.Arg:
            stack.append(node.value)
        else:
            stack.extend(trees.children(node))
    return found


def commented(node: cst.CSTNode, todos: list[str]) -> cst.CSTNode:
    """A statement below comments; those that it has already are not added."""
    if not hasattr(node, "leading_lines"):
        return node
    present = {
        line.comment.value for line in node.leading_lines if line.comment is not None
    }
    lines = [
        cst.EmptyLine(comment=cst.Comment(text))
        for text in todos
        if text not in present
    ]
    return node.with_changes(leading_lines=[*node.leading_lines, *lines])
