"""Calls of every public function of RLax, with arguments drawn at random.

A case holds samplers of its arguments. Letters in shapes stand for lengths that are
drawn too, so that each seed gives other shapes.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The lengths behind the letters, for one draw."""

    T: int
    A: int
    B: int
    K: int
    D: int

    @classmethod
    def draw(cls, rng):
        return cls(*(int(n) for n in rng.integers([2, 2, 2, 3, 1], [9, 6, 5, 8, 5])))

    def shape(self, letters):
        out = []
        for token in letters.split():
            letter, plus, extra = token.partition("+")
            letter, minus, less = letter.partition("-")
            size = int(letter) if letter.isdigit() else getattr(self, letter)
            out.append(size + int(extra or 0) - int(less or 0))
        return tuple(out)


@dataclasses.dataclass(frozen=True)
class Sample:
    """Draws one argument; `floats` says whether it has a gradient."""

    letters: str
    make: Callable[..., Any]
    floats: bool = True

    def __call__(self, rng, sizes):
        return self.make(rng, sizes, sizes.shape(self.letters))


def F(letters="", scale=1.5):
    """Floats of both signs."""
    return Sample(letters, lambda rng, _, shape: scale * rng.normal(size=shape))


def U(letters="", low=0.05, high=0.95):
    """Floats in an interval: discounts, probabilities of single actions, ratios."""
    return Sample(letters, lambda rng, _, shape: rng.uniform(low, high, shape))


def Probs(letters):
    """Probabilities over the last axis."""

    def make(rng, _, shape):
        raw = rng.uniform(0.1, 1.0, shape)
        return raw / raw.sum(-1, keepdims=True)

    return Sample(letters, make)


def Ascending(letters):
    """Atoms in ascending order, clearly apart."""

    def make(rng, _, shape):
        return np.cumsum(rng.uniform(0.2, 1.0, shape), -1) - 0.3 * shape[-1]

    return Sample(letters, make)


def I(letters, of):  # noqa: E743
    """Ints below the length of a letter."""

    def make(rng, sizes, shape):
        return rng.integers(0, getattr(sizes, of), shape).astype(np.int32)

    return Sample(letters, make, floats=False)


def Mask(letters):
    """Truth values."""
    return Sample(letters, lambda rng, _, s: rng.integers(0, 2, s) > 0, floats=False)


def Key():
    """A random key."""

    def make(rng, _, shape):
        return rng.integers(0, 2**32, 2).astype(np.uint32)

    return Sample("", make, floats=False)


@dataclasses.dataclass
class Case:
    """A function of the library and of drawn arguments.

    Attributes:
      call: takes the library's object of that name, and the drawn arguments.
      exactly: whether the values are the same to the bit (draws of random numbers).
      vmaps: whether the call may be batched.
      jits: whether it may be compiled, and has gradients.
    """

    name: str
    call: Callable[..., Any]
    samples: tuple[Sample, ...]
    label: str = ""
    vmaps: bool = True
    jits: bool = True

    def __str__(self):
        return f"{self.name}{'-' if self.label else ''}{self.label}"


CASES: list[Case] = []


def case(name, *arguments, label="", vmaps=True, jits=True, via=None, **fixed):
    """Adds a case: samples among the arguments are drawn, the rest is passed as it is.

    `via` takes the function and the drawn arguments, where the call is not plain.
    """
    samples = tuple(a for a in arguments if isinstance(a, Sample))

    def plain(function, *drawn):
        values = iter(drawn)
        args = [next(values) if isinstance(a, Sample) else a for a in arguments]
        return function(*args, **fixed)

    CASES.append(Case(name, via or plain, samples, label, vmaps, jits))


S, R, D_ = F(), F(), U()  # a scalar value, a reward, a discount
Q, A_ = F("A"), I("", "A")

# ---------------------------------------------------------------- one-step errors
case("td_learning", S, R, D_, S)
case("td_learning", S, R, D_, S, False, label="no-stop")
case("sarsa", Q, A_, R, D_, Q, A_)
case("sarsa", Q, A_, R, D_, Q, A_, False, label="no-stop")
case("expected_sarsa", Q, A_, R, D_, Q, Probs("A"))
case("expected_sarsa", Q, A_, R, D_, Q, Probs("A"), False, label="no-stop")
case("q_learning", Q, A_, R, D_, Q)
case("q_learning", Q, A_, R, D_, Q, False, label="no-stop")
case("double_q_learning", Q, A_, R, D_, Q, Q)
case("double_q_learning", Q, A_, R, D_, Q, Q, False, label="no-stop")
case("persistent_q_learning", Q, A_, R, D_, Q, 0.3)
case("persistent_q_learning", Q, A_, R, D_, Q, 0.3, False, label="no-stop")
case("qv_learning", Q, A_, R, D_, S)
case("qv_learning", Q, A_, R, D_, S, False, label="no-stop")
case("qv_max", S, R, D_, Q)
case("qv_max", S, R, D_, Q, False, label="no-stop")

# -------------------------------------------------------------- errors over traces
V, RS, DS, L = F("T"), F("T"), U("T"), U("T", 0.0, 1.0)
QS, AS = F("T A"), I("T", "A")
case("td_lambda", V, RS, DS, V, L)
case("td_lambda", V, RS, DS, V, 0.7, False, label="no-stop")
case("sarsa_lambda", QS, AS, RS, DS, QS, AS, L)
case("sarsa_lambda", QS, AS, RS, DS, QS, AS, 1.0, False, label="no-stop")
case("q_lambda", QS, AS, RS, DS, QS, L)
case("q_lambda", QS, AS, RS, DS, QS, 0.4, False, label="no-stop")
RETRACE = (QS, QS, AS, AS, RS, DS, Probs("T A"), U("T"))
case("retrace", *RETRACE, 0.9)
case("retrace", *RETRACE, 0.9, 0.0, False, label="no-stop")
CONTINUOUS = (V, F("T-1"), V, RS, DS, F("T-1", 0.5))
case("retrace_continuous", *CONTINUOUS, 0.9)
case("retrace_continuous", *CONTINUOUS, U("T-1"), False, label="no-stop")

# ------------------------------------------------------------------------- returns
case("lambda_returns", RS, DS, V)
case("lambda_returns", RS, DS, V, L)
case("lambda_returns", RS, DS, V, 0.9, True, label="stop")
case("discounted_returns", RS, DS, V)
case("discounted_returns", RS, DS, S, True, label="stop")
for n in (1, 2, 3, 5, 8, 13):
    case("n_step_bootstrapped_returns", RS, DS, V, n, label=f"n={n}")
case("n_step_bootstrapped_returns", RS, DS, V, 3, 0.8, label="lambda")
case("n_step_bootstrapped_returns", RS, DS, V, 4, L, True, label="lambdas-stop")
case("truncated_generalized_advantage_estimation", RS, DS, 0.9, F("T+1"))
case(
    "truncated_generalized_advantage_estimation",
    RS, DS, L, F("T+1"), True, label="stop",
)  # fmt: skip
OFF_POLICY = (QS, AS, RS, DS, U("T"), Probs("T A"))
case("general_off_policy_returns_from_action_values", *OFF_POLICY)
case("general_off_policy_returns_from_action_values", *OFF_POLICY, True, label="stop")
FROM_V = (F("T-1"), V, RS, DS, U("T-1"))
case("general_off_policy_returns_from_q_and_v", *FROM_V)
case("general_off_policy_returns_from_q_and_v", *FROM_V, True, label="stop")

# ------------------------------------------------------------------------- V-trace
RHO = U("T", 0.2, 3.0)
TRACE = (V, V, RS, DS, RHO)
for name in ("vtrace", "vtrace_td_error_and_advantage"):
    case(name, *TRACE)
    case(name, *TRACE, L, 1.7, label="lambdas")
    case(name, *TRACE, 0.8, stop_target_gradients=False, label="no-stop")
    case(
        name, *TRACE, Mask("T"), label="mask",
        via=lambda f, *a: f(*a[:5], sample_mask=a[5]),
    )  # fmt: skip
for name in ("leaky_vtrace", "leaky_vtrace_td_error_and_advantage"):
    case(name, *TRACE)
    case(name, *TRACE, U(), L, 1.7, label="lambdas")
    case(name, *TRACE, 0.3, stop_target_gradients=False, label="no-stop")

# ------------------------------------------------------------------ distributional
ATOMS, LOGITS = Ascending("K"), F("K")
case("categorical_l2_project", F("D"), Probs("D"), ATOMS)
case("categorical_td_learning", ATOMS, LOGITS, R, D_, ATOMS, LOGITS)
case(
    "categorical_td_learning",
    ATOMS,
    LOGITS,
    R,
    D_,
    ATOMS,
    LOGITS,
    False,
    label="no-stop",
)
CATEGORICAL = (ATOMS, F("A K"), A_, R, D_, ATOMS, F("A K"))
case("categorical_q_learning", *CATEGORICAL)
case("categorical_q_learning", *CATEGORICAL, False, label="no-stop")
case("categorical_double_q_learning", *CATEGORICAL, Q)
case("categorical_double_q_learning", *CATEGORICAL, Q, False, label="no-stop")
QUANTILES, TAUS = F("K"), U("K")
case("quantile_regression_loss", QUANTILES, TAUS, F("D"))
case("quantile_regression_loss", QUANTILES, TAUS, F("D"), 0.6, False, label="huber")
QUANTILE = (F("K A"), TAUS, A_, R, D_)
case("quantile_q_learning", *QUANTILE, F("D A"), F("D A"))
case("quantile_q_learning", *QUANTILE, F("D A"), F("D A"), 0.6, False, label="huber")
case("quantile_expected_sarsa", *QUANTILE, F("D A"), Probs("A"))
case("quantile_expected_sarsa", *QUANTILE, F("D A"), Probs("A"), 0.6, False, label="h")

# ------------------------------------------------------------------- policy losses
case("dpg_loss", F("D"), F("D"))
case("dpg_loss", F("D"), F("D"), 0.5, False, label="clipped")
case("policy_gradient_loss", QS, AS, V, U("T"))
case("policy_gradient_loss", QS, AS, V, U("T"), False, label="no-stop")
case("entropy_loss", QS, U("T"))
for name in ("qpg_loss", "rm_loss", "rpg_loss"):
    case(name, QS, QS)
    case(name, QS, QS, False, label="no-stop")
case("clipped_surrogate_pg_loss", U("T", 0.5, 1.5), V, 0.2)
case("clipped_surrogate_pg_loss", U("T", 0.5, 1.5), V, 0.2, False, label="no-stop")

# ----------------------------------------------------------- losses by the element
case("huber_loss", F("T A"))
case("huber_loss", F("T A"), 0.4, label="delta")
case("l2_loss", F("T A"))
case("l2_loss", F("T A"), F("T A"), label="targets")
case("likelihood", U("T"), U("T"))
case(
    "likelihood", Mask("T"), Mask("T"), label="certain",
    via=lambda f, p, t: f(p.astype(jnp.float32), t.astype(jnp.float32)),
)  # fmt: skip
case("log_loss", U("T"), U("T"))
case("expectile_loss", F("T A"), F("T A"), 0.8)
case("clip_gradient", F("T A"), -0.1, 0.2)

# --------------------------------------------------------------------- MPO, V-MPO


def penalty(f, alpha, per_dimension=False):
    """A penalty in the library of the function, which is told by its module."""
    import sys

    library = sys.modules[f.__module__.split(".")[0]]
    return library.LagrangePenalty(alpha, 0.1, per_dimension)


def mpo(f, log_probs, q, temperature, kl, kl_each, alpha, alphas, **options):
    constraints = [(kl, penalty(f, alpha)), (kl_each, penalty(f, alphas, True))]
    return f(log_probs, q, penalty(f, temperature), constraints, **options)


def vmpo(f, log_probs, advantages, temperature, kl, kl_each, alpha, alphas, **options):
    return mpo(
        f, log_probs, advantages, temperature, kl, kl_each, alpha, alphas, **options
    )


DUALS = (U(""), U("D", 0.5, 1.5))
CONSTRAINTS = (U("T B"), U("T B D"), *DUALS)
for stop in (True, False):
    case(
        "mpo_loss", F("4 T B"), F("4 T B"), U("", 0.5, 2.0), *CONSTRAINTS,
        label=f"stop={stop}",
        via=lambda f, *a, stop=stop: mpo(
            f, *a, policy_loss_weight=0.7, kl_loss_weight=2.0, use_stop_gradient=stop
        ),
    )  # fmt: skip
    case(
        "vmpo_loss", F("T B"), F("T B"), U("", 0.5, 2.0), *CONSTRAINTS,
        label=f"stop={stop}",
        via=lambda f, *a, stop=stop: mpo(f, *a, use_stop_gradient=stop),
    )  # fmt: skip
case(
    "mpo_loss", F("T 4 B"), F("T 4 B"), U("", 0.5, 2.0), *CONSTRAINTS, label="axis",
    via=lambda f, *a: mpo(f, *a, sample_axis=-2, alpha_loss_weight=0.1),
)  # fmt: skip
case(
    "vmpo_loss", F("T B"), F("T B"), U("", 0.5, 2.0), *CONSTRAINTS,
    Mask("T B"), U("T B"), label="weights",
    via=lambda f, *a: mpo(
        f, *a[:7], restarting_weights=a[7].astype(jnp.float32),
        importance_weights=a[8], top_k_fraction=1.0, temperature_loss_weight=0.3,
    ),
)  # fmt: skip
case(
    "mpo_compute_weights_and_temperature_loss", F("4 T"), U("", 0.5, 2.0),
    via=lambda f, q, alpha: f(q, penalty(f, alpha), lambda x: x),
)  # fmt: skip
case(
    "vmpo_compute_weights_and_temperature_loss", F("T"), U("T"), U("", 0.5, 2.0),
    via=lambda f, adv, weights, alpha: f(
        adv, jnp.ones_like(adv), weights, penalty(f, alpha), lambda x: x, 0.5
    ),
)  # fmt: skip
case(
    "compute_parametric_kl_penalty_and_dual_loss", *CONSTRAINTS,
    via=lambda f, kl, each, alpha, alphas: f(
        [(kl, penalty(f, alpha)), (each, penalty(f, alphas, True))], lambda x: x * 2
    ),
)  # fmt: skip

# ------------------------------------------------------------------- distributions
case(
    "softmax", QS, QS, AS, Key(),
    via=lambda f, p, q, a, key: discrete(f(0.7), p, q, a, key),
)  # fmt: skip
case(
    "clipped_entropy_softmax", QS, QS, AS, Key(),
    via=lambda f, p, q, a, key: discrete(f(0.7, 0.6), p, q, a, key),
)  # fmt: skip
case("greedy", QS, AS, Key(), via=lambda f, p, a, key: discrete(f(), p, None, a, key))
case(
    "epsilon_greedy", QS, AS, Key(),
    via=lambda f, p, a, key: discrete(f(0.3), p, None, a, key),
)  # fmt: skip


def discrete(d, p, q, a, key):
    return {
        "probs": d.probs(p),
        "logprob": d.logprob(a, p),
        "entropy": d.entropy(p),
        "kl": None if d.kl is None else d.kl(p, q),
        "sample": d.sample(key, p),
    }


case(
    "gaussian_diagonal", F("T D"), U("T D", 0.3, 2.0), F("T D"), U("", 0.5, 2.0), Key(),
    via=lambda f, mu, sigma, x, scale, key: continuous(
        f(), mu, sigma, x, scale, key, ()
    ),
)  # fmt: skip
case(
    "squashed_gaussian", F("T D", 0.5), F("T D"), U("T D", -0.8, 0.8), F("T D"), Key(),
    via=lambda f, mu, sigma, x, other, key: continuous(
        f(-1.0, 0.5), mu, sigma, x, other, key, (None,)
    ),
)  # fmt: skip


@dataclasses.dataclass
class ActionSpec:
    minimum: Any
    maximum: Any


case(
    "squashed_gaussian", F("T D", 0.5), F("T D"), U("T D", -0.8, 0.8), F("T D"), Key(),
    label="spec",
    via=lambda f, mu, sigma, x, other, key: continuous(
        f(), mu, sigma, x, other, key, (ActionSpec(np.array([-1.0]), np.array([2.0])),)
    ),
)  # fmt: skip


def continuous(d, mu, sigma, x, other, key, spec):
    return {
        "prob": d.prob(x, mu, sigma, *spec),
        "logprob": d.logprob(x, mu, sigma, *spec),
        "entropy": d.entropy(mu, sigma),
        "standard": d.kl_to_standard_normal(mu, sigma),
        "kl": d.kl(mu, sigma, mu * 0.5, other),
        "sample": d.sample(key, mu, sigma, *spec),
    }


case("categorical_sample", Key(), Probs("T A"))
case("categorical_importance_sampling_ratios", QS, QS, AS)
case("categorical_cross_entropy", Probs("T A"), QS)
case("categorical_kl_divergence", QS, QS, 0.7)
case("multivariate_normal_kl_divergence", F("T D"), U("T D"), F("T D"), U("T D"))

# ---------------------------------------------------------- transformed value learning
case("identity", F("T A"))
case("sigmoid", F("T A"))
case("logit", U("T A"))
for name in ("signed_logp1", "signed_expm1", "signed_hyperbolic", "signed_parabolic"):
    case(name, F("T A"))
case("signed_hyperbolic", F("T A"), 0.1, label="eps")
case("signed_parabolic", F("T A"), 0.1, label="eps")
case("power", F("T A"), 0.3)
case("transform_to_2hot", F("T", 3.0), -2.0, 3.0, 7)
case("transform_from_2hot", Probs("T 7"), -2.0, 3.0, 7)
case("transform_from_2hot", Probs("7"), -2.0, 3.0, 7, label="one")


def both_ways(tx, x):
    code = tx.apply(x)
    return code, tx.apply_inv(code)


for name in (
    "IDENTITY_PAIR", "SIGNED_LOGP1_PAIR", "SIGNED_HYPERBOLIC_PAIR",
    "HYPERBOLIC_SIN_PAIR",
):  # fmt: skip
    case(name, F("T"), via=both_ways)
case("DISCOUNT_TRANSFORM_PAIR", U("T"), via=both_ways)
case(
    "TxPair", F("T"),
    via=lambda f, x: both_ways(f(lambda v: 2 * v, lambda v: v / 2), x),
)  # fmt: skip


def library_of(f):
    import sys

    return sys.modules[f.__module__.split(".")[0]]


case("twohot_pair", F("T"), via=lambda f, x: both_ways(f(-3.0, 4.0, 9), x))
case(
    "compose_tx", F("T"),
    via=lambda f, x: both_ways(
        f(library_of(f).SIGNED_LOGP1_PAIR, library_of(f).HYPERBOLIC_SIN_PAIR), x
    ),
)  # fmt: skip
for name in ("muzero_pair", "unbiased_transform_pair"):
    case(
        name, F("T"),
        via=lambda f, x: both_ways(
            f(-2.0, 2.5, 9, library_of(f).SIGNED_HYPERBOLIC_PAIR), x
        ),
    )  # fmt: skip


def transformed(f, *drawn, **options):
    return f(library_of(f).SIGNED_HYPERBOLIC_PAIR, *drawn, **options)


case("transformed_lambda_returns", RS, DS, V, L, via=transformed)
case(
    "transformed_n_step_returns", RS, DS, V,
    via=lambda f, *a: transformed(f, *a, 3, stop_target_gradients=True),
)  # fmt: skip
case(
    "transformed_general_off_policy_returns_from_action_values",
    *OFF_POLICY, via=transformed,
)  # fmt: skip


def with_pair(*options):
    return lambda f, *a: f(*a, *options, library_of(f).SIGNED_LOGP1_PAIR)


case("transformed_q_lambda", QS, AS, RS, DS, QS, L)
case("transformed_q_lambda", QS, AS, RS, DS, QS, L, label="tx", via=with_pair(False))
case("transformed_retrace", *RETRACE, 0.9)
case("transformed_retrace", *RETRACE, label="tx", via=with_pair(0.9, 1e-3, False))
N_STEP = (QS, AS, QS, AS, RS, DS)
case("transformed_n_step_q_learning", *N_STEP, 3)
case("transformed_n_step_q_learning", *N_STEP, label="tx", via=with_pair(4, False))

# ------------------------------------------------------------------------- PopArt
MOMENTS = (F("K"), U("K", 0.5, 2.0), U("K", 4.0, 9.0))


def state_of(f, moments):
    return library_of(f).PopArtState(*moments)


case(
    "PopArtState", *MOMENTS,
    via=lambda f, *m: (f(*m).shift, f(*m).scale, f(*m).second_moment),
)  # fmt: skip
for name in ("normalize", "unnormalize"):
    case(
        name, *MOMENTS, F("T"), I("T", "K"),
        via=lambda f, a, b, c, x, i: f(state_of(f, (a, b, c)), x, i),
    )  # fmt: skip
case(
    "unnormalize_linear", *MOMENTS, F("T K"), I("T", "K"),
    via=lambda f, a, b, c, x, i: f(state_of(f, (a, b, c)), x, i),
)  # fmt: skip
case(
    "art", *MOMENTS, F("T B"), I("T B", "K"),
    via=lambda f, a, b, c, x, i: f(state_of(f, (a, b, c)), x, i, 0.1, 0.5, 3.0),
)  # fmt: skip
case(
    "pop", *MOMENTS, *MOMENTS, F("D K"), F("K"),
    via=lambda f, a, b, c, x, y, z, w, v: f(
        {"w": w, "b": v}, state_of(f, (a, b, c)), state_of(f, (x, y, z))
    ),
)  # fmt: skip
case(
    "popart", F("D 4"), F("4"), F("T"), I("T", "A"),
    via=lambda f, w, b, x, i: (
        f(4, 0.1, 0.5, 3.0)[1]({"w": w, "b": b}, f(4, 0.1, 0.5, 3.0)[0](), x, i % 4),
        f(4, None, 0.5, 3.0)[1]({"w": w, "b": b}, f(4, 0.1, 0.5, 3.0)[0](), x, i % 4),
    ),
)  # fmt: skip

# --------------------------------------------------------------------- exploration
case("add_gaussian_noise", Key(), F("D"), 0.3)
case("add_ornstein_uhlenbeck_noise", Key(), F("D"), F("D"), 0.2, 0.3)
case("add_dirichlet_noise", Key(), Probs("B A"), 0.3, 0.25)
case("knn_query", F("K D"), F("B D"), 2, via=lambda f, d, q: dict(f(d, q, 2)))
case(
    "knn_query", F("K D"), F("B D"), label="metric",
    via=lambda f, d, q: dict(f(d, q, 20, lambda x, y: jnp.max(jnp.abs(x - y)))),
)  # fmt: skip


def intrinsic(f, embeddings, more):
    reward, state = f(embeddings, 2, 0.5, max_memory_size=7)
    again, state = f(more, 2, 0.5, state, max_memory_size=7)
    return reward, again, dict(state)


case("episodic_memory_intrinsic_rewards", F("B D"), F("B D"), via=intrinsic)

# ----------------------------------------------------------------- auxiliary tasks
case("pixel_control_rewards", F("T+1 4 6 2"), 2)
case("pixel_control_loss", F("T+1 4 6 2"), AS, F("T+1 2 3 A"), 0.9, 2)
case("pixel_control_loss", F("T+1 4 6 2"), AS, F("T+1 2 3 A"), DS, 2, label="discounts")
for kind in ("feature", "absolute_change", "increase", "decrease"):
    case("feature_control_rewards", F("T+1 D"), kind, label=kind)
case("feature_control_rewards", F("T+1 D"), "potential", 0.9, label="potential")

# ------------------------------------------------------------ indexing and sequences
case("batched_index", QS, AS)
case("batched_index", QS, AS, True, label="keepdims")
case("batched_index", QS, I("T", "K"), label="any-index")
case("one_hot", I("T B", "K"), 5)
case("one_hot", I("T B", "K"), 5, jnp.int32, label="dtype")
case("lhs_broadcast", F("T"), F("T A B"))
case("replace_masked", F("T A"), F("T A"), Mask("T"))
case("replace_masked", F("T A"), Mask("T A"), label="zeros",
     via=lambda f, x, m: f(x, None, m))  # fmt: skip
case("AllSum", F("T A"), via=lambda f, x: (f()(x), f()(x, axis=1), f()(x, (0, 1))))
case("embed_oar", F("B D"), I("B", "A"), F("B"), 4)
case("extract_subsequences", F("T+4 B D"), I("B A", "T"), 3)
case("sample_start_indices", Key(), 3, 2, 5)
case("fix_step_type_on_interruptions", I("T B", "A"), via=lambda f, x: f(x % 3))

# ------------------------------------------------------------------- trees and state
case(
    "tree_select", Mask(""), F("T"), F("T"),
    via=lambda f, p, x, y: f(p, {"a": x, "b": (y,)}, {"a": y, "b": (x,)}),
)  # fmt: skip
case(
    "tree_map_zipped", F("T"), F("T"),
    via=lambda f, x, y: f(lambda a, b: a * b, [{"k": x}, {"k": y}]),
)  # fmt: skip
case("tree_split_key", Key(), via=lambda f, key: f(key, {"a": 0, "b": (1, 2)}))
case(
    "tree_split_leaves", F("T A"), vmaps=False, jits=False,
    via=lambda f, x: (f({"a": x}, 1), f((x,), 0, True)),
)  # fmt: skip
case(
    "tree_replace_masked", F("T A"), F("T A"), Mask("T"),
    via=lambda f, x, y, m: (f({"a": x}, {"a": y}, m), f([x], None, m)),
)  # fmt: skip
case(
    "tree_fn", F("T"), F("T"),
    via=lambda f, x, y: f(lambda a, b, c: a * b + c, c=3.0)({"k": x}, {"k": y}),
)  # fmt: skip
for name in ("transpose_last_axis_to_first", "transpose_first_axis_to_last"):
    case(name, F("T A B"), via=lambda f, x: f({"a": x}))
case(
    "conditional_update", F("T"), F("T"), Mask(""),
    via=lambda f, x, y, now: f({"a": x}, {"a": y}, now),
)  # fmt: skip
case(
    "periodic_update", F("T"), F("T"), I("", "K"),
    via=lambda f, x, y, step: f({"a": x}, {"a": y}, step, 3),
)  # fmt: skip


def averages(f, x, y):
    start, update = f(0.9)
    moments, state = update({"a": x}, start({"a": x}))
    later, state = update({"a": y}, state)
    return dict(moments), dict(later), dict(state)


case("create_ema", F("T", 3.0), F("T", 3.0), via=averages)
case(
    "EmaMoments", F("T"),
    via=lambda f, x: (dict(f(mean=x, variance=x)), f(mean=x, variance=1.0).to_tuple()),
)  # fmt: skip
case(
    "EmaState", F("T"), U(""),
    via=lambda f, x, p: dict(
        f(mu=x, nu=2 * x * x, decay_product=p).replace(mu=2 * x).debiased_moments()
    ),
)  # fmt: skip
case("LagrangePenalty", S, via=lambda f, x: tuple(f(x, 0.1)))


class Uniform:
    """A distribution of neither library."""

    batch_shape = ()

    def __init__(self, width):
        self.width = width

    def sample(self, seed, sample_shape):
        return jax.random.uniform(seed, sample_shape) * self.width

    def log_prob(self, value):
        return -jnp.log(self.width) + 0 * value


for name in ("constant_policy_targets", "zero_policy_targets"):
    case(name, U(), Key(), via=lambda f, w, key: dict(f(Uniform(w), key, 5)))
case(
    "PolicyTarget", F("T"),
    via=lambda f, x: dict(f(actions=x, weights=x).replace(weights=2 * x)),
)  # fmt: skip
for stop in (True, False):
    case(
        "sampled_policy_distillation_loss", U(), F("T"), F("T"), label=f"stop={stop}",
        via=lambda f, w, x, y, stop=stop: f(
            Uniform(w), library_of(f).PolicyTarget(actions=x, weights=y), stop
        ),
    )  # fmt: skip
