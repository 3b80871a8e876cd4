"""What is measured in one process, side by side."""

import gc
import hashlib
import sys
import time
import tracemalloc

from benchmarks.haiku.common import inputs
from benchmarks.haiku.measuring import (
    canon,
    count_calls,
    count_eqns,
    count_opcodes,
    fresh,
    load_or_stop,
    paired,
    summarise,
)


class Bench:
    def __init__(self, a):
        import jax

        self.a, self.jax = a, jax
        self.names = ["bare"] + a.impl + a.peer
        self.ref = a.ref if a.ref in self.names else (a.impl[-1] if a.impl else "bare")
        self.x = {k: jax.numpy.asarray(v) for k, v in inputs().items()}
        self.cases = {n: load_or_stop(n) for n in self.names}
        self.key = jax.random.PRNGKey(0)
        self._v, self.res = {}, {}
        self.lacking = [
            f"{n}: no {m}: {e}"
            for n in self.names
            for m in a.model.split(",")
            if (e := self.trouble(n, m))
        ]
        for line in self.lacking:
            print("#", line, file=sys.stderr, flush=True)
        self.clock = time.perf_counter if a.wall else time.process_time

    def have(self, model):
        return [n for n in self.names if model in self.cases[n]]

    def trouble(self, n, m):  # why implementation n cannot run model m, if so
        if m not in self.cases[n]:
            return "it cannot be built"
        try:
            self.avals(n, m)
        except Exception as e:
            del self.cases[n][m]
            return f"{type(e).__name__}: {e}"[:200]

    def avals(self, n, m):  # abstract params (no compute)
        if (n, m) not in self._v:
            self._v[n, m] = self.jax.eval_shape(
                fresh(self.cases[n][m].init), self.key, self.x[m]
            )
        return self._v[n, m]

    def values(self, n, m):
        c = self.cases[n][m]
        return (c.make or self.jax.jit(c.init))(self.key, self.x[m])

    def tracer(self, n, m):
        c, jax = self.cases[n][m], self.jax
        p, s = self.avals(n, m)
        return lambda: jax.make_jaxpr(fresh(c.apply))(p, s, self.x[m])

    def replayer(self, n, m):
        jax = self.jax
        jp = self.tracer(n, m)()
        from jax.extend.core import jaxpr_as_fun

        f = jaxpr_as_fun(jp)
        args = [v.aval for v in jp.jaxpr.invars]
        args = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in args]
        return lambda: jax.make_jaxpr(fresh(f))(*args)

    def show(self, bench, model, rows, unit=1e3, u="ms"):
        self.res.setdefault(bench, {})[model] = rows
        for n, r in rows.items():
            s = f"{bench:9s}{model:12s}{n:16s}{r['median'] * unit:10.3f} {u} "
            s += f"±{100 * r['spread']:4.1f}%"
            if "x_bare" in r:
                s += (
                    f"  /bare {r['x_bare']:6.3f} "
                    f"[{r['x_bare_iqr'][0]:.2f} {r['x_bare_iqr'][1]:.2f}]"
                    f" p10 {r['x_bare_p10']:6.3f}  over {r['overhead'] * unit:9.3f}"
                    f" p10 {r['overhead_p10'] * unit:9.3f}"
                )
            if "x_ref" in r:
                s += f"  /{self.ref} {r['x_ref']:6.3f}"
            if "overhead_x_ref" in r:
                s += f"  over/{self.ref} {r['overhead_x_ref']:6.3f}"
                s += f" p10 {r.get('overhead_x_ref_p10', 0):6.3f}"
            print(s, flush=True)

    # -- a. trace / init trace
    def trace(self, m):
        fns = {n: self.tracer(n, m) for n in self.have(m)}
        if self.a.replay:
            for n in self.have(m):
                fns["replay:" + n] = self.replayer(n, m)
        self.show("trace", m, summarise(paired(fns, self.a.reps), ref=self.ref))

    def init(self, m):
        jax = self.jax
        fns = {
            n: (
                lambda f=self.cases[n][m].init: jax.eval_shape(
                    fresh(f), self.key, self.x[m]
                )
            )
            for n in self.have(m)
        }
        self.show("init", m, summarise(paired(fns, self.a.reps), ref=self.ref))

    # -- b. eager
    def eager(self, m):
        if m not in ("mlp", "transformer"):
            return
        fns = {}
        for n in self.have(m):
            p, s = self.values(n, m)
            fns[n] = lambda f=self.cases[n][m].apply, p=p, s=s: f(p, s, self.x[m])[
                0
            ].block_until_ready()
        self.show(
            "eager", m, summarise(paired(fns, self.a.reps, self.clock), ref=self.ref)
        )

    # -- c. jitted dispatch and train step
    def dispatch(self, m):
        if m not in ("mlp", "mlp100"):
            return
        jax, fns = self.jax, {}
        for n in self.have(m):
            c = self.cases[n][m]
            if c.jit:
                f = c.jit(self.x[m])
                fns[n] = lambda f=f: jax.block_until_ready(f())
            if c.jit is None or n in ("nnx", "equinox"):
                p, s = self.values(n, m)
                g = jax.jit(c.apply)
                fns[n if c.jit is None else n + "+jax.jit"] = lambda g=g, p=p, s=s: g(
                    p, s, self.x[m]
                )[0].block_until_ready()
        self.show(
            "dispatch",
            m,
            summarise(
                paired(fns, self.a.reps, self.clock, 0.02, 20, 2000), ref=self.ref
            ),
            1e6,
            "us",
        )

    def step(self, m):
        if m not in ("mlp", "mlp100"):
            return
        import optax

        jax, jnp, fns = self.jax, self.jax.numpy, {}
        tx = optax.adam(1e-3)

        def generic(c, n):
            p, s = self.values(n, m)

            def f(p, s, o, x):
                def loss(p):
                    y, s2 = c.apply(p, s, x)
                    return jnp.mean(y**2), s2

                (loss_, s2), g = jax.value_and_grad(loss, has_aux=True)(p)
                u, o = tx.update(g, o)
                return loss_, optax.apply_updates(p, u), s2, o

            f = jax.jit(f)
            b = [p, s, tx.init(p)]

            def go():
                loss_, *b[:] = f(b[0], b[1], b[2], self.x[m])
                return loss_

            return go

        for n in self.have(m):
            c = self.cases[n][m]
            f = c.step(tx, self.x[m]) if c.step else generic(c, n)
            fns[n] = lambda f=f: jax.block_until_ready(f())
        self.show(
            "step",
            m,
            summarise(
                paired(fns, self.a.reps, self.clock, 0.02, 20, 1000), ref=self.ref
            ),
            1e6,
            "us",
        )

    # -- d. jaxpr size, HLO cost, compile
    def jaxpr(self, m):
        jax = self.jax
        rows = {}
        for n in self.have(m):
            c, (p, s) = self.cases[n][m], self.avals(n, m)
            jp = self.tracer(n, m)()
            top, tot, prims = count_eqns(jp.jaxpr)
            low = jax.jit(fresh(c.apply)).lower(p, s, self.x[m])

            def loss(p, s, x, c=c):
                y, s2 = c.apply(p, s, x)
                return jax.numpy.mean(y**2), s2

            lg = jax.jit(jax.grad(loss, has_aux=True)).lower(p, s, self.x[m])
            txt, tg = canon(low.as_text()), canon(lg.as_text())
            ca, cg = low.cost_analysis() or {}, lg.cost_analysis() or {}
            nb = sum(
                a.size * a.dtype.itemsize
                for a in jax.tree.leaves(p)
                if hasattr(a, "size")
            )
            rows[n] = dict(
                top=top,
                total=tot,
                prims=prims,
                hlo_ops=txt.count(" = "),
                hlo_sha=hashlib.sha1(txt.encode()).hexdigest()[:8],
                op_mix=hashlib.sha1(repr(sorted(prims.items())).encode()).hexdigest()[
                    :8
                ],
                flops=ca.get("flops"),
                bytes=ca.get("bytes accessed"),
                grad_flops=cg.get("flops"),
                grad_bytes=cg.get("bytes accessed"),
                grad_hlo_ops=tg.count(" = "),
                param_bytes=nb,
                leaves=len(jax.tree.leaves(p)),
            )
            r = rows[n]
            print(
                f"jaxpr    {m:12s}{n:16s} eqns {top:5d} top {tot:5d} all  "
                f"hlo_ops {r['hlo_ops']:5d} sha {r['hlo_sha']} ops {r['op_mix']}  "
                f"Mflop {(r['flops'] or 0) / 1e6:9.2f} "
                f"MB {(r['bytes'] or 0) / 1e6:8.2f}  "
                f"grad Mflop {(r['grad_flops'] or 0) / 1e6:9.2f} "
                f"MB {(r['grad_bytes'] or 0) / 1e6:8.2f}  params {nb / 1e6:.2f}MB",
                flush=True,
            )
        self.res.setdefault("jaxpr", {})[m] = rows

    def compile(self, m):
        jax, rows = self.jax, {}
        if m == "resnet50" and self.a.quick:
            return
        lows = {}
        for n in self.have(m):
            p, s = self.avals(n, m)
            lows[n] = lambda c=self.cases[n][m], p=p, s=s: jax.jit(
                fresh(c.apply)
            ).lower(p, s, self.x[m])
        t = {n: [] for n in lows}
        last = {}
        for _ in range(1 if m == "resnet50" else max(3, self.a.reps // 3)):
            for n in list(lows):
                lowered = lows[n]()
                t0 = time.process_time()
                last[n] = lowered.compile()
                t[n].append(time.process_time() - t0)
        rows = summarise(t, ref=self.ref)
        for n, c in last.items():
            ca = c.cost_analysis() or {}
            rows[n].update(flops=ca.get("flops"), bytes=ca.get("bytes accessed"))
            ma = c.memory_analysis()
            if ma is not None:
                rows[n]["temp_bytes"] = ma.temp_size_in_bytes
        self.show("compile", m, rows)
        for n, r in rows.items():
            print(
                f"  compiled {m:10s}{n:14s} Mflop {(r['flops'] or 0) / 1e6:9.2f} MB "
                f"{(r['bytes'] or 0) / 1e6:8.2f} "
                f"temp {r.get('temp_bytes', 0) / 1e6:.2f}MB"
            )

    # -- g. memory
    def memory(self, m):
        rows = {}
        for n in self.have(m):
            f = self.tracer(n, m)
            f()
            f()
            gc.collect()
            tracemalloc.start()
            tracemalloc.clear_traces()
            jp = f()
            cur, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            del jp
            rows[n] = dict(peak=peak, retained=cur)
            print(
                f"memory   {m:12s}{n:16s} trace peak {peak / 1e3:9.1f} kB  "
                f"jaxpr retained {cur / 1e3:9.1f} kB"
            )
        self.res.setdefault("memory", {})[m] = rows

    # -- noise-free counts
    def counts(self, m):
        rows = {}
        for n in self.have(m):
            f = self.tracer(n, m)
            f()
            f()
            calls, where = count_calls(f)
            ops = count_opcodes(f)
            rows[n] = dict(calls=calls, opcodes=ops, where=dict(where.most_common(12)))
        for n, r in rows.items():
            b = rows["bare"]
            ref = rows.get(self.ref, b)
            oc, oo = r["calls"] - b["calls"], r["opcodes"] - b["opcodes"]
            r.update(calls_over=oc, opcodes_over=oo)
            if ref["opcodes"] > b["opcodes"]:
                r["over_x_ref"] = oo / (ref["opcodes"] - b["opcodes"])
            print(
                f"counts   {m:12s}{n:16s} calls {r['calls']:8d} ({oc:+d})  "
                f"bytecodes {r['opcodes']:9d} ({oo:+d})"
                f"  x_bare {r['opcodes'] / b['opcodes']:.3f}"
                + (
                    f"  over/{self.ref} {oo / (ref['opcodes'] - b['opcodes']):.3f}"
                    if ref is not b and ref["opcodes"] != b["opcodes"]
                    else ""
                )
            )
        self.res.setdefault("counts", {})[m] = rows
