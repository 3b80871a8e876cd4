"""A causal language model: attention, layer norm, dropout, gradient clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    class Block(hk.Module):
        def __call__(self, x, mask, is_training):
            def dropped(x):
                return hk.dropout(hk.next_rng_key(), 0.1, x) if is_training else x

            scale = hk.initializers.VarianceScaling(0.5)
            norm = lambda x: hk.LayerNorm(-1, True, True)(x)  # noqa: E731
            attention = hk.MultiHeadAttention(2, 8, w_init=scale, model_size=16)
            h = norm(x)
            h = attention(h, h, h, mask=mask)
            x = x + dropped(h)
            h = hk.Linear(32, w_init=scale)(norm(x))
            h = hk.Linear(16, w_init=scale)(jax.nn.gelu(h))
            return x + dropped(h)

    def model(tokens, is_training=True):
        length = tokens.shape[1]
        mask = np.tril(np.ones((1, 1, length, length)))
        embed = hk.Embed(12, 16, w_init=hk.initializers.TruncatedNormal(0.02))
        places = hk.get_parameter(
            "places", [length, 16], init=hk.initializers.TruncatedNormal(0.02)
        )
        x = embed(tokens) + places
        for index in range(2):
            x = Block(name=f"block_{index}")(x, mask, is_training)
        return hk.Linear(12)(hk.LayerNorm(-1, True, True, name="last")(x))

    f = hk.transform(model)
    optimizer = optax.chain(optax.clip_by_global_norm(0.25), optax.adam(1e-2))
    tokens = np.arange(8 * 10).reshape(8, 10) * 7 % 12

    def loss(params, key):
        logits = f.apply(params, key, tokens[:, :-1])
        terms = optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:])
        return jnp.mean(terms)

    @jax.jit
    def update(params, opt_state, key):
        value, grads = jax.value_and_grad(loss)(params, key)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, value

    keys = hk.PRNGSequence(1)
    params = f.init(next(keys), tokens[:, :-1])
    opt_state = optimizer.init(params)
    losses = []
    for _ in range(15):
        params, opt_state, value = update(params, opt_state, next(keys))
        losses.append(float(value))
    out = f.apply(params, None, tokens[:, :-1], is_training=False)
    return {"losses": losses, "logits": np.asarray(out)}
