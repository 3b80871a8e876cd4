"""Sonnet 2 on TensorFlow against the Haiku API on JAX, whole steps."""

import time

from benchmarks.haiku.common import inputs
from benchmarks.haiku.measuring import fresh, load, paired, summarise


def bench_sonnet(a, res):
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    import sonnet as snt
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    X = inputs()
    out = {}
    opt2 = optax.sgd(1e-3)

    def one(m):
        x = X[m]
        tx_ = tf.constant(x)
        jx = jnp.asarray(x)
        mod = {
            "mlp": lambda: snt.nets.MLP([128] * 3),
            "resnet50": lambda: snt.nets.ResNet50(1000),
            "lstm": lambda: snt.LSTM(128),
        }[m]()

        def fwd(x, mod=mod, m=m):
            if m == "mlp":
                return mod(x)
            if m == "resnet50":
                return mod(x, is_training=True)
            return snt.dynamic_unroll(mod, x, mod.initial_state(8))[0]

        opt = snt.optimizers.SGD(1e-3)

        def step(x):
            with tf.GradientTape() as t:
                loss_ = tf.reduce_mean(fwd(x) ** 2)
            v = mod.trainable_variables
            opt.apply(t.gradient(loss_, v), v)
            return loss_

        t0 = time.process_time()
        fwd(tx_)
        build = time.process_time() - t0
        F, S = tf.function(fwd), tf.function(step)
        tr = {}
        t0 = time.process_time()
        F.get_concrete_function(tf.TensorSpec(x.shape))
        tr["fwd"] = time.process_time() - t0
        t0 = time.process_time()
        S.get_concrete_function(tf.TensorSpec(x.shape))
        tr["step"] = time.process_time() - t0
        FX, SX = tf.function(fwd, jit_compile=True), tf.function(step, jit_compile=True)
        fns = {
            "fwd": {"sonnet": lambda: F(tx_).numpy()},
            "step": {"sonnet": lambda: S(tx_).numpy()},
        }
        try:
            if m == "resnet50" and not a.full:
                raise RuntimeError("resnet50 XLA only with --full")
            FX(tx_)
            SX(tx_)
            fns["fwd"]["sonnet+xla"] = lambda: FX(tx_).numpy()
            fns["step"]["sonnet+xla"] = lambda: SX(tx_).numpy()
        except Exception as e:
            print("# no tf xla", m, str(e)[:100])
        if m == "mlp":
            fns["fwd"]["sonnet eager"] = lambda: fwd(tx_).numpy()
        for n in a.impl:
            c = load(n)[m]
            p, s = jax.jit(c.init)(jax.random.PRNGKey(0), jx)
            ap = jax.jit(c.apply)

            def st_(p, s, o, x, c=c):
                def loss(p):
                    y, s2 = c.apply(p, s, x)
                    return jnp.mean(y**2), s2

                (loss_, s2), g = jax.value_and_grad(loss, has_aux=True)(p)
                u, o = opt2.update(g, o)
                return loss_, optax.apply_updates(p, u), s2, o

            t0 = time.process_time()
            jax.make_jaxpr(fresh(c.apply))(p, s, jx)
            tr[n + " fwd"] = time.process_time() - t0
            t0 = time.process_time()
            low = jax.jit(st_, donate_argnums=(0, 1, 2))
            o = opt2.init(p)
            jax.make_jaxpr(fresh(st_))(p, s, o, jx)
            tr[n + " step"] = time.process_time() - t0
            b = [jax.tree.map(jnp.copy, p), jax.tree.map(jnp.copy, s), o]

            def go(low=low, b=b):
                loss_, *b[:] = low(b[0], b[1], b[2], jx)
                return np.asarray(loss_)

            fns["fwd"][n] = lambda ap=ap, p=p, s=s: np.asarray(ap(p, s, jx)[0])
            fns["step"][n] = go
        for w in ("fwd", "step"):
            t = paired(
                fns[w],
                a.reps,
                time.perf_counter if a.wall else time.process_time,
                0.02,
                3,
            )
            rows = summarise(t, base="none", ref="sonnet")
            out[f"{m}:{w}"] = rows
            for n, r in rows.items():
                print(
                    f"sonnet   {m:9s}{w:5s}{n:14s}{r['median'] * 1e3:10.3f} ms "
                    f"±{100 * r['spread']:.1f}%"
                    + (f"  /sonnet {r['x_ref']:.3f}" if "x_ref" in r else ""),
                    flush=True,
                )
        out[m + ":trace_s"] = tr
        out[m + ":eager_build_s"] = build
        print(f"sonnet   {m:9s}first trace s:", {k: round(v, 3) for k, v in tr.items()})

    for m in ("mlp", "resnet50", "lstm"):
        one(m)
    res["sonnet"] = out
