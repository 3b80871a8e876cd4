"""A recurrent model of characters: unrolled for training, stepped for sampling."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

_TEXT = "the quick brown fox jumps over the lazy dog. " * 4
_LETTERS = sorted(set(_TEXT))


def run(hk):
    def core():
        return hk.DeepRNN(
            [
                lambda x: jax.nn.one_hot(x, len(_LETTERS)),
                hk.LSTM(32),
                jax.nn.relu,
                hk.GRU(24),
                hk.nets.MLP([len(_LETTERS)]),
            ]
        )

    def unrolled(sequence):
        net = core()
        state = net.initial_state(sequence.shape[1])
        return hk.dynamic_unroll(net, sequence, state)[0]

    def sampled(first, length):
        net = core()

        def step(carry, _):
            token, state = carry
            logits, state = net(token, state)
            token = jax.random.categorical(hk.next_rng_key(), logits)
            return (token, state), token

        if hk.running_init():
            return net(first, net.initial_state(1))[0]
        carry = first, net.initial_state(1)
        return hk.scan(step, carry, None, length=length)[1]

    train, sample = hk.transform(unrolled), hk.transform(sampled)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(2e-2))
    ids = np.array([_LETTERS.index(letter) for letter in _TEXT])
    batch = np.stack([ids[i : i + 21] for i in range(0, 120, 15)], axis=1)

    def loss(params):
        logits = train.apply(params, None, batch[:-1])
        terms = optax.softmax_cross_entropy_with_integer_labels(logits, batch[1:])
        return jnp.mean(terms)

    @jax.jit
    def update(params, opt_state):
        value, grads = jax.value_and_grad(loss)(params)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, value

    params = train.init(jax.random.PRNGKey(0), batch[:-1])
    opt_state = optimizer.init(params)
    losses = []
    for _ in range(25):
        params, opt_state, value = update(params, opt_state)
        losses.append(float(value))
    draw = jax.jit(sample.apply, static_argnums=3)
    tokens = draw(params, jax.random.PRNGKey(1), batch[0, :1], 12)
    return {"losses": losses, "tokens": np.asarray(tokens).ravel().tolist()}
