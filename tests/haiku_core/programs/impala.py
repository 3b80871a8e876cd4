"""An actor stepped through episodes, and a learner that unrolls the same network."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def run(hk):
    class Network(hk.RNNCore):
        """A torso, an LSTM that is reset where an episode begins, two heads."""

        def __init__(self, actions, name=None):
            super().__init__(name)
            self._torso = hk.nets.MLP([16], activate_final=True)
            self._core = hk.ResetCore(hk.LSTM(8))
            self._policy = hk.Linear(actions, name="policy")
            self._value = hk.Linear(1, name="value")

        def initial_state(self, batch_size):
            return self._core.initial_state(batch_size)

        def __call__(self, inputs, state):
            seen, first = inputs
            out, state = self._core((self._torso(seen), first), state)
            return self._heads(out), state

        def unroll(self, inputs, state):
            seen, first = inputs
            torso = hk.BatchApply(self._torso)(seen)
            out, state = hk.static_unroll(self._core, (torso, first), state)
            return hk.BatchApply(self._heads)(out), state

        @hk.name_like("__call__")
        def _heads(self, x):
            return self._policy(x), jnp.squeeze(self._value(x), axis=-1)

    def everything():
        net = Network(3)

        def both(inputs, state):
            return net(jax.tree.map(lambda x: x[0], inputs), state)

        return both, (net, net.unroll, net.initial_state)

    f = hk.multi_transform(everything)
    step, unroll, initial_state = f.apply
    rng = np.random.RandomState(0)
    first = np.zeros((6, 2), np.bool_)
    first[0], first[3, 1] = True, True
    inputs = rng.randn(6, 2, 5).astype(np.float32), first
    params = f.init(jax.random.PRNGKey(0), inputs, _zeros(hk, 2))
    state = initial_state(params, None, 2)
    act = jax.jit(step)
    actions, logits = [], []
    for t in range(6):
        now = jax.tree.map(lambda x: x[t], inputs)  # noqa: B023
        (policy, _), state = act(params, None, now, state)
        logits.append(policy)
        actions.append(jnp.argmax(policy, -1))
    actions = jnp.stack(actions)
    rewards = rng.randn(6, 2).astype(np.float32)
    optimizer = optax.rmsprop(5e-3, decay=0.99, eps=1e-2)

    def loss(params):
        (policy, value), _ = unroll(
            params, None, inputs, initial_state(params, None, 2)
        )
        taken = jnp.take_along_axis(jax.nn.log_softmax(policy), actions[..., None], -1)
        returns = jnp.cumsum(rewards[::-1], axis=0)[::-1]
        advantage = returns - value
        actor = -jnp.mean(taken[..., 0] * jax.lax.stop_gradient(advantage))
        critic = jnp.mean(advantage**2)
        return actor + 0.5 * critic, critic

    @jax.jit
    def update(params, opt_state):
        (_, critic), grads = jax.value_and_grad(loss, has_aux=True)(params)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, critic

    unrolled, _ = unroll(params, None, inputs, initial_state(params, None, 2))
    np.testing.assert_allclose(unrolled[0], jnp.stack(logits), rtol=1e-5, atol=1e-6)
    opt_state, losses = optimizer.init(params), []
    for _ in range(15):
        params, opt_state, value = update(params, opt_state)
        losses.append(float(value))
    return {"losses": losses, "names": sorted(params)}


def _zeros(hk, batch):
    zeros = jnp.zeros((batch, 8))
    return hk.LSTMState(zeros, zeros)
