"""Run-once methods, and variables given by their initial value."""

import haiku
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import haiku_core
import haiku_core.sonnet as own_sonnet
from tests.support.copied import on_dm_haiku


@pytest.fixture(scope="module", params=["haiku_core", "haiku"])
def sides(request, tmp_path_factory):
    if request.param == "haiku_core":
        return haiku_core, own_sonnet
    folder = tmp_path_factory.mktemp("copied")
    return haiku, on_dm_haiku("haiku_core.sonnet", folder)


def lazy(hk, sonnet):
    class Lazy(hk.Module):
        @sonnet.once
        def _initialize(self, x):
            self.gain = sonnet.parameter("gain", lambda: 2 * jnp.ones(x.shape[-1]))
            self.count = sonnet.state("count", lambda: jnp.zeros([], jnp.int32))
            self.noise = sonnet.parameter(
                "noise", lambda: jax.random.normal(hk.next_rng_key(), [3])
            )
            self.inner = hk.Linear(2)

        def __call__(self, x):
            self._initialize(x)
            return self.inner(x * self.gain)

    return Lazy


def test_runs_once_for_each_trace(sides):
    hk, sonnet = sides

    def run(x):
        module = lazy(hk, sonnet)()
        return module(module(x))

    f = hk.transform_with_state(run)
    x = np.ones((4, 2), np.float32)
    params, state = f.init(jax.random.PRNGKey(0), x)
    assert len(params) == 2  # the module's own, and one linear layer: not two
    assert params["lazy"]["gain"].tolist() == [2, 2]
    assert np.std(params["lazy"]["noise"]) > 0
    assert state["lazy"]["count"].dtype == jnp.int32
    out, _ = f.apply(params, state, None, x)
    assert out.shape == (4, 2)


def test_returning_a_value_raises(sides):
    hk, sonnet = sides

    class Wrong(hk.Module):
        @sonnet.once
        def start(self):
            return 1

        def __call__(self):
            self.start()

    with pytest.raises(ValueError, match="can't return"):
        hk.transform(lambda: Wrong()()).init(None)
