"""Variables: parameters and state inside modules, boxes outside."""

from __future__ import annotations

import libcst as cst

from migrate import results
from migrate.analysis import trees
from migrate.rewrite import build, templates
from migrate.rules.structural import handles

_ORDER = (
    "initial_value",
    "trainable",
    "validate_shape",
    "caching_device",
    "name",
    "variable_def",
    "dtype",
)
_KNOWN = frozenset({"initial_value", "trainable", "name", "dtype", "shape"})


def _arguments(node: cst.Call) -> dict[str, cst.BaseExpression] | None:
    found = {}
    for i, given in enumerate(node.args):
        if given.star or (given.keyword is None and i >= len(_ORDER)):
            return None
        found[given.keyword.value if given.keyword else _ORDER[i]] = given.value
    return found


@handles("variables")
def variable(rw, node, name, entry, scope, parent):
    """`tf.Variable(…)`."""
    given = _arguments(node)
    if given is None or "initial_value" not in given or set(given) - _KNOWN:
        strange = ", ".join(sorted(set(given or ()) - _KNOWN)) or "starred arguments"
        rw.leave(
            node.func, "S2H903", name, f"tf.Variable with {strange}", "write it by hand"
        )
        return rw.arguments_only(node, scope)
    if scope.side == "module":
        return _in_module(rw, node, given, scope, parent)
    args = [cst.Arg(rw.expr(given["initial_value"], scope, cst.Arg(node), "value"))]
    for key in ("dtype", "trainable", "name"):
        if key in given:
            value = rw.expr(given[key], scope, cst.Arg(node), "value")
            args.append(build.keyword(key, value))
    rw.note(node, "S2H302", results.SAFE, name, "a variable outside modules is a box")
    return cst.Call(rw.objects("Box"), args)


def _attribute_of(parent: cst.CSTNode | None, scope) -> str | None:
    """`x` where the parent assigns to `self.x`."""
    targets = []
    if isinstance(parent, cst.Assign):
        targets = [t.target for t in parent.targets]
    elif isinstance(parent, cst.AnnAssign):
        targets = [parent.target]
    for target in targets:
        if isinstance(target, cst.Attribute) and scope.is_self(target.value):
            return target.attr.value
    for target in targets:
        if isinstance(target, cst.Name):
            return target.value
    return None


def _in_module(rw, node, given, scope, parent):
    attribute = _attribute_of(parent, scope)
    title = given.get("name")
    if title is None and attribute is None:
        rw.leave(
            node.func,
            "S2H202",
            "tf.Variable",
            "a parameter needs a name of its own",
            "pass name=",
        )
        return rw.arguments_only(node, scope)
    if title is None:
        title = cst.SimpleString(f'"{attribute.lstrip("_")}"')
    else:
        title = rw.expr(title, scope, cst.Arg(title), "value")
    trainable = given.get("trainable")
    is_state = False
    if trainable is not None:
        value = templates.literal(trainable)
        if value is templates.NOT_LITERAL:
            rw.leave(
                node.func,
                "S2H202",
                "tf.Variable",
                "whether it is trained is known only when the program runs",
                "write hk.get_parameter or hk.get_state",
            )
            return rw.arguments_only(node, scope)
        is_state = value is False
    is_state = is_state or attribute in assigned_attributes(scope.owner_class)
    shape, dtype, init = _initializer(rw, given, scope)
    rw.use({"hk"})
    if shape is None:
        lazily = build.lam(init)
        function = "hk.sonnet.state" if is_state else "hk.sonnet.parameter"
        new = rw.spelled(build.call(function, title, lazily))
    else:
        function = "hk.get_state" if is_state else "hk.get_parameter"
        keywords = {} if dtype is None else {"dtype": dtype}
        new = build.call(function, title, shape, **keywords, init=init)
    what = "state" if is_state else "a parameter"
    rw.note(
        node,
        "S2H205" if is_state else "S2H202",
        results.SAFE,
        "tf.Variable",
        f"a variable of a module is {what} of Haiku's",
    )
    return new


_CONSTANTS = {"tf.zeros": "jnp.zeros", "tf.ones": "jnp.ones"}


def _initializer(rw, given, scope):
    """(shape, dtype, initializer); shape None where only the value is known."""
    value = given["initial_value"]
    dtype = given.get("dtype")

    def put(node):
        return rw.expr(node, scope, cst.Arg(node), "value")

    if isinstance(value, cst.Call) and not any(a.star for a in value.args):
        name = rw.kinds.legacy(value.func, scope)
        named = {a.keyword.value: a.value for a in value.args if a.keyword}
        plain = [a.value for a in value.args if not a.keyword]
        if name in _CONSTANTS and not set(named) - {"shape", "dtype", "name"}:
            shape = named.get("shape", plain[0] if plain else None)
            inner = named.get("dtype", plain[1] if len(plain) > 1 else None)
            inner = dtype if dtype is not None else inner
            if _is_shape(rw, shape, scope):
                rw.use({"jnp"})
                return (
                    _as_shape(rw, put(shape), shape, scope),
                    put(inner) if inner is not None else None,
                    build.name(_CONSTANTS[name]),
                )
        if name is None and _calls_initializer(value, plain, named):
            shape = named.get("shape", plain[0] if plain else None)
            inner = named.get("dtype", plain[1] if len(plain) > 1 else None)
            inner = dtype if dtype is not None else inner
            return (
                put(shape),
                put(inner) if inner is not None else None,
                put(value.func),
            )
    new = put(value)
    if dtype is not None:
        rw.use({"jnp"})
        new = build.call("jnp.asarray", new, put(dtype))
    return None, None, new


def _is_shape(rw, node: cst.BaseExpression | None, scope) -> bool:
    """Whether an expression is known to be a shape, or a size that stands for one."""
    if node is None:
        return False
    sort = rw.kind(node, scope).sort
    named = (trees.dotted(node) or "").rpartition(".")[2].lower()
    return sort in ("seq", "tuple", "shape", "number") or "shape" in named


def _as_shape(rw, new, old, scope) -> cst.BaseExpression:
    """`[n]` of a single size `n`, which TensorFlow takes for a shape."""
    if rw.kind(old, scope).sort != "number":
        return new
    return cst.List([cst.Element(new)])


def _calls_initializer(value, plain, named) -> bool:
    """Whether a call looks like `init(shape, dtype)`."""
    if set(named) - {"shape", "dtype"} or len(plain) + len(named) not in (1, 2):
        return False
    text = (trees.dotted(value.func) or trees.code(value.func)).lower()
    return "init" in text


def assigned_attributes(klass) -> set[str]:
    """Attributes of a class whose variables its own methods assign to."""
    if klass is None:
        return set()
    cached = getattr(klass, "_assigned", None)
    if cached is None:
        cached = set()
        for method in klass.methods.values():
            for node in trees.walk(method):
                if (
                    isinstance(node, cst.Call)
                    and isinstance(node.func, cst.Attribute)
                    and node.func.attr.value in ("assign", "assign_add", "assign_sub")
                    and isinstance(node.func.value, cst.Attribute)
                    and isinstance(node.func.value.value, cst.Name)
                ):
                    cached.add(node.func.value.attr.value)
        klass._assigned = cached
    return cached


def state_names(rw, klass) -> dict[str, cst.BaseExpression]:
    """Attributes of a module class that hold state, with their names in Haiku."""
    if klass is None or klass.side != "module":
        return {}
    cached = getattr(klass, "_state_names", None)
    if cached is not None:
        return cached
    found: dict[str, cst.BaseExpression] = {}
    for method in klass.methods.values():
        scope = rw.kinds.scope_of(method, rw.kinds.top, klass)
        for node in trees.walk_scope(method.body):
            if not isinstance(node, cst.Assign) or not isinstance(node.value, cst.Call):
                continue
            if rw.kinds.legacy(node.value.func, scope) != "tf.Variable":
                continue
            given = _arguments(node.value)
            attribute = _attribute_of(node, scope)
            if given is None or attribute is None:
                continue
            fixed = (
                "trainable" in given and templates.literal(given["trainable"]) is False
            )
            if fixed or attribute in assigned_attributes(klass):
                title = given.get("name")
                if title is None or templates.literal(title) is templates.NOT_LITERAL:
                    title = cst.SimpleString(f'"{attribute.lstrip("_")}"')
                found[attribute] = title
    klass._state_names = found
    return found


_ASSIGNS = {"assign": None, "assign_add": cst.Add(), "assign_sub": cst.Subtract()}


def method(rw, node, scope):
    """`self.count.assign_add(1)` inside a module sets its state."""
    func = node.func
    if not (isinstance(func, cst.Attribute) and func.attr.value in _ASSIGNS):
        return None
    if scope.side != "module":
        return None
    owner = func.value
    names = state_names(rw, scope.owner_class)
    if not (
        isinstance(owner, cst.Attribute)
        and scope.is_self(owner.value)
        and owner.attr.value in names
        and node.args
    ):
        if rw.kind(owner, scope).sort == "variable":
            rw.leave(
                node.func,
                "S2H205",
                "Variable.assign",
                "a variable assigned to here was not found among the module's state",
                "use hk.set_state",
            )
        return None
    title = names[owner.attr.value]
    value = rw.expr(node.args[0].value, scope, node.args[0], "value")
    operator = _ASSIGNS[func.attr.value]
    rw.use({"hk"})
    if operator is not None:
        now = build.call("hk.get_state", title)
        place = cst.BinaryOperation(now, operator, now)
        value = cst.BinaryOperation(now, operator, build.fit(value, place, "right"))
    rw.note(node, "S2H205", results.SAFE, "Variable.assign", "→ hk.set_state")
    if id(node) in rw.statements:
        return build.call("hk.set_state", title, value)
    return rw.spelled(build.call("hk.sonnet.assign", title, value))


def assigned(rw, node: cst.CSTNode, scope) -> cst.SimpleStatementLine | None:
    """What keeps an attribute up to date after `self.count.assign_add(1)`.

    Inside its own class the state is read where it is needed; other modules, and code
    that owns the network, read the attribute.
    """
    call = _only_call(node)
    if call is None or scope.side != "module":
        return None
    func = call.func
    if not (isinstance(func, cst.Attribute) and func.attr.value in _ASSIGNS):
        return None
    owner = func.value
    if not (isinstance(owner, cst.Attribute) and scope.is_self(owner.value)):
        return None
    title = state_names(rw, scope.owner_class).get(owner.attr.value)
    if title is None:
        return None
    rw.statements.add(id(call))
    if not _read_elsewhere(rw, owner.attr.value):
        return None
    return build.assign(owner, build.call("hk.get_state", title))


def kept_for_later(rw, node: cst.CSTNode, scope) -> None:
    """Says of `self.weights = tf.nn.softmax(…)` that it lasts as long as the call.

    Haiku makes a module anew for each call of the transform, Sonnet's stay.
    """
    function = scope.node
    if (
        not isinstance(node, cst.SimpleStatementLine)
        or not isinstance(function, cst.FunctionDef)
        or function.name.value == "__init__"
        or scope.side != "module"
    ):
        return
    for small in node.body:
        if not isinstance(small, cst.Assign):
            continue
        for target in small.targets:
            place = target.target
            if not isinstance(place, cst.Attribute) or not scope.is_self(place.value):
                continue
            if rw.kind(small.value, scope).sort == "tensor":
                code = trees.code(place)
                rw.note(
                    place,
                    "S2H205",
                    results.ASSUMED,
                    "",
                    f"{code} lasts for this call only: exact if nobody reads it later",
                )


def _only_call(node: cst.CSTNode) -> cst.Call | None:
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1:
        return None
    value = node.body[0].value if isinstance(node.body[0], cst.Expr) else None
    return value if isinstance(value, cst.Call) else None


def _read_elsewhere(rw, attribute: str) -> bool:
    """Whether other code may read an attribute: it is public, or read in this file."""
    if not attribute.startswith("_"):
        return True
    return any(
        isinstance(n, cst.Attribute)
        and n.attr.value == attribute
        and trees.dotted(n.value) != "self"
        for n in trees.walk(rw.module)
    )


def read(rw, node, scope):
    """`self.count` inside a module reads its state, as it is now."""
    found = parameter_of(rw, node, scope) or all_parameters(rw, node, scope)
    if found is not None:
        return found
    if scope.side != "module" or not scope.is_self(node.value):
        return None
    names = state_names(rw, scope.owner_class)
    if node.attr.value not in names:
        return None
    rw.use({"hk"})
    return build.call("hk.get_state", names[node.attr.value])


# Classes whose variables are attributes in Sonnet, and the like parameters in Haiku.
_WITH_PARAMETERS = frozenset({"snt.Linear", "snt.Conv1D", "snt.Conv2D", "snt.Conv3D"})


def parameter_of(rw, node: cst.Attribute, scope):
    """`self._linear.w`: Haiku's modules have no such attribute."""
    if node.attr.value not in ("w", "b"):
        return None
    if scope.is_self(node.value):
        klass = scope.owner_class
        if klass is None or node.attr.value in klass.attributes:
            return None
        bases = [rw.kinds.legacy(b.value, rw.kinds.top) for b in klass.node.bases]
    else:
        kind = rw.kind(node.value, scope)
        bases = [kind.detail] if kind.sort == "module" else []
    if not _WITH_PARAMETERS.intersection(bases):
        return None
    if scope.side != "module":
        return None  # networks outside of transforms have it
    name = f"{bases[0]}.{node.attr.value}"
    value = rw.expr(node.value, scope, node, "value")
    rw.use({"hk"})
    rw.note(node, "S2H202", results.SAFE, name, f"{name} → hk.sonnet.parameter_of")
    title = cst.SimpleString(f'"{node.attr.value}"')
    return rw.spelled(build.call("hk.sonnet.parameter_of", value, title))


def all_parameters(rw, node: cst.Attribute, scope):
    """`self.trainable_variables` inside a module: a list of its parameters."""
    if scope.side != "module" or node.attr.value != "trainable_variables":
        return None
    mine = scope.is_self(node.value) or rw.kind(node.value, scope).sort == "module"
    if not mine:
        return None
    value = rw.expr(node.value, scope, node, "value")
    rw.note(
        node,
        "S2H202",
        results.ASSUMED,
        "snt.Module.trainable_variables",
        "→ params_dict: exact if all its parameters were made before; they are arrays, "
        "without names",
    )
    return build.call("list", build.call(_method(value, "params_dict.values")))


def _method(value: cst.BaseExpression, names: str) -> cst.BaseExpression:
    """`value.first().second`."""
    first, second = names.split(".")
    return cst.Attribute(
        cst.Call(cst.Attribute(value, cst.Name(first))), cst.Name(second)
    )
