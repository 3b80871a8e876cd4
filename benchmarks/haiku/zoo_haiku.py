"""The models by the Haiku API, on any implementation of it."""

import importlib
import sys

from benchmarks.haiku.common import HEADS, KEY, LAYERS, Case, D


def haiku_cases(modname):
    import jax

    hk = importlib.import_module(modname)

    class Block(hk.Module):
        def __call__(self, x):
            h = hk.LayerNorm(-1, True, True)(x)
            h = hk.MultiHeadAttention(
                HEADS, KEY, w_init=hk.initializers.VarianceScaling(), model_size=D
            )(h, h, h)
            x = x + h
            h = hk.LayerNorm(-1, True, True)(x)
            h = hk.Linear(D)(jax.nn.gelu(hk.Linear(4 * D)(h)))
            return x + h

    class Transformer(hk.Module):
        def __call__(self, x):
            for _ in range(LAYERS):
                x = Block()(x)
            return hk.LayerNorm(-1, True, True)(x)

    def lstm(x):
        core = hk.LSTM(128)
        return hk.dynamic_unroll(core, x, core.initial_state(x.shape[1]))[0]

    fns = dict(
        mlp=lambda x: hk.nets.MLP([128] * 3)(x),
        mlp100=lambda x: hk.nets.MLP([16] * 100)(x),
        resnet50=lambda x: hk.nets.ResNet50(1000)(x, is_training=True),
        transformer=lambda x: Transformer()(x),
        lstm=lstm,
        layer_stack=lambda x: hk.layer_stack(LAYERS)(lambda y: Block()(y))(x),
    )

    def mk(name, f):
        if name == "resnet50":
            t = hk.transform_with_state(f)
            return Case(t.init, lambda p, s, x: t.apply(p, s, None, x))
        t = hk.transform(f)
        return Case(
            lambda k, x: (t.init(k, x), {}), lambda p, s, x: (t.apply(p, None, x), s)
        )

    out = {}
    for n, f in fns.items():
        try:
            out[n] = mk(n, f)
        except AttributeError as e:
            print(f"# {modname}: no {n}: {e}", file=sys.stderr)
    return out
