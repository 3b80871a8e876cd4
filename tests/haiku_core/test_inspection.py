"""Tables, listings and graphs of models."""

import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

import haiku_core as hk
from tests.haiku_core.compared import x
from tests.haiku_core.upstream import haiku


def _program(lib):
    class Net(lib.Module):
        def __init__(self, sizes, name=None):
            super().__init__(name)
            self.sizes = sizes

        def __call__(self, x, scale=1.0):
            for size in self.sizes:
                x = self.layer(x, size)
            lib.set_state("seen", lib.get_state("seen", (), init=jnp.zeros) + 1)
            return {"out": x * scale}

        def layer(self, x, size):
            w = lib.get_parameter(f"w{size}", (x.shape[-1], size), init=jnp.ones)
            return lib.Linear(size, name=f"linear_{size}")(jax.nn.relu(jnp.dot(x, w)))

        def nothing(self):
            lib.get_parameter("b", (), init=jnp.ones)

    def f(x):
        net = Net([3, 4])
        net.nothing()
        return net(x, scale=2.0)

    return f


@pytest.mark.parametrize(
    ("columns", "filters"), [(None, None), (("module", "params_size"), ("has_params",))]
)
def test_tables_as_upstream(columns, filters):
    tables = []
    for lib in (hk, haiku):
        f = lib.transform_with_state(_program(lib))
        tabulate = lib.experimental.tabulate(f, columns=columns, filters=filters)
        tables.append(tabulate(x(2, 5)))
    assert tables[0] == tables[1]
    assert "net (Net.layer)" in tables[0]


def test_summary():
    calls = hk.experimental.eval_summary(_program(hk))(x(2, 5))
    assert [call.module_details.method_name for call in calls] == [
        "nothing",
        "__call__",
        "layer",
        "__call__",
        "layer",
        "__call__",
    ]
    outer, linear = calls[1], calls[3]
    assert repr(outer.output_spec) == "{'out': f32[2,4]}"
    assert repr(outer.args_spec) == "(f32[2,5],)"
    assert outer.kwargs_spec == {"scale": 2.0}
    assert list(outer.module_details.state) == ["net/seen"]
    stack = [details.module.module_name for details in linear.call_stack]
    assert stack == ["net/~layer/linear_3", "net", "net"]
    assert linear.module_details.params["net/~layer/linear_3/w"].size == 9
    with pytest.raises(ValueError, match="Invalid column"):
        hk.experimental.tabulate(_program(hk), columns=["nonsense"])


def _flops(equation, expression):
    return max(v.aval.size for v in equation.outvars)


def _inner(lib, x):
    class Inner(lib.Module):
        def __call__(self, x):
            w = lib.get_parameter("w", (x.shape[-1], 2), init=jnp.ones)
            y = jax.lax.dot(x, w)
            unused = jnp.sin(y)
            del unused
            return jnp.cos(y)

        def half(self, x):
            return jax.jit(lambda x: self(x) / 2)(x)

    net = Inner()
    loop = jax.lax.scan(lambda c, _: (c + 1, c), x.sum(), None, length=3)[1]
    return net(x), net.half(x), loop


@pytest.mark.parametrize("flops", [None, _flops])
def test_listings_as_upstream(flops):
    texts = []
    for lib in (hk, haiku):
        f = lib.transform(lambda x, lib=lib: _inner(lib, x))
        info = lib.experimental.jaxpr_info
        module = info.make_model_info(f.apply, compute_flops=flops)(
            {"inner": {"w": jnp.ones((3, 2))}}, None, x(4, 3)
        )
        texts.append(info.format_module(module))
    assert texts[0] == texts[1]
    assert "sin" not in texts[0]


def test_html():
    info = hk.experimental.jaxpr_info
    f = hk.transform(lambda x: _inner(hk, x)).apply
    module = info.make_model_info(f, name="<b>")(
        {"inner": {"w": jnp.ones((3, 2))}}, None, x(4, 3)
    )
    page = info.as_html_page(module)
    assert "&lt;b&gt;" in page
    assert "<b><b>" not in page
    assert info.css() in page
    assert page.count("<details") == page.count("</details>") >= 4
    assert "6 param" in page


def _graph(dot):
    """(titles of clusters, labels of nodes, edges) of a graph's text."""
    assert dot.count("{") == dot.count("}")
    nodes = dict(re.findall(r"^\s*(n\d+) \[label=<(.*?)>, shape", dot, re.M))
    edges = re.findall(r"^\s*(n\d+) -> (n\d+);", dot, re.M)
    assert {end for edge in edges for end in edge} <= set(nodes)
    titles = re.findall(r"subgraph cluster_\d+ {\n.*\n\s*label = <<b>(.*?)</b>>", dot)
    return titles, list(nodes.values()), edges


def test_graph():
    f = hk.transform(lambda x: _inner(hk, x)).apply
    params = {"inner": {"w": jnp.ones((3, 2))}}
    dot = hk.to_dot(f)(params, None, x(4, 3))
    titles, labels, edges = _graph(dot)
    assert titles[:2] == ["inner", "inner (half)"]
    assert "jit (&lt;lambda&gt;)" in titles
    assert sum("dot_general" in label for label in labels) == 2
    assert any(label.startswith("<b>args[0]: inner/w</b>") for label in labels)
    assert any("(reuse)" in label for label in labels)
    assert any(label.startswith("<b>output[0]</b>") for label in labels)
    shapes = jax.tree.map(lambda v: jax.ShapeDtypeStruct(v.shape, v.dtype), params)
    abstract = hk.experimental.abstract_to_dot(f)(
        shapes, None, jax.ShapeDtypeStruct((4, 3), "float32")
    )
    assert _graph(abstract) == (titles, labels, edges)


def test_graph_inside_of_a_transform():
    def f(x):
        layer = hk.Linear(2)
        seen.append(hk.to_dot(layer)(x))
        return layer(x)

    seen = []
    params = hk.transform(f).init(0, x(4, 3))
    assert list(params) == ["linear"]
    titles, labels, _ = _graph(seen[0])
    assert titles[0] == "linear"
    assert any("dot_general" in label for label in labels)


def test_flax_modules_in_both_directions():
    import flax.linen as nn

    def f(x):
        return hk.experimental.flax.lift(nn.Dense(3), name="dense")(x)

    f = hk.transform(f)
    params = f.init(0, x(2, 4))
    assert params["dense/~"]["kernel"].shape == (4, 3)
    assert f.apply(params, None, x(2, 4)).shape == (2, 3)
    module = hk.experimental.flax.Module.create(hk.Linear, 3)
    variables = module.init(jax.random.PRNGKey(0), x(2, 4))
    assert variables["params"]["linear"]["w"].shape == (4, 3)
    assert module.apply(variables, x(2, 4)).shape == (2, 3)


def test_import_is_light():
    """No other library than JAX and numpy, and none of what is only for inspection."""
    code = (
        "import sys, jax, jax.numpy\n"
        "before = set(sys.modules)\n"
        "import haiku_core\n"
        "new = {m for m in set(sys.modules) - before}\n"
        "print(sorted(m for m in new if not m.startswith('haiku_core')))\n"
        "print(sorted(m for m in new if 'summarise' in m or 'jaxpr' in m))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
