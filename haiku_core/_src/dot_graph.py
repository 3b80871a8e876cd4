"""Programs as graphs in graphviz's dot language, clustered by module."""

from __future__ import annotations

import dataclasses
import functools
import html
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.extend import source_info_util

from haiku_core._src import jaxprs
from haiku_core._src.carried import inner, taken
from haiku_core._src.frames import here
from haiku_core._src.module import MethodContext, intercept_methods
from haiku_core._src.text import format_array


@dataclasses.dataclass
class _Style:
    """How one kind of node looks."""

    fill: str
    border: str
    text: str = "black"
    bold: bool = False


_OPERATION = _Style("#FFF26E", "#FFDB13")
_RESULT = _Style("#AABFFF", "#0053D6", bold=True)
_ARGUMENT = _Style("#FFDEAF", "#FF8A4F")
_REUSED = _Style("#FFEACC", "#FF8A4F", text="#565858")
_CONSTANT = _Style("#E6D6FF", "#A261FF")


@dataclasses.dataclass
class Cluster:
    """A module or a called function: its operations, and what is nested in it."""

    title: str
    lines: list[str] = dataclasses.field(default_factory=list)
    inside: dict[Any, Cluster] = dataclasses.field(default_factory=dict)

    def depth(self) -> int:
        """How many levels there are, counting this one."""
        return 1 + max((c.depth() for c in self.inside.values()), default=0)


class _Graph:
    """Collects nodes, by cluster, and edges."""

    def __init__(self, title: str, scope_titles: dict[tuple[str, ...], str]) -> None:
        self.root = Cluster(title)
        self.edges: list[str] = []
        self._scope_titles = scope_titles
        self._numbers = itertools.count()
        # Variable -> the node that makes it, or a function that makes such a node: each
        # use of an argument gets a node of its own, which keeps big graphs readable.
        self.source: dict[Any, Callable[[], str]] = {}

    def node(self, cluster: Cluster, rows: list[str], style: _Style) -> str:
        name = f"n{next(self._numbers)}"
        first, *rest = (html.escape(row) for row in rows)
        label = "<br/>".join([f"<b>{first}</b>", *rest])
        look = "filled,bold" if style.bold else "filled"
        cluster.lines.append(
            f'{name} [label=<{label}>, shape=rect, style="{look}", tooltip=" ", '
            f'fontcolor="{style.text}", color="{style.border}", '
            f'fillcolor="{style.fill}"];'
        )
        return name

    def argument(self, rows: list[str]) -> Callable[[], str]:
        uses = itertools.count()

        def use() -> str:
            again = next(uses) > 0
            shown = ["(reuse)", *rows] if again else rows
            return self.node(self.root, shown, _REUSED if again else _ARGUMENT)

        return use

    def cluster(self, within: Cluster, scopes: tuple[str, ...]) -> Cluster:
        """The cluster of a module, by the name scopes around its operations."""
        for depth in range(1, len(scopes) + 1):
            path = scopes[:depth]
            title = self._scope_titles.get(path, path[-1])
            if title:
                within = within.inside.setdefault(path, Cluster(title))
        return within

    def add(self, jaxpr: Any, within: Cluster, results: dict[Any, str]) -> None:
        """Adds a program's operations; ``results`` names variables it returns."""
        for equation in jaxpr.eqns:
            cluster = self.cluster(within, jaxprs.scopes(equation))
            called = self._called(equation)
            if called is not None:
                program, title = called
                if title is not None:
                    inside = Cluster(title)
                    cluster.inside[next(self._numbers)] = inside
                    cluster = inside
                self._call(equation, program, cluster, results)
                continue
            made = [v for v in equation.outvars if not jaxprs.is_dropped(v)]
            rows = [equation.primitive.name, *(_shape(v) for v in made)]
            names = [results[v] for v in made if v in results]
            node = self.node(cluster, names + rows, _RESULT if names else _OPERATION)
            self._connect(equation.invars, node)
            self.source.update(dict.fromkeys(made, lambda node=node: node))

    @staticmethod
    def _called(equation: Any) -> tuple[Any, str | None] | None:
        """(program, title) of an equation that calls one; no title if it is inlined."""
        kind, params = equation.primitive.name, equation.params
        if kind in ("jit", "pjit"):
            title = None if params.get("inline") else f"{kind} ({params['name']})"
            return params["jaxpr"], title
        if kind in ("custom_jvp_call", "custom_vjp_call"):
            return params["call_jaxpr"], None
        return None

    def _call(
        self, equation: Any, program: Any, cluster: Cluster, results: dict[Any, str]
    ) -> None:
        jaxpr = jaxprs.opened(program)
        for value, variable in zip(
            getattr(program, "consts", ()), jaxpr.constvars, strict=False
        ):
            self.source[variable] = self.constant(value)
        for outer, variable in zip(equation.invars, jaxpr.invars, strict=True):
            self.source[variable] = self._source(outer)
        named = {
            inside: results[outer]
            for outer, inside in zip(equation.outvars, jaxpr.outvars, strict=True)
            if outer in results and not isinstance(inside, jaxprs.Literal)
        }
        # One program may be called many times: each call makes its own nodes.
        self.add(jaxpr, cluster, named)
        for outer, inside in zip(equation.outvars, jaxpr.outvars, strict=True):
            self.source[outer] = self._source(inside)

    def constant(self, value: Any) -> Callable[[], str]:
        return functools.partial(self.node, self.root, [_text(value)], _CONSTANT)

    def _source(self, atom: Any) -> Callable[[], str]:
        if isinstance(atom, jaxprs.Literal):
            return self.constant(atom.val)
        return self.source[atom]

    def _connect(self, atoms: Any, node: str) -> None:
        self.edges += [f"{self._source(atom)()} -> {node};" for atom in atoms]


def _shape(variable: Any) -> str:
    aval = variable.aval
    return format_array(aval) if hasattr(aval, "shape") else str(aval)


def _text(value: Any) -> str:
    if getattr(value, "size", 1) == 1 and not isinstance(value, jax.core.Tracer):
        return str(value.item() if hasattr(value, "item") else value)
    return format_array(value)


def _path_text(root: str, path: Any) -> str:
    """``args[0]: mlp/linear/w`` for a place in a pytree."""
    keys = [
        str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))))
        for key in path
    ]
    if root == "output" and not keys:
        return root
    if root == "output" and not isinstance(path[0], jax.tree_util.SequenceKey):
        return f"{root}: {'/'.join(keys)}"
    first, *rest = keys
    return f"{root}[{first}]" + (f": {'/'.join(rest)}" if rest else "")


def _traced(fun: Callable[..., Any], args: Any) -> tuple[Any, Any, dict[Any, str]]:
    """(closed jaxpr, result's structure, titles of the name scopes)."""
    titles: dict[tuple[str, ...], str] = {}

    def note(next_f: Any, args: Any, kwargs: Any, context: MethodContext) -> Any:
        if context.method_name != "__init__":
            stack = tuple(str(source_info_util.current_name_stack()).split("/"))
            title = context.module.module_name
            if context.method_name != "__call__":
                title += f" ({context.method_name})"
                titles.setdefault(stack[:-1], "")  # The method's own scope.
            titles[stack] = title
        return next_f(*args, **kwargs)

    frame = here.frame

    def run(*args: Any) -> Any:
        with intercept_methods(note):
            if frame is None:
                return fun(*args)
            # Inside of a transform, look without touching.
            return inner(frame, taken(frame)).enter(fun, args, {})

    program, shape = jax.make_jaxpr(run, return_shape=True)(*args)
    return program, shape, titles


def graph_of(fun: Callable[..., Any], args: Any) -> str:
    """The graph of what a function does with some arguments; see ``hk.to_dot``."""
    with jaxprs.deep_recursion():
        program, shape, titles = _traced(fun, args)
        graph = _Graph(getattr(fun, "__name__", str(fun)), titles)
        jaxpr = program.jaxpr
        for value, variable in zip(program.consts, jaxpr.constvars, strict=True):
            graph.source[variable] = graph.constant(value)
        leaves = jax.tree_util.tree_leaves_with_path(args)
        for (path, _), variable in zip(leaves, jaxpr.invars, strict=True):
            rows = [_path_text("args", path), _shape(variable)]
            graph.source[variable] = graph.argument(rows)
        results = {
            variable: _path_text("output", path)
            for (path, _), variable in zip(
                jax.tree_util.tree_leaves_with_path(shape),
                jaxpr.outvars,
                strict=True,
            )
            if not isinstance(variable, jaxprs.Literal)
        }
        graph.add(jaxpr, graph.root, results)
        return "\n".join(_rendered(graph)) + "\n"


def _rendered(graph: _Graph) -> Iterator[str]:
    depth = graph.root.depth()
    yield "digraph G {"
    yield "  rankdir = TD; compound = true; labelloc = t;"
    yield f"  label = <<b>{html.escape(graph.root.title)}</b>>;"
    yield f"  fontsize = {_font_size(depth)};"
    yield '  node [fontname="sans-serif", fontsize=12];'
    yield from _rendered_cluster(graph.root, depth, itertools.count())
    yield from (f"  {edge}" for edge in graph.edges)
    yield "}"


def _rendered_cluster(cluster: Cluster, depth: int, numbers: Any) -> Iterator[str]:
    yield from (f"  {line}" for line in cluster.lines)
    for inside in cluster.inside.values():
        yield f"  subgraph cluster_{next(numbers)} {{"
        yield '  style="rounded,filled"; fillcolor="#F0F5F5"; color="#14234B";'
        yield f"  label = <<b>{html.escape(inside.title)}</b>>; labelloc = t;"
        yield f"  fontsize = {_font_size(depth - 1)};"
        yield from _rendered_cluster(inside, depth - 1, numbers)
        yield "  }"


def _font_size(depth: int) -> int:
    """Bigger for outer clusters, whose labels are seen from further away."""
    return int(14 * 1.4**depth)
