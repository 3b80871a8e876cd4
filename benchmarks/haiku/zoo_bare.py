"""The models by hand: jnp functions over plain dicts, the operations of dm-haiku."""

from benchmarks.haiku.common import HEADS, KEY, LAYERS, Case, D


def bare_cases():
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax

    f32 = jnp.float32

    class Keys:
        def __init__(self, k):
            self.k = k

        def __call__(self):
            self.k, s = tuple(jax.random.split(self.k, 2))
            return s

    def trunc(ks, shape, std):
        m = lax.convert_element_type(0.0, f32)
        s = lax.convert_element_type(std, f32)
        return s * jax.random.truncated_normal(ks(), -2.0, 2.0, shape, f32) + m

    def lin_i(ks, i, o, std=None):
        return {
            "w": trunc(ks, (i, o), 1 / np.sqrt(i) if std is None else std),
            "b": jnp.zeros((o,), f32),
        }

    def lin(p, x):
        out = jnp.dot(x, p["w"], precision=None)
        return out + jnp.broadcast_to(p["b"], out.shape)

    def mlp_i(sizes):
        def init(k, x):
            ks, p, i = Keys(k), {}, x.shape[-1]
            for n, o in enumerate(sizes):
                p[f"l{n}"] = lin_i(ks, i, o)
                i = o
            mlp_a(p, {}, x)
            return p, {}

        return init

    def mlp_a(p, s, x):
        n = len(p)
        for j in range(n):
            x = lin(p[f"l{j}"], x)
            if j < n - 1:
                x = jax.nn.relu(x)
        return x, s

    # ---- ResNet-50
    DN = lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))

    def conv_i(ks, k, i, o):
        return {"w": trunc(ks, (k, k, i, o), 1 / np.sqrt(k * k * i))}

    def conv(p, x, stride):
        return lax.conv_general_dilated(
            x,
            p["w"],
            (stride, stride),
            "SAME",
            (1, 1),
            (1, 1),
            DN,
            feature_group_count=1,
            precision=None,
        )

    def bn_i(c, zero=False):
        sh = (1, 1, 1, c)

        def ema():
            return {
                "counter": jnp.zeros((), jnp.int32),
                "hidden": jnp.zeros(sh, f32),
                "average": jnp.zeros(sh, f32),
            }

        return (
            {
                "scale": (jnp.zeros if zero else jnp.ones)(sh, f32),
                "offset": jnp.zeros(sh, f32),
            },
            {"mean": ema(), "var": ema()},
        )

    def ema(s, v):
        c = s["counter"] + 1
        d = lax.convert_element_type(0.9, v.dtype)
        one = jnp.ones([], v.dtype)
        h = s["hidden"] * d + v * (one - d)
        return {"counter": c, "hidden": h, "average": h / (one - jnp.power(d, c))}

    def bn(p, s, x):
        mean = jnp.mean(x, [0, 1, 2], keepdims=True)
        var = jnp.mean(jnp.square(x), [0, 1, 2], keepdims=True) - jnp.square(mean)
        s = {"mean": ema(s["mean"], mean), "var": ema(s["var"], var)}
        inv = p["scale"] * lax.rsqrt(var + lax.convert_element_type(1e-5, var.dtype))
        return (x - mean) * inv + p["offset"], s

    BL, CH = (3, 4, 6, 3), (256, 512, 1024, 2048)

    def res_i(k, x):
        ks, p, s = Keys(k), {}, {}
        p["c0"] = conv_i(ks, 7, 3, 64)
        p["b0"], s["b0"] = bn_i(64)
        i = 64
        for g in range(4):
            for b in range(BL[g]):
                c, q, t = CH[g], {}, {}
                if b == 0:
                    q["pc"] = conv_i(ks, 1, i, c)
                    q["pb"], t["pb"] = bn_i(c)
                q["c0"] = conv_i(ks, 1, i, c // 4)
                q["b0"], t["b0"] = bn_i(c // 4)
                q["c1"] = conv_i(ks, 3, c // 4, c // 4)
                q["b1"], t["b1"] = bn_i(c // 4)
                q["c2"] = conv_i(ks, 1, c // 4, c)
                q["b2"], t["b2"] = bn_i(c, True)
                p[f"g{g}b{b}"], s[f"g{g}b{b}"] = q, t
                i = c
        p["logits"] = {"w": jnp.zeros((i, 1000), f32), "b": jnp.zeros((1000,), f32)}
        res_a(p, s, x)
        return p, s

    def res_a(p, s, x):
        n = {}
        x = conv(p["c0"], x, 2)
        x, n["b0"] = bn(p["b0"], s["b0"], x)
        x = jax.nn.relu(x)
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        for g in range(4):
            for b in range(BL[g]):
                q, t, m = p[f"g{g}b{b}"], s[f"g{g}b{b}"], {}
                stride = (1, 2, 2, 2)[g] if b == 0 else 1
                sc = x
                if b == 0:
                    sc = conv(q["pc"], sc, stride)
                    sc, m["pb"] = bn(q["pb"], t["pb"], sc)
                h = conv(q["c0"], x, 1)
                h, m["b0"] = bn(q["b0"], t["b0"], h)
                h = jax.nn.relu(h)
                h = conv(q["c1"], h, stride)
                h, m["b1"] = bn(q["b1"], t["b1"], h)
                h = jax.nn.relu(h)
                h = conv(q["c2"], h, 1)
                h, m["b2"] = bn(q["b2"], t["b2"], h)
                x = jax.nn.relu(h + sc)
                n[f"g{g}b{b}"] = m
        return lin(p["logits"], jnp.mean(x, axis=(1, 2))), n

    # ---- transformer
    def ln_i():
        return {"scale": jnp.ones((D,), f32), "offset": jnp.zeros((D,), f32)}

    def ln(p, x):
        mean = jnp.mean(x, axis=(x.ndim - 1,), keepdims=True)
        var = jnp.var(x, axis=(x.ndim - 1,), keepdims=True)
        inv = p["scale"] * lax.rsqrt(var + lax.convert_element_type(1e-5, var.dtype))
        return inv * (x - mean) + p["offset"]

    def blk_i(ks):
        std = np.sqrt(1.0 / D) / 0.87962566103423978
        return dict(
            ln0=ln_i(),
            q=lin_i(ks, D, D, std),
            k=lin_i(ks, D, D, std),
            v=lin_i(ks, D, D, std),
            o=lin_i(ks, D, D, std),
            ln1=ln_i(),
            f0=lin_i(ks, D, 4 * D),
            f1=lin_i(ks, 4 * D, D),
        )

    def blk(p, x):
        h = ln(p["ln0"], x)
        lead = h.shape[:-1]
        q, k, v = (lin(p[n], h).reshape((*lead, HEADS, KEY)) for n in "qkv")
        a = jnp.einsum("...thd,...Thd->...htT", q, k) / np.sqrt(KEY).astype(x.dtype)
        o = jnp.einsum("...htT,...Thd->...thd", jax.nn.softmax(a), v)
        x = x + lin(p["o"], jnp.reshape(o, (*lead, -1)))
        h = ln(p["ln1"], x)
        return x + lin(p["f1"], jax.nn.gelu(lin(p["f0"], h)))

    def tr_i(k, x):
        ks = Keys(k)
        p = {f"b{i}": blk_i(ks) for i in range(LAYERS)}
        p["ln"] = ln_i()
        tr_a(p, {}, x)
        return p, {}

    def tr_a(p, s, x):
        for i in range(LAYERS):
            x = blk(p[f"b{i}"], x)
        return ln(p["ln"], x), s

    def ls_i(k, x):
        p = jax.vmap(lambda k: blk_i(Keys(k)))(jax.random.split(k, LAYERS))
        ls_a(p, {}, x)
        return p, {}

    def ls_a(p, s, x):
        return lax.scan(lambda c, q: (blk(q, c), None), x, p)[0], s

    # ---- LSTM
    def lstm_i(k, x):
        p = lin_i(Keys(k), x.shape[-1] + 128, 512)
        lstm_a(p, {}, x)
        return p, {}

    def lstm_a(p, s, x):
        def f(hc, x):
            h, c = hc
            i, g, f, o = jnp.split(lin(p, jnp.concatenate([x, h], axis=-1)), 4, axis=-1)
            c = jax.nn.sigmoid(f + 1) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        def z():
            return jnp.broadcast_to(jnp.zeros([128]), (x.shape[1], 128))

        return lax.scan(f, (z(), z()), x)[1], s

    return dict(
        mlp=Case(mlp_i([128] * 3), mlp_a),
        mlp100=Case(mlp_i([16] * 100), mlp_a),
        resnet50=Case(res_i, res_a),
        transformer=Case(tr_i, tr_a),
        lstm=Case(lstm_i, lstm_a),
        layer_stack=Case(ls_i, ls_a),
    )
