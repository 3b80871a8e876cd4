"""The one pass over a file: expressions by the dictionary, patterns by the rules."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import libcst as cst

from compat import dictionary
from compat.dictionary.kinds import Kind
from migrate import results
from migrate.analysis import trees
from migrate.analysis.imports import LEGACY, Imports, namespace_aliases
from migrate.analysis.kinds import Kinds
from migrate.analysis.project import Project, summarize
from migrate.analysis.scopes import Scope
from migrate.results import Finding, Options, SourceResult
from migrate.rewrite import build, helpers, imports_edit, inline, positions
from migrate.rules import calls, methods, pipelines, statements

TODO = "# TODO(sonnet2haiku"


def rewrite_source(
    text: str,
    *,
    path: str = "<string>",
    options: Options = Options(),  # noqa: B008
    project: Project | None = None,
    module_name: str = "",
) -> SourceResult:
    """Rewrites one source text.

    Args:
      text: Python 3 source.
      path: for messages only.
      options: see `Options`.
      project: the files that are migrated with it; None for this text alone.
      module_name: the dotted name the file is imported as, for relative imports.

    Raises:
      SyntaxError: the text is no Python 3.
    """
    import compat.legacy  # noqa: F401  (registers the dictionary's entries)

    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(
            error.message.splitlines()[0],
            (path, error.raw_line, error.raw_column + 1, None),
        ) from None
    is_package = path.endswith("__init__.py")
    if project is None:
        project = Project()
        project.add(module_name, summarize(text, module_name, is_package))
    package = module_name if is_package else module_name.rpartition(".")[0]
    try:
        return Rewriter(module, options, project, package).run(text)
    finally:
        trees.forget()


class Rewriter:
    """The state of one file's rewrite, and what rules may ask of it."""

    def __init__(
        self, module: cst.Module, options: Options, project: Project, package: str
    ):
        self.module = module
        self.options = options
        self.project = project
        self.imports = Imports.of(module, package)
        self.kinds = Kinds(module, self.imports, project)
        self.findings: list[Finding] = []
        self.aliases: set[str] = set()
        self.helpers: set[str] = set()
        self.copies: set[str] = set()
        self.in_factory = 0
        self.traced = statements.traced_functions(self)
        self.pipelines = pipelines.functions_in(self)
        self._taken = _all_names(module)
        self._loops: list[set[str]] = []
        self._todos: list[str] = []
        self._positions = positions.Positions(module)

    # ---------------------------------------------------------------------- running
    def run(self, text: str) -> SourceResult:
        """Rewrites the module."""
        if not any(self._is_legacy(full) for full in self.imports.names.values()):
            return SourceResult(text)
        body = self.body(list(self.module.body), self.kinds.top)
        module = self.module.with_changes(body=body)
        module = imports_edit.mend(self, module)
        new = module.code
        compile(new, "<rewritten>", "exec", dont_inherit=True)
        self.findings.sort()
        return SourceResult(
            text if new == text else new, self.findings, self.helpers, self.copies
        )

    def _is_legacy(self, full: str) -> bool:
        from migrate.analysis.imports import canonical

        if canonical(full).partition(".")[0] in LEGACY:
            return True
        return self.project.sort_of(full) is not None

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
        return _commented(node, [f"{TODO} {code}): {message}"])

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
        return f"_tf_ops.{helpers.function_name(entry)}"

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

    # ------------------------------------------------------------------- statements
    def body(self, body: Sequence[cst.CSTNode], scope: Scope) -> list[cst.CSTNode]:
        """Rewrites a list of statements."""
        body = statements.restructure(self, list(body), scope)
        out: list[cst.CSTNode] = []
        for statement in body:
            out.extend(self.statement(statement, scope))
        return out

    def statement(self, node: cst.CSTNode, scope: Scope) -> list[cst.CSTNode]:
        """Rewrites one statement; several, or none, may come of it."""
        outer, self._todos = self._todos, []
        try:
            new = statements.special(self, node, scope)
            if new is None:
                new = [self._plain(node, scope)]
            todos = self._todos
        finally:
            self._todos = outer
        if todos and new:
            new[0] = _commented(new[0], todos)
        return new

    def _plain(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        if isinstance(node, cst.FunctionDef):
            return self.function(node, scope)
        if isinstance(node, cst.ClassDef):
            return self.klass(node, scope)
        if isinstance(node, cst.SimpleStatementLine):
            if namespace_aliases(node, self.imports.names):
                return node  # goes with the imports, once nothing uses it
            return trees.rebuild(node, lambda c, p, f: self.small(c, scope))
        return trees.rebuild(node, lambda c, p, f: self._part(c, p, f, scope))

    def _part(self, child, parent, field, scope):
        """A part of a compound statement: a block, a header expression, a clause."""
        if isinstance(child, cst.IndentedBlock):
            looping = isinstance(parent, cst.For | cst.While)
            with self.loop(parent) if looping else contextlib.nullcontext():
                body = self.body(child.body, scope)
            if len(body) == len(child.body) and all(
                a is b for a, b in zip(body, child.body, strict=True)
            ):
                return child
            if not body:
                body = [cst.SimpleStatementLine([cst.Pass()])]
            return child.with_changes(body=body)
        if isinstance(child, cst.SimpleStatementSuite):
            return trees.rebuild(child, lambda c, p, f: self.small(c, scope))
        if isinstance(parent, cst.For) and field == "target":
            return child
        if isinstance(child, cst.BaseExpression):
            return self.expr(child, scope, parent, field)
        return trees.rebuild(child, lambda c, p, f: self._part(c, p, f, scope))

    def small(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        """Rewrites an assignment, a return, an import … on a line."""
        if isinstance(node, cst.Import | cst.ImportFrom | cst.Global | cst.Nonlocal):
            return node

        def change(child, parent, field):
            if field == "target" and isinstance(child, cst.BaseExpression):
                return self.target(child, scope)
            if isinstance(child, cst.BaseExpression):
                return self.expr(child, scope, parent, field)
            return trees.rebuild(child, change)

        return trees.rebuild(node, change)

    def target(self, node: cst.BaseExpression, scope: Scope) -> cst.BaseExpression:
        """What is assigned to: only indices inside it are rewritten."""

        def change(child, parent, field):
            if isinstance(parent, cst.Subscript) and field == "slice":
                return self._inner(child, parent, field, scope)
            return trees.rebuild(child, change)

        if isinstance(node, cst.Name | cst.Attribute):
            return node
        return trees.rebuild(node, change)

    @contextlib.contextmanager
    def loop(self, node: cst.CSTNode):
        """While inside a loop: names that change from turn to turn."""
        self._loops.append(set(trees.names_bound(node)))
        try:
            yield
        finally:
            self._loops.pop()

    def function(self, node: cst.FunctionDef, scope: Scope) -> cst.FunctionDef:
        """Rewrites a function: decorators, defaults, annotations, body."""
        if id(node) in self.pipelines:
            return self.in_pipeline(node, scope)
        inner = self.kinds.scope_of(node, scope)
        decorators = []
        for decorator in node.decorators:
            new = statements.decorator(self, decorator, node, inner)
            if new is not None:
                decorators.append(new)
        instead = statements.compiled.added(self, node)
        if instead is not None:
            self.objects("jit")
            decorators.append(instead)
        changes = {}
        if len(decorators) != len(node.decorators) or any(
            a is not b for a, b in zip(decorators, node.decorators, strict=True)
        ):
            changes["decorators"] = decorators
            if not decorators and node.decorators:
                changes["leading_lines"] = [
                    *node.leading_lines,
                    *(
                        line
                        for line in node.lines_after_decorators
                        if line.comment is not None
                    ),
                ]
                changes["lines_after_decorators"] = []

        def header(child, parent, field):
            if isinstance(child, cst.BaseExpression) and not isinstance(
                parent, cst.Param
            ):
                return self.expr(child, scope, parent, field)
            if isinstance(child, cst.BaseExpression) and field != "name":
                return self.expr(child, scope, parent, field)
            if isinstance(child, cst.BaseExpression):
                return child
            return trees.rebuild(child, header)

        params = header(node.params, node, "params")
        if params is not node.params:
            changes["params"] = params
        if node.returns is not None:
            returns = header(node.returns, node, "returns")
            if returns is not node.returns:
                changes["returns"] = returns
        loops, self._loops = self._loops, []
        body = self._part(node.body, node, "body", inner)
        self._loops = loops
        if body is not node.body:
            changes["body"] = body
        return node.with_changes(**changes) if changes else node

    def in_pipeline(self, node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
        """A function that runs inside TensorFlow's input pipeline: left as it is."""
        for inner in trees.walk(node):
            name = self.kinds.legacy(inner, scope)
            if name is not None and name.partition(".")[0] == "tf" and name != "tf":
                if isinstance(inner, cst.Attribute | cst.Name) and dictionary.find(
                    name
                ):
                    self.note(
                        inner,
                        "S2H905",
                        results.STAYS,
                        name,
                        "it runs inside TensorFlow's input pipeline",
                        "pipelines may stay: they feed JAX as numpy arrays",
                        False,
                    )
        return node

    def klass(self, node: cst.ClassDef, scope: Scope) -> cst.ClassDef:
        """Rewrites a class: its bases, and its methods in their own scopes."""
        info = self.kinds.classes.get(node.name.value)
        inner = Scope(scope, None, node)
        inner.klass = info if info is not None and info.node is node else None
        bases = statements.bases(self, node, info, scope)
        changes = {}
        if bases is not None:
            changes["bases"] = bases
            if not bases:
                changes["lpar"] = cst.MaybeSentinel.DEFAULT
                changes["rpar"] = cst.MaybeSentinel.DEFAULT
        decorators = [
            trees.rebuild(d, lambda c, p, f: self.expr(c, scope, p, f))
            for d in node.decorators
            if not statements.dropped_decorator(self, d, scope)
        ]
        if list(map(id, decorators)) != list(map(id, node.decorators)):
            changes["decorators"] = decorators
            if not decorators:
                changes["lines_after_decorators"] = []
        body = self._part(node.body, node, "body", inner)
        if body is not node.body:
            changes["body"] = body
        return node.with_changes(**changes) if changes else node

    # ------------------------------------------------------------------ expressions
    def expr(
        self,
        node: cst.BaseExpression,
        scope: Scope,
        parent: cst.CSTNode | None = None,
        field: str = "",
    ) -> cst.BaseExpression:
        """Rewrites an expression."""
        new = self._expr(node, scope, parent, field)
        if new is not node:
            new = build.in_place_of(new, node, parent, field)
        return new

    def _expr(self, node, scope, parent, field):
        cls = type(node)
        if cls is cst.Name or cls is cst.Attribute:
            return self._reference(node, scope, parent, field)
        if cls is cst.Call:
            return self._call(node, scope, parent)
        if cls in _LEAVES:
            return node
        if cls is cst.SimpleString:
            return self._string(node, scope, parent, field)
        if cls is cst.Lambda:
            if id(node) in self.pipelines:
                return self.in_pipeline(node, scope)
            inner = Scope(scope, None, node)
            inner.bound |= {p.name.value for p in node.params.params}
            return trees.rebuild(node, lambda c, p, f: self._inner(c, p, f, inner))
        if cls in _COMPREHENSIONS:
            return self._comprehension(node, scope)
        if cls in _OPERATIONS:
            return self._operation(node, scope)
        if cls is cst.FormattedString:
            return self._formatted(node, scope)
        return trees.rebuild(node, lambda c, p, f: self._inner(c, p, f, scope))

    def _inner(self, child, parent, field, scope):
        cls = type(child)
        if cls is cst.Name and parent_is_label(parent, field):
            return child
        if trees.is_expression(cls):
            return self.expr(child, scope, parent, field)
        if cls in _LEAVES:
            return child
        return trees.rebuild(child, lambda c, p, f: self._inner(c, p, f, scope))

    def _comprehension(self, node, scope):
        inner = Scope(scope, None, node)
        loop = node.for_in
        names: set[str] = set()
        while loop is not None:
            names |= {
                t.value for t in trees.targets(loop.target) if isinstance(t, cst.Name)
            }
            self.kinds.bind_loop(loop.target, loop.iter, inner)
            loop = loop.inner_for_in
        inner.bound |= names
        self._loops.append(names)
        try:
            return trees.rebuild(node, lambda c, p, f: self._inner(c, p, f, inner))
        finally:
            self._loops.pop()

    def _operation(self, node, scope):
        """Operators: those on variables work on the value."""

        def change(child, parent, field):
            if not isinstance(child, cst.BaseExpression):
                return trees.rebuild(child, change)
            new = self.expr(child, scope, parent, field)
            return self.value_of(child, new, scope)

        return trees.rebuild(node, change)

    def _formatted(self, node, scope):
        new = trees.rebuild(node, lambda c, p, f: self._inner(c, p, f, scope))
        if new is node:
            return node
        quote = node.start.lstrip("fFrRbB")
        for part in new.parts:
            if isinstance(part, cst.FormattedStringExpression):
                inside = trees.code(part.expression)
                if quote in inside or "\\" in inside or "#" in inside:
                    self.note(
                        node,
                        "S2H906",
                        results.MANUAL,
                        "",
                        "what is inside this f-string can't be written there",
                        "assign it to a variable first",
                    )
                    return node
        return new

    def _string(self, node, scope, parent, field):
        """Quoted annotations name types."""
        if not (isinstance(parent, cst.Annotation) and "." in node.value):
            return node
        try:
            inside = cst.parse_expression(node.raw_value)
        except cst.ParserSyntaxError:
            return node
        if self.kinds.legacy(inside, scope) is None:
            return node
        new = self.expr(inside, scope, parent, field)
        if new is inside:
            return node
        return cst.SimpleString(
            f"{node.prefix}{node.quote}{trees.code(new)}{node.quote}"
        )

    def value_of(
        self, old: cst.BaseExpression, new: cst.BaseExpression, scope: Scope
    ) -> cst.BaseExpression:
        """`new.value` where `old` was a variable held in a box."""
        if scope.side == "module" or self.in_factory:
            return new
        if self.kinds.of(old, scope).sort != "variable":
            return new
        if isinstance(new, cst.Attribute) and new.attr.value == "value":
            return new
        base = build.fit(new, cst.Attribute(cst.Name("x"), cst.Name("y")), "value")
        return cst.Attribute(base, cst.Name("value"))

    # ------------------------------------------------------------------------ names
    def _reference(self, node, scope, parent, field):
        name = self.kinds.legacy(node, scope)
        if name is None or name.partition(".")[0] not in LEGACY:
            return self._attribute(node, scope, parent, field)
        if name in LEGACY and not isinstance(parent, cst.Arg):
            return node
        entry = dictionary.find(name)
        if entry is None:
            longer = self._value_with_attributes(node, scope)
            if longer is not None:
                return longer
            return self.leave(
                node, "S2H901", name, f"{name} is not known to this tool", ""
            )
        return self._named(node, name, entry, scope, parent)

    def _value_with_attributes(self, node, scope):
        """`tf.float32.max`: an attribute of something the dictionary knows."""
        if not isinstance(node, cst.Attribute):
            return None
        inner = self.kinds.legacy(node.value, scope)
        entry = dictionary.find(inner) if inner else None
        if entry is None or entry.outcome not in ("value", "op", "module"):
            return None
        found = methods.attribute(self, node, scope)
        if found is not None:
            return found
        value = self.expr(node.value, scope, node, "value")
        return node.with_changes(value=value) if value is not node.value else None

    def _named(self, node, name, entry, scope, parent):
        if name in calls.REPLACED:
            return calls.reference(self, node, name, entry, scope, parent)
        if entry.outcome == "value":
            if not self.options.enabled("S2H104"):
                return self.leave(node, "S2H104", name, "left out by option", "")
            new = build.expression(entry.spelling)
            from migrate.rewrite import templates

            self.use(templates.free_aliases(new, inline.ALIASES))
            new = self.spelled(new)
            safety = results.ASSUMED if entry.because else results.SAFE
            message = f"{name} → {entry.spelling}"
            if entry.because:
                message += f": {entry.because}"
            self.note(node, "S2H104", safety, name, message)
            return new
        if entry.outcome == "structural":
            return calls.reference(self, node, name, entry, scope, parent)
        if entry.outcome in ("op", "module"):
            try:
                found = calls.named(self, node, name, entry, scope, parent)
            except inline.Refused as refused:
                return self.leave(
                    node, refused.code, name, refused.reason, refused.suggestion
                )
            return found
        return self._outcome(node, name, entry)

    def _outcome(self, node, name, entry):
        if entry.outcome == "stays":
            self.note(
                node, "S2H905", results.STAYS, name, entry.because, entry.instead, False
            )
            return node
        return self.leave(node, "S2H902", name, entry.because, entry.instead)

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

    def _attribute(self, node, scope, parent, field):
        if not isinstance(node, cst.Attribute):
            return node
        found = methods.attribute(self, node, scope)
        if found is not None:
            return found
        value = self.expr(node.value, scope, node, "value")
        return node if value is node.value else node.with_changes(value=value)

    # ------------------------------------------------------------------------ calls
    def _call(self, node, scope, parent):
        name = self.kinds.legacy(node.func, scope)
        if name is not None and name.partition(".")[0] in LEGACY:
            entry = dictionary.find(name)
            if entry is not None:
                return calls.legacy(self, node, name, entry, scope, parent)
        found = calls.other(self, node, scope)
        if found is not None:
            return found
        return self.plain_call(node, scope)

    def plain_call(self, node: cst.Call, scope: Scope) -> cst.Call:
        """The call with its function and arguments rewritten."""
        return trees.rebuild(node, lambda c, p, f: self._inner(c, p, f, scope))

    def arguments_only(self, node: cst.Call, scope: Scope) -> cst.Call:
        """The call with its arguments rewritten, its function left."""

        def change(child, parent, field):
            if field == "func" and parent is node:
                return child
            return self._inner(child, parent, field, scope)

        return trees.rebuild(node, change)

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

    def factory(
        self, node: cst.BaseExpression, scope: Scope, assigned: str | None = None
    ) -> cst.BaseExpression:
        """`objects.network(lambda: node)`, names that change bound at once."""
        unstable = self.rebound(scope)
        if assigned is not None:
            unstable.add(assigned)
        read = trees.names_read(node)
        bound = sorted(read & unstable)
        return cst.Call(self.objects("network"), [cst.Arg(build.lam(node, bound))])

    def kind(self, node: cst.BaseExpression, scope: Scope) -> Kind:
        """What an expression is."""
        return self.kinds.of(node, scope)


_LEAVES = frozenset(
    {cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis, cst.Dot, cst.Pass}
    | {cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.Power, cst.Minus, cst.Not}
    | {cst.Equal, cst.NotEqual, cst.LessThan, cst.GreaterThan, cst.Is, cst.IsNot}
    | {cst.FormattedStringText, cst.Break, cst.Continue}
)
_COMPREHENSIONS = frozenset({cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp})
_OPERATIONS = frozenset({cst.BinaryOperation, cst.Comparison, cst.UnaryOperation})


def parent_is_label(parent: cst.CSTNode, field: str) -> bool:
    """Whether a name in this place labels something and is no variable."""
    return (
        (isinstance(parent, cst.Arg) and field == "keyword")
        or (isinstance(parent, cst.Attribute) and field == "attr")
        or (isinstance(parent, cst.Param) and field == "name")
        or isinstance(parent, cst.NameItem)
    )


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


def _commented(node: cst.CSTNode, todos: list[str]) -> cst.CSTNode:
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
