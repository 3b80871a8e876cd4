"""The dictionary: one entry per legacy name, read by all parts of the product.

An entry has exactly one outcome:

    op          a function, defined here once; `when` adds guarded spellings
    module      a class of Sonnet's, likewise with guarded spellings
    value       a constant, a dtype, a type: replaced by an expression
    structural  handled by a rule of the rewriter, named by its code
    stays       left as it is on purpose (input pipelines, summaries …)
    manual      a person must look: with the reason and what to do instead

The compat packages call an op's body, the rewriter inlines its spellings, the tests
run both against the original, docs and reports print it.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from compat.dictionary import expressions, guards
from compat.dictionary.kinds import (
    TENSOR,
    ByDtype,
    Dtype,
    Fn,
    Ignored,
    Key,
    Kind,
    Like,
    Other,
    Shape,
    Static,
    T,
    Ts,
)
from compat.dictionary.samples import Call

OUTCOMES = ("op", "module", "value", "structural", "stays", "manual")
ANNOTATIONS = (T, Ts, Static, Dtype, Shape, Fn, Key, Ignored, Other)


@dataclasses.dataclass(frozen=True)
class Spelling:
    """One way to write a call on JAX: a function of one `return` expression.

    Attributes:
      guard: when it is exact (see `guards`); None for always.
      fn: its parameters are the entry's, by name; one that it leaves out (or does not
        use) must be at its default for the spelling to apply.
      because: in what small way it is not exact ("another random stream"); empty
        where it is exact under its guard.
    """

    guard: str | None
    fn: Callable[..., Any]
    because: str = ""


class Entry:
    """What is known of one legacy name (and of its aliases).

    Calling an entry calls the exact body with arrays.

    Attributes:
      signature: of the legacy call: without the parameter annotated `Key`.
      key: the name of that (keyword-only) parameter of the body, or None.
      attribute: the legacy form is no call but an attribute: `x.ndim`.
      random: whether the result is drawn at random: of the key, or of a seed.
      concrete: whether (True, or a guard: when) the shape of the result depends on
        values: the body then runs on concrete arrays, outside of any jit.
      rows: whether (True, or a guard: when) it takes rows of its first argument at its
        second: the gradient by the first is some rows, then.
      constant: it passes no gradient on: what is behind it is unconnected, which
        optimizers tell from a gradient of zeros.
    """

    def __init__(
        self,
        names: Sequence[str],
        outcome: str,
        fn: Callable[..., Any] | None = None,
        *,
        same: Sequence[str] = (),
        returns: Kind | Like | ByDtype = TENSOR,
        check: Sequence[Call] = (),
        helper: bool = True,
        attribute: bool = False,
        concrete: bool | str = False,
        rows: bool | str = False,
        constant: bool = False,
        random: bool = False,
        spelling: str | None = None,
        rule: str | None = None,
        because: str = "",
        instead: str = "",
    ):
        if outcome not in OUTCOMES:
            raise ValueError(f"outcome {outcome!r} is none of {OUTCOMES}")
        self.names = tuple(names)
        self.outcome = outcome
        self.fn = fn
        self.same = tuple(same)
        self.returns = returns
        self.check = tuple(check)
        self.helper = helper
        self.attribute = attribute
        self.concrete = concrete
        self.rows = rows
        self.constant = constant
        self.spelling = spelling
        self.rule = rule
        self.because = because
        self.instead = instead
        self.spellings: list[Spelling] = []
        self.signature = inspect.signature(fn) if fn is not None else None
        self.kinds = _kinds(self.signature, fn)
        self.random = random
        self.key = next((n for n, k in self.kinds.items() if k is Key), None)
        if self.key is not None:
            self.random = True
            del self.kinds[self.key]
            self.signature = self.signature.replace(
                parameters=[
                    p for p in self.signature.parameters.values() if p.name != self.key
                ]
            )
        self.__doc__ = fn.__doc__ if fn is not None else because
        self.__name__ = self.names[0].rpartition(".")[2]

    @property
    def name(self) -> str:
        """The name it is filed under; the others are aliases."""
        return self.names[0]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)

    def when(
        self, guard: str | None = None, because: str = ""
    ) -> Callable[[Callable], Entry]:
        """Adds a spelling, tried after those added before it."""
        guards.parse(guard)

        def add(fn: Callable) -> Entry:
            extra = set(inspect.signature(fn).parameters) - set(self.kinds)
            if extra:
                raise TypeError(f"{self.name}: spelling takes unknown {sorted(extra)}")
            for condition in guards.parse(guard):
                if condition.name not in self.kinds:
                    raise TypeError(f"{self.name}: guard names {condition.name!r}")
            self.spellings.append(Spelling(guard, fn, because))
            return self

        return add

    def ways(self) -> list[Spelling]:
        """The spellings in the order to try, the body last where it is one itself.

        It is where it is a single `return` of an expression over its parameters and
        the usual module aliases, as in `return jnp.exp(x)`.
        """
        ways = list(self.spellings)
        if self.outcome == "op" and self.key is None:
            if expressions.inlinable(self.fn):
                ways.append(Spelling(None, self.fn))
        return ways

    def __repr__(self) -> str:
        return f"<{self.outcome} {self.name}>"


def _kinds(signature: inspect.Signature | None, fn) -> dict[str, type]:
    if signature is None:
        return {}
    named = {a.__name__: a for a in ANNOTATIONS}
    out = {}
    for name, parameter in signature.parameters.items():
        kind = parameter.annotation
        if isinstance(kind, str):  # from __future__ import annotations
            kind = named.get(kind, Other)
        out[name] = kind if kind in ANNOTATIONS else Other
    return out


_ENTRIES: dict[str, Entry] = {}


def add(entry: Entry) -> Entry:
    """Files an entry under each of its names.

    Raises:
      ValueError: a name is taken already.
    """
    for name in entry.names:
        if name in _ENTRIES:
            raise ValueError(f"{name} is defined twice")
    for name in entry.names:
        _ENTRIES[name] = entry
    return entry


def op(
    *names: str,
    same: Sequence[str] = (),
    returns: Kind | Like | ByDtype = TENSOR,
    check: Sequence[Call] = (),
    helper: bool = True,
    attribute: bool = False,
    concrete: bool | str = False,
    rows: bool | str = False,
    constant: bool = False,
    random: bool = False,
    because: str = "",
    instead: str = "",
) -> Callable[[Callable], Entry]:
    """Defines an op: the decorated function is its exact body, on arrays.

    Args:
      *names: the op's legacy names, the usual one first: "tf.reduce_mean",
        "tf.math.reduce_mean". Methods and operators of tensors are named
        "Tensor.numpy", "Tensor.__truediv__"; of variables "Variable.assign".
      same: parameters of one type group: Python numbers among them take the dtype of
        the others, tensors of different dtypes raise. A `Dtype` parameter counts as the
        dtype that it names, where it is given; a `Ts` as its elements.
      returns: the kind of the result, for the analysis.
      check: calls that the generated tests make of the original and of ours.
      helper: whether the rewriter may write the body out as a helper function where
        no spelling applies. The body may then use `jax`, `jnp`, `lax`, `np` and plain
        functions of its own module only.
      attribute: whether the legacy form is an attribute ("Tensor.ndim"), not a call.
      concrete: whether, or under which guard, the shape of the result depends on
        values, so that the body runs on concrete arrays only.
      rows: whether, or under which guard, it takes rows of its first argument.
      constant: whether it passes no gradient on.
      random: whether the result is drawn at random (as it is with a `Key`).
      because: a caveat, for docs and reports.
      instead: what to do where neither a spelling nor a helper serves.
    """

    def define(fn: Callable) -> Entry:
        return add(
            Entry(
                names,
                "op",
                fn,
                same=same,
                returns=returns,
                check=check,
                helper=helper,
                attribute=attribute,
                concrete=concrete,
                rows=rows,
                constant=constant,
                random=random,
                because=because,
                instead=instead,
            )
        )

    return define


def module(name: str, *aliases: str, returns: Kind | None = None) -> Callable:
    """Enters a Sonnet class. Returns the class, with its entry as `cls.entry`.

    The signature is that of the class's `__init__`, without `self`.
    """

    def define(cls: type) -> type:
        kind = returns or Kind("module", detail=name)
        entry = Entry((name, *aliases), "module", cls, returns=kind, helper=False)
        cls.entry = add(entry)
        return cls

    return define


def value(
    *names: str, spelling: str, returns: Kind = TENSOR, because: str = ""
) -> Entry:
    """Enters a name that is no call: `value("tf.float32", spelling="jnp.float32")`.

    `because` holds a caveat; with one, the edit is marked as assumed.
    """
    return add(
        Entry(names, "value", spelling=spelling, returns=returns, because=because)
    )


def structural(*names: str, rule: str, returns: Kind = TENSOR) -> Entry:
    """Enters a name that a rule of the rewriter handles."""
    return add(Entry(names, "structural", rule=rule, returns=returns))


def stays(*names: str, because: str, instead: str = "", returns=TENSOR) -> Entry:
    """Enters a name that is deliberately left in migrated code."""
    return add(Entry(names, "stays", because=because, instead=instead, returns=returns))


def manual(*names: str, because: str, instead: str, returns: Kind = TENSOR) -> Entry:
    """Enters a name that a person must replace."""
    return add(
        Entry(names, "manual", because=because, instead=instead, returns=returns)
    )


def find(name: str) -> Entry | None:
    """The entry of a dotted name; a `name.*` entry covers what has none of its own."""
    entry = _ENTRIES.get(name)
    while entry is None and "." in name:
        name = name.rpartition(".")[0]
        entry = _ENTRIES.get(f"{name}.*")
    return entry


def entries() -> Iterator[Entry]:
    """All entries, each once, in the order of their definition."""
    seen = set()
    for entry in _ENTRIES.values():
        if id(entry) not in seen:
            seen.add(id(entry))
            yield entry


def names() -> list[str]:
    """All names, aliases included, sorted."""
    return sorted(_ENTRIES)
