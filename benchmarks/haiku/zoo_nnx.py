"""The models in Flax NNX."""

from benchmarks.haiku.common import HEADS, LAYERS, Case, D


def nnx_cases():
    import jax.numpy as jnp
    from flax import nnx

    class MLP(nnx.Module):
        def __init__(self, sizes, din, rngs):
            ls = []
            for n in sizes:
                ls.append(nnx.Linear(din, n, rngs=rngs))
                din = n
            self.layers = nnx.List(ls)

        def __call__(self, x):
            for i, layer in enumerate(self.layers):
                x = layer(x)
                if i < len(self.layers) - 1:
                    x = nnx.relu(x)
            return x

    def norm(c, rngs):
        return nnx.BatchNorm(c, use_running_average=False, momentum=0.9, rngs=rngs)

    def cv(i, o, k, s, rngs):
        return nnx.Conv(i, o, (k, k), (s, s), use_bias=False, rngs=rngs)

    class Bottleneck(nnx.Module):
        def __init__(self, i, c, stride, proj, rngs):
            self.c0, self.n0 = cv(i, c // 4, 1, 1, rngs), norm(c // 4, rngs)
            self.c1, self.n1 = cv(c // 4, c // 4, 3, stride, rngs), norm(c // 4, rngs)
            self.c2, self.n2 = cv(c // 4, c, 1, 1, rngs), norm(c, rngs)
            self.proj = proj
            if proj:
                self.pc, self.pn = cv(i, c, 1, stride, rngs), norm(c, rngs)

        def __call__(self, x):
            y = nnx.relu(self.n0(self.c0(x)))
            y = nnx.relu(self.n1(self.c1(y)))
            y = self.n2(self.c2(y))
            return nnx.relu((self.pn(self.pc(x)) if self.proj else x) + y)

    class ResNet(nnx.Module):
        def __init__(self, rngs):
            self.c0, self.n0 = cv(3, 64, 7, 2, rngs), norm(64, rngs)
            bl, i = [], 64
            for g, (n, c) in enumerate(
                zip((3, 4, 6, 3), (256, 512, 1024, 2048), strict=False)
            ):
                for b in range(n):
                    bl.append(
                        Bottleneck(i, c, (1, 2, 2, 2)[g] if b == 0 else 1, b == 0, rngs)
                    )
                    i = c
            self.blocks, self.out = nnx.List(bl), nnx.Linear(i, 1000, rngs=rngs)

        def __call__(self, x):
            x = nnx.relu(self.n0(self.c0(x)))
            x = nnx.max_pool(x, (3, 3), (2, 2), "SAME")
            for b in self.blocks:
                x = b(x)
            return self.out(jnp.mean(x, axis=(1, 2)))

    class Block(nnx.Module):
        def __init__(self, rngs):
            self.l0, self.l1 = nnx.LayerNorm(D, rngs=rngs), nnx.LayerNorm(D, rngs=rngs)
            self.a = nnx.MultiHeadAttention(HEADS, D, decode=False, rngs=rngs)
            self.f0, self.f1 = (
                nnx.Linear(D, 4 * D, rngs=rngs),
                nnx.Linear(4 * D, D, rngs=rngs),
            )

        def __call__(self, x):
            x = x + self.a(self.l0(x))
            return x + self.f1(nnx.gelu(self.f0(self.l1(x))))

    class Transformer(nnx.Module):
        def __init__(self, rngs):
            self.blocks = nnx.List([Block(rngs) for _ in range(LAYERS)])
            self.ln = nnx.LayerNorm(D, rngs=rngs)

        def __call__(self, x):
            for b in self.blocks:
                x = b(x)
            return self.ln(x)

    class Stack(nnx.Module):
        def __init__(self, rngs):
            @nnx.split_rngs(splits=LAYERS)
            @nnx.vmap(in_axes=(0,), out_axes=0)
            def make(rngs):
                return Block(rngs)

            self.blocks = make(rngs)

        def __call__(self, x):
            @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
            def f(x, b):
                return b(x)

            return f(x, self.blocks)

    mk_ = dict(
        mlp=lambda r: MLP([128] * 3, 128, r),
        mlp100=lambda r: MLP([16] * 100, 16, r),
        resnet50=ResNet,
        transformer=Transformer,
        layer_stack=Stack,
        lstm=lambda r: nnx.RNN(
            nnx.OptimizedLSTMCell(64, 128, rngs=r), time_major=True, rngs=r
        ),
    )

    def mk(ctor):
        cell = {}

        def gdef():
            if "g" not in cell:
                m = nnx.eval_shape(lambda: ctor(nnx.Rngs(0)))
                cell["g"] = nnx.split(m, nnx.Param, ...)[0]
            return cell["g"]

        def init(k, x):
            _, p, s = nnx.split(ctor(nnx.Rngs(k)), nnx.Param, ...)
            return p, s

        def apply(p, s, x):
            m = nnx.merge(gdef(), p, s, copy=True)
            y = m(x)
            return y, nnx.split(m, nnx.Param, ...)[2]

        def jit(x):
            m = ctor(nnx.Rngs(0))
            f = nnx.jit(lambda m, x: m(x))
            return lambda: f(m, x)

        def step(tx, x):
            m = ctor(nnx.Rngs(0))
            opt = nnx.Optimizer(m, tx, wrt=nnx.Param)

            @nnx.jit
            def s(m, opt, x):
                loss_, g = nnx.value_and_grad(lambda m: jnp.mean(m(x) ** 2))(m)
                opt.update(m, g)
                return loss_

            return lambda: s(m, opt, x)

        return Case(init, apply, jit=jit, step=step)

    return {n: mk(c) for n, c in mk_.items()}
