"""Matching a program's modules to the objects of a checkpoint.

A module and an object belong together if the same attributes lead to them. From there
the module's layout says which variables make which arrays. Nothing is guessed: what
has no counterpart goes on a list.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping

import numpy as np

from compat import layout
from compat.layout import Layout, Placement
from migrate.checkpoint._src import casting
from migrate.checkpoint._src.casting import Change
from migrate.checkpoint._src.keys import PARAMS, STATE, Key
from migrate.checkpoint._src.plan import Assignment, Plan, Problem, Waivers
from migrate.checkpoint._src.source import Path, Source
from migrate.checkpoint._src.trace import Found, Trace

_IDENTITY = Placement(("",), ("",), reshape=layout.EXACT)


def layout_for(found: Found) -> Layout:
    """The layout of the module's class."""
    return layout.layout_of(type(found.module))


def _class_name(found: Found) -> str:
    """The class as Python writes it into the names of its private attributes."""
    return type(found.module).__name__.lstrip("_")


def stripped(name: str) -> tuple[str, ...]:
    """A Haiku name without the ``~`` that marks what a constructor made."""
    return tuple(part for part in name.split("/") if part not in ("~", ""))


class Join:
    """One attempt to relate a program to a checkpoint.

    Args:
      source: The checkpoint.
      trace: The program.
      mapping: The user's own pairs: Haiku module, or ``module:name``, to path.
      lossy: Whether casts that lose precision are wanted.

    Attributes:
      assignments: What goes where.
      used: The variables that are placed, or left out for a reason.
      owned: (collection prefix, module name) → the arrays that it holds itself.
    """

    def __init__(
        self,
        source: Source,
        trace: Trace,
        mapping: Mapping[str, str] | None = None,
        lossy: bool = False,
    ):
        self.source = source
        self.trace = trace
        self.mapping = dict(mapping or {})
        self.lossy = lossy
        self.assignments: list[Assignment] = []
        self.mismatched: list[Problem] = []
        self.notes: list[str] = []
        self.filled: dict[Key, str] = {}
        self.used: dict[int, Key | None] = {}
        self.reasons: dict[Key, str] = {}
        self.places: dict[int, int] = {}
        self.owned: dict[tuple[str, str], list[Key]] = collections.defaultdict(list)
        for key in trace.leaves:
            self.owned[self._prefix_of(key), key.module].append(key)
        self._inside: dict[tuple[str, tuple[str, ...]], list[Found]] = (
            collections.defaultdict(list)
        )
        for found in trace.modules:
            self._inside[found.prefix, stripped(found.name)[:-1]].append(found)

    @staticmethod
    def _prefix_of(key: Key) -> str:
        for collection in (PARAMS, STATE):
            if key.collection.endswith(collection):
                return key.collection[: -len(collection)]
        return key.collection + "/"

    # ------------------------------------------------------------------- descending
    def visit(self, found: Found, node: int | None, path: Path) -> None:
        """Relates a module, and all modules in it, to the object at `node`."""
        mapped = self.mapping.get(found.name)
        if mapped is not None and found.name:
            node, path = self._mapped(mapped)
        known = self.places.get(id(found))
        if known is not None:
            if node is not None and node != known:
                self.mismatched.append(
                    Problem(
                        found.name,
                        f"the program uses one module here and at"
                        f" {self.source.show(known)}, the checkpoint has two",
                    )
                )
            return
        if node is not None:
            self.places[id(found)] = node
        rules = layout_for(found)
        if rules.caution:
            name = type(found.module).__name__
            self.notes.append(f"{found.name}: hk.{name} {rules.caution}")
        for placement in rules.placements:
            self._place(found, placement, node, path)
        self._own_leaves(found, node, path)
        handled = self._made_inside(found, rules, node, path)
        for attribute, child in found.children:
            if id(child) in handled:
                continue
            relative = rules.child_path(attribute)
            self.visit(child, self._below(node, relative), (*path, *relative))
        self._unnamed(found, node, path)

    def heads(self, found: Found) -> set[str]:
        """The names of which an object must have one to be this module's."""
        rules = layout_for(found)
        paths = [
            source.split("/")[0]
            for placement in rules.placements
            for source in placement.sources
        ]
        paths += [attribute[0] for attribute, _ in found.values]
        paths += [rules.child_path(attribute)[0] for attribute, _ in found.children]
        names = [key.name for key in self.owned.get((found.prefix, found.name), ())]
        for child in self.children_by_name(found):
            name = stripped(child.name)[-1]
            names.append(name)
            paths += (rules.inner_path(name) or ())[:1]
        for name in names:
            paths += [name, f"_{name}", f"_{_class_name(found)}__{name}"]
            paths += rules.names(name).split("/")[:1] if rules.names else []
        return set(paths)

    def _below(self, node: int | None, path: Path) -> int | None:
        return None if node is None else self.source.resolve(path, node)

    def _mapped(self, text: str) -> tuple[int | None, Path]:
        path = tuple(part for part in text.split("/") if part)
        return self.source.resolve(path), path

    def _made_inside(
        self, found: Found, rules: Layout, node: int | None, path: Path
    ) -> set[int]:
        """Visits the submodules that a class of Haiku's made for itself."""
        handled = set()
        for child in self.children_by_name(found):
            relative = rules.inner_path(stripped(child.name)[-1])
            if relative is not None:
                handled.add(id(child))
                self.visit(child, self._below(node, relative), (*path, *relative))
        return handled

    def children_by_name(self, found: Found) -> list[Found]:
        """The modules whose names lie just below this module's."""
        return self._inside[found.prefix, stripped(found.name)] if found.name else []

    def _unnamed(self, found: Found, node: int | None, path: Path) -> None:
        """Visits submodules that no attribute holds, by their own names."""
        if node is None:
            return
        for child in self.children_by_name(found):
            if id(child) in self.places or not self.open_leaves(child):
                continue
            name = stripped(child.name)[-1]
            for relative in ((name,), ("_" + name,)):
                below = self._below(node, relative)
                if below is not None:
                    self.visit(child, below, (*path, *relative))
                    break

    def open_leaves(self, found: Found) -> list[Key]:
        """The arrays under a module that have no value yet."""
        start = found.name + "/"
        return [
            key
            for (prefix, module), keys in self.owned.items()
            if prefix == found.prefix
            and (module == found.name or module.startswith(start))
            for key in keys
            if key not in self.filled
        ]

    # ----------------------------------------------------------------------- placing
    def target_key(self, found: Found, target: str) -> Key | None:
        """The key a layout's target means in this module, if the module has it."""
        collection, _, rest = target.partition(":")
        inner, _, name = rest.rpartition("/")
        modules = [found.name]
        if inner:
            modules = [f"{found.name}/{inner}", f"{found.name}/~/{inner}"]
        for module in modules:
            key = Key(found.prefix + collection, module, name)
            if key in self.trace.leaves:
                return key
        return None

    def _place(
        self, found: Found, placement: Placement, node: int | None, path: Path
    ) -> None:
        keys = tuple(self.target_key(found, target) for target in placement.targets)
        nodes, absent = [], []
        mapped = self._mapped_leaf(keys, placement)
        for relative in placement.sources:
            below = self._below(node, tuple(relative.split("/")))
            if mapped is not None:
                below = self._mapped(mapped)[0]
            if below in self.source.variables:
                nodes.append(below)
            else:
                absent.append("/".join((*path, relative)))
        present = [key for key in keys if key is not None]
        if not present:
            if placement.neutral is not None and nodes:
                self._leave_out(nodes[0], placement.neutral, found)
            return
        if absent:
            for key in present:
                self.reasons[key] = f"the checkpoint has no variable {absent[0]}"
            return
        self.assign(tuple(nodes), keys, placement)

    def _mapped_leaf(self, keys, placement: Placement) -> str | None:
        """The user's own path for the one variable that makes these arrays."""
        if len(placement.sources) != 1 or keys[0] is None:
            return None
        return self.mapping.get(f"{keys[0].module}:{keys[0].name}")

    def _leave_out(self, node: int, neutral: float, found: Found) -> None:
        """Drops a variable that the target has no place for and doesn't need."""
        variable = self.source.variables[node]
        if np.all(self.source.get(node) == neutral):
            self.used[node] = None
            self.notes.append(
                f"{variable.path} is {neutral:g} throughout and left out:"
                f" {found.name} does not use it"
            )

    def _own_leaves(self, found: Found, node: int | None, path: Path) -> None:
        """Places what a module holds itself: by attribute, else by name."""
        for attribute, key in found.values:
            if key in self.filled or key not in self.trace.leaves:
                continue
            below = self._below(node, attribute)
            if below in self.source.variables:
                self.assign((below,), (key,), _IDENTITY)
            elif not key.module:
                shown = "/".join((*path, *attribute))
                self.reasons[key] = f"the checkpoint has no variable {shown}"
        for key in self.owned.get((found.prefix, found.name), ()):
            if key in self.filled or key in self.reasons:
                continue
            mapped = self.mapping.get(f"{key.module}:{key.name}")
            names = layout_for(found).names
            if mapped is not None:
                below = self._mapped(mapped)[0]
            elif names is not None:
                below = self._below(node, tuple(names(key.name).split("/")))
            else:
                below = self._by_name(found, key.name, node)
            if below in self.source.variables:
                self.assign((below,), (key,), _IDENTITY)
            else:
                self.reasons[key] = self._nearest(node, path)

    def _by_name(self, found: Found, name: str, node: int | None) -> int | None:
        if node is None:
            return None
        children = self.source.children(node)
        for candidate in (name, f"_{name}", f"_{_class_name(found)}__{name}"):
            if children.get(candidate) in self.source.variables:
                return children[candidate]
        # The variable's own name, as given to tf.Variable, if only one child has it.
        named = {
            child
            for child in children.values()
            if child in self.source.variables
            and self.source.variables[child].full_name.rpartition("/")[2] == name
        }
        return named.pop() if len(named) == 1 else None

    def _nearest(self, node: int | None, path: Path) -> str:
        shown = "/".join(path) or "the root"
        if node is not None:
            names = ", ".join(sorted(self.source.children(node))[:8]) or "nothing"
            return f"{shown} in the checkpoint holds {names}"
        for size in range(len(path) - 1, -1, -1):
            above = self.source.resolve(path[:size])
            if above is not None:
                names = ", ".join(sorted(self.source.children(above))[:8])
                return (
                    f"the checkpoint has no {shown};"
                    f" {'/'.join(path[:size]) or 'its root'} holds {names}"
                )
        return f"the checkpoint has no {shown}"

    def assign(
        self,
        nodes: tuple[int, ...],
        keys: tuple[Key | None, ...],
        placement: Placement,
    ) -> None:
        """Records that some variables make some arrays, if they fit."""
        variables = [self.source.variables[node] for node in nodes]
        label = " + ".join(variable.path for variable in variables)
        present = [key for key in keys if key is not None]
        if present and all(self.filled.get(key) == label for key in present):
            return  # reached by a second way
        for key in present:
            if key in self.filled:
                self.mismatched.append(
                    Problem(str(key), f"both {self.filled[key]} and {label} fit here")
                )
                return
        for node in nodes:
            if self.used.get(node) is not None:
                self.mismatched.append(
                    Problem(
                        label,
                        f"one variable in the checkpoint, but the program has both"
                        f" {self.used[node]} and {present[0]}",
                    )
                )
                return
        problem = self._misfit(variables, keys, placement)
        for node in nodes:
            self.used[node] = present[0]
        for key in present:
            self.filled[key] = label
        if problem:
            self.mismatched.append(Problem(f"{label} → {present[0]}", problem))
        else:
            self.assignments.append(Assignment(nodes, keys, placement))

    def _misfit(self, variables, keys, placement: Placement) -> str:
        """Why the variables can't make the arrays, or the empty string."""
        shapes = [self.trace.leaves[key].shape if key else None for key in keys]
        made = self._made_shapes(variables, shapes, placement)
        if isinstance(made, str):
            return made
        for (shape, derived), key in zip(made, keys, strict=True):
            if key is None:
                continue
            leaf = self.trace.leaves[key]
            if shape != leaf.shape:
                return f"shape {list(shape)} in the checkpoint, {list(leaf.shape)} here"
            kind = variables[0].dtype if derived else leaf.dtype
            if casting.change(kind, leaf.dtype) is Change.LOSSY and not self.lossy:
                return (
                    f"{kind or 'an unknown type'} in the checkpoint, {leaf.dtype} here;"
                    " --cast converts with loss"
                )
        return ""

    @staticmethod
    def _made_shapes(variables, shapes, placement: Placement):
        """(shape, whether it comes from the variables) of each array, or a reason."""
        if placement.forward is None:
            source, target = variables[0].shape, shapes[0]
            fits = placement.reshape.allows(source, target)
            return [(target if fits else source, True)]
        mark = np.int8
        stand_ins = tuple(np.zeros(v.shape, mark) for v in variables)
        try:
            made = placement.forward(stand_ins, shapes)
            return [(np.shape(a), a.dtype == mark) for a in made]
        except (ValueError, IndexError) as error:
            return f"shapes {[list(v.shape) for v in variables]} do not fit ({error})"

    # ------------------------------------------------------------------------ lists
    def plan(self, waivers: Waivers) -> Plan:
        """Sums up: everything that was not placed goes on one of the lists."""
        plan = Plan(self.source, self.trace.leaves, assignments=self.assignments)
        plan.notes += self.notes
        rounded = [a for a in self.assignments if not a.placement.exact]
        if rounded:
            first = self.source.variables[rounded[0].nodes[0]].path
            plan.notes.append(
                f"{len(rounded)} biases lose one in the forget gate, which Haiku adds"
                f" again when it runs: rounded once ({first}, …)"
            )
        for problem in self.mismatched:
            subject = problem.subject.split(" → ")[0]
            waived = waivers.cover(subject)
            (plan.ignored if waived else plan.mismatched).append(problem)
        for key in self.trace.leaves:
            if key not in self.filled:
                problem = Problem(str(key), self.reasons.get(key, ""))
                waived = waivers.cover(str(key))
                (plan.ignored if waived else plan.missing).append(problem)
        for name, problem in self._leftovers():
            waived = waivers.cover(*name)
            (plan.ignored if waived else plan.unexpected).append(problem)
        return plan

    def _leftovers(self) -> Iterable[tuple[tuple[str, str], Problem]]:
        placed = {self.source.variables[node].key for node in self.used}
        placed |= self.source.bookkeeping
        for node, variable in self.source.variables.items():
            if variable.key in placed:
                continue
            placed.add(variable.key)
            slot = node in self.source.slot_nodes
            reason = "a Keras optimizer's slot variable" if slot else ""
            reason = reason or self._hint(variable.path)
            yield (variable.path, variable.key), Problem(variable.path, reason)
        for key in self.source.reader.keys():
            if key not in placed:
                entry = self.source.reader.entry(key)
                reason = f"{entry.dtype_name} data that is no variable"
                yield (key, key), Problem(key, reason)

    def _hint(self, path: str) -> str:
        """What may help with a variable that has no place, or the empty string."""
        if path.endswith(("/average", "/_hidden", "/_counter")):
            return "a moving average: was init traced in training mode?"
        return ""
