"""The models in Flax linen."""

from benchmarks.haiku.common import HEADS, LAYERS, Case, D


def flax_cases():
    import flax.linen as nn
    import jax.numpy as jnp

    class MLP(nn.Module):
        sizes: tuple

        @nn.compact
        def __call__(self, x):
            for i, n in enumerate(self.sizes):
                x = nn.Dense(n)(x)
                if i < len(self.sizes) - 1:
                    x = nn.relu(x)
            return x

    class Bottleneck(nn.Module):
        ch: int
        stride: int
        proj: bool

        @nn.compact
        def __call__(self, x):
            def norm(**k):
                return nn.BatchNorm(use_running_average=False, momentum=0.9, **k)

            y = nn.relu(norm()(nn.Conv(self.ch // 4, (1, 1), use_bias=False)(x)))
            y = nn.Conv(self.ch // 4, (3, 3), (self.stride,) * 2, use_bias=False)(y)
            y = nn.relu(norm()(y))
            y = norm(scale_init=nn.initializers.zeros)(
                nn.Conv(self.ch, (1, 1), use_bias=False)(y)
            )
            if self.proj:
                x = norm()(
                    nn.Conv(self.ch, (1, 1), (self.stride,) * 2, use_bias=False)(x)
                )
            return nn.relu(x + y)

    class ResNet(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Conv(64, (7, 7), (2, 2), use_bias=False)(x)
            x = nn.relu(nn.BatchNorm(use_running_average=False, momentum=0.9)(x))
            x = nn.max_pool(x, (3, 3), (2, 2), "SAME")
            for g, (n, c) in enumerate(
                zip((3, 4, 6, 3), (256, 512, 1024, 2048), strict=False)
            ):
                for b in range(n):
                    x = Bottleneck(c, (1, 2, 2, 2)[g] if b == 0 else 1, b == 0)(x)
            return nn.Dense(1000)(jnp.mean(x, axis=(1, 2)))

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.LayerNorm()(x)
            x = x + nn.MultiHeadDotProductAttention(HEADS, qkv_features=D)(h, h)
            h = nn.LayerNorm()(x)
            return x + nn.Dense(D)(nn.gelu(nn.Dense(4 * D)(h)))

    class Transformer(nn.Module):
        @nn.compact
        def __call__(self, x):
            for _ in range(LAYERS):
                x = Block()(x)
            return nn.LayerNorm()(x)

    class ScanBlock(nn.Module):
        @nn.compact
        def __call__(self, x, _):
            return Block()(x), None

    class Stack(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.scan(
                ScanBlock,
                variable_axes={"params": 0},
                split_rngs={"params": True},
                length=LAYERS,
            )()(x, None)[0]

    ms = dict(
        mlp=MLP((128,) * 3),
        mlp100=MLP((16,) * 100),
        resnet50=ResNet(),
        transformer=Transformer(),
        layer_stack=Stack(),
        lstm=nn.RNN(nn.OptimizedLSTMCell(128), time_major=True),
    )

    def mk(m, stateful):
        def init(k, x):
            v = dict(m.init(k, x))
            return v.pop("params"), v

        if stateful:

            def ap(p, s, x):
                return m.apply({"params": p, **s}, x, mutable=["batch_stats"])
        else:

            def ap(p, s, x):
                return (m.apply({"params": p}, x), s)

        return Case(init, ap)

    return {n: mk(m, n == "resnet50") for n, m in ms.items()}
