"""The models in Equinox."""

from benchmarks.haiku.common import HEADS, LAYERS, Case, D


def equinox_cases():
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    class MLP(eqx.Module):
        layers: list

        def __init__(self, sizes, din, key):
            self.layers = []
            for n, k in zip(sizes, jax.random.split(key, len(sizes)), strict=False):
                self.layers.append(eqx.nn.Linear(din, n, key=k))
                din = n

        def __call__(self, x):
            for layer in self.layers[:-1]:
                x = jax.nn.relu(layer(x))
            return self.layers[-1](x)

    def bn(c):
        return eqx.nn.BatchNorm(c, "batch", momentum=0.9, mode="batch")

    def cv(i, o, k, s, key):
        return eqx.nn.Conv2d(i, o, k, s, padding="SAME", use_bias=False, key=key)

    class Bottleneck(eqx.Module):
        c: list
        n: list
        pc: object
        pn: object

        def __init__(self, i, ch, stride, proj, key):
            k = jax.random.split(key, 4)
            q = ch // 4
            self.c = [
                cv(i, q, 1, 1, k[0]),
                cv(q, q, 3, stride, k[1]),
                cv(q, ch, 1, 1, k[2]),
            ]
            self.n = [bn(q), bn(q), bn(ch)]
            self.pc, self.pn = (
                (cv(i, ch, 1, stride, k[3]), bn(ch)) if proj else (None, None)
            )

        def __call__(self, x, s):
            y = x
            for j in range(3):
                y, s = self.n[j](self.c[j](y), s)
                if j < 2:
                    y = jax.nn.relu(y)
            if self.pc is not None:
                x, s = self.pn(self.pc(x), s)
            return jax.nn.relu(x + y), s

    class ResNet(eqx.Module):
        c0: object
        n0: object
        pool: object
        blocks: list
        out: object

        def __init__(self, key):
            ks = iter(jax.random.split(key, 18))
            self.c0, self.n0 = cv(3, 64, 7, 2, next(ks)), bn(64)
            self.pool = eqx.nn.MaxPool2d(3, 2, padding=1)
            self.blocks = []
            i = 64
            for g, (n, c) in enumerate(
                zip((3, 4, 6, 3), (256, 512, 1024, 2048), strict=False)
            ):
                for b in range(n):
                    self.blocks.append(
                        Bottleneck(
                            i, c, (1, 2, 2, 2)[g] if b == 0 else 1, b == 0, next(ks)
                        )
                    )
                    i = c
            self.out = eqx.nn.Linear(i, 1000, key=next(ks))

        def __call__(self, x, s):
            x, s = self.n0(self.c0(jnp.transpose(x, (2, 0, 1))), s)
            x = self.pool(jax.nn.relu(x))
            for b in self.blocks:
                x, s = b(x, s)
            return self.out(jnp.mean(x, axis=(1, 2))), s

    class Block(eqx.Module):
        l0: object
        l1: object
        a: object
        f0: object
        f1: object

        def __init__(self, key):
            k = jax.random.split(key, 3)
            self.l0, self.l1 = eqx.nn.LayerNorm(D), eqx.nn.LayerNorm(D)
            self.a = eqx.nn.MultiheadAttention(
                HEADS,
                D,
                use_query_bias=True,
                use_key_bias=True,
                use_value_bias=True,
                use_output_bias=True,
                key=k[0],
            )
            self.f0 = eqx.nn.Linear(D, 4 * D, key=k[1])
            self.f1 = eqx.nn.Linear(4 * D, D, key=k[2])

        def __call__(self, x):
            h = jax.vmap(self.l0)(x)
            x = x + self.a(h, h, h)

            def g(y):
                return self.f1(jax.nn.gelu(self.f0(self.l1(y))))

            return x + jax.vmap(g)(x)

    class Transformer(eqx.Module):
        blocks: list
        ln: object

        def __init__(self, key):
            self.blocks = [Block(k) for k in jax.random.split(key, LAYERS)]
            self.ln = eqx.nn.LayerNorm(D)

        def __call__(self, x):
            for b in self.blocks:
                x = b(x)
            return jax.vmap(self.ln)(x)

    class Stack(eqx.Module):
        blocks: object

        def __init__(self, key):
            self.blocks = eqx.filter_vmap(Block)(jax.random.split(key, LAYERS))

        def __call__(self, x):
            dyn, stat = eqx.partition(self.blocks, eqx.is_array)
            return jax.lax.scan(lambda c, d: (eqx.combine(d, stat)(c), None), x, dyn)[0]

    class LSTM(eqx.Module):
        cell: object

        def __init__(self, key):
            self.cell = eqx.nn.LSTMCell(64, 128, key=key)

        def __call__(self, x):  # x: [T, in]
            def f(c, x):
                c = self.cell(x, c)
                return c, c[0]

            return jax.lax.scan(f, (jnp.zeros(128), jnp.zeros(128)), x)[1]

    mk_ = dict(
        mlp=lambda k: MLP([128] * 3, 128, k),
        mlp100=lambda k: MLP([16] * 100, 16, k),
        transformer=Transformer,
        layer_stack=Stack,
        lstm=LSTM,
        resnet50=ResNet,
    )

    def mk(name, ctor):
        cell = {}
        stateful = name == "resnet50"
        build = eqx.nn.make_with_state(ctor) if stateful else (lambda k: (ctor(k), {}))
        ax = 1 if name == "lstm" else 0

        def call(m, s, x):
            if stateful:
                return jax.vmap(
                    m, axis_name="batch", in_axes=(0, None), out_axes=(0, None)
                )(x, s)
            return jax.vmap(m, in_axes=ax, out_axes=ax)(x), s

        def init(k, x):
            m, s = build(k)
            p, cell["static"] = eqx.partition(m, eqx.is_inexact_array)
            return p, s

        def apply(p, s, x):
            return call(eqx.combine(p, cell["static"]), s, x)

        def make(k, x):
            return init(k, x)

        def jit(x):
            m, s = build(jax.random.PRNGKey(0))
            f = eqx.filter_jit(lambda m, s, x: call(m, s, x)[0])
            return lambda: f(m, s, x)

        def step(tx, x):
            m, s = build(jax.random.PRNGKey(0))
            b = {"m": m, "o": tx.init(eqx.filter(m, eqx.is_inexact_array))}

            @eqx.filter_jit
            def f(m, o, x):
                loss_, g = eqx.filter_value_and_grad(
                    lambda m: jnp.mean(call(m, s, x)[0] ** 2)
                )(m)
                u, o = tx.update(g, o)
                return loss_, eqx.apply_updates(m, u), o

            def go():
                loss_, b["m"], b["o"] = f(b["m"], b["o"], x)
                return loss_

            return go

        return Case(init, apply, jit=jit, make=make, step=step)

    return {n: mk(n, c) for n, c in mk_.items()}
