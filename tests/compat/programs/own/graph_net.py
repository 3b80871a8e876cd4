"""Message passing over a batch of graphs held as flat arrays."""

import collections

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

Graphs = collections.namedtuple(
    "Graphs", "nodes edges globals senders receivers n_node n_edge"
)
WIDTH, ROUNDS = 6, 3


def block(size):
    return lambda: snt.Sequential(
        [snt.nets.MLP([12, size]), snt.LayerNorm(-1, True, True)]
    )


class GraphNetwork(snt.Module):
    def __init__(self, edge_fn, node_fn, global_fn, name="graph_network"):
        super().__init__(name=name)
        with tf.name_scope("blocks"):
            self._edge, self._node, self._global = edge_fn(), node_fn(), global_fn()

    def __call__(self, graphs):
        count = tf.shape(graphs.n_node)[0]
        edges_of = tf.repeat(tf.range(count), graphs.n_edge)
        nodes_of = tf.repeat(tf.range(count), graphs.n_node)
        edges = self._edge(
            tf.concat(
                [
                    graphs.edges,
                    tf.gather(graphs.nodes, graphs.senders),
                    tf.gather(graphs.nodes, graphs.receivers),
                    tf.gather(graphs.globals, edges_of),
                ],
                axis=-1,
            )
        )
        received = tf.math.unsorted_segment_sum(
            edges, graphs.receivers, num_segments=tf.shape(graphs.nodes)[0]
        )
        nodes = self._node(
            tf.concat([graphs.nodes, received, tf.gather(graphs.globals, nodes_of)], 1)
        )
        summary = [
            tf.math.unsorted_segment_mean(edges, edges_of, count),
            tf.math.segment_max(nodes, nodes_of),
            graphs.globals,
        ]
        return graphs._replace(
            nodes=nodes, edges=edges, globals=self._global(tf.concat(summary, -1))
        )


class EncodeProcessDecode(snt.Module):
    def __init__(self):
        super().__init__()
        self._encode = {
            k: snt.Linear(WIDTH, name=k) for k in ("nodes", "edges", "globals")
        }
        self._core = GraphNetwork(block(WIDTH), block(WIDTH), block(WIDTH))
        self._decode = snt.Linear(2)

    def __call__(self, graphs, rounds):
        graphs = graphs._replace(
            **{k: layer(getattr(graphs, k)) for k, layer in self._encode.items()}
        )
        first, outputs = graphs, []
        for _ in range(rounds):
            graphs = tf.nest.map_structure(lambda x: x, self._core(graphs))
            graphs = graphs._replace(nodes=graphs.nodes + first.nodes)
            outputs.append(self._decode(graphs.nodes))
        return outputs


def make_graphs(rng):
    n_node, n_edge = np.array([3, 5, 2]), np.array([4, 7, 2])
    offsets = np.repeat(np.cumsum(n_node) - n_node, n_edge)
    sizes = np.repeat(n_node, n_edge)
    ends = [offsets + rng.integers(0, sizes) for _ in range(2)]
    floats = [
        rng.standard_normal((n, 3)).astype(np.float32)
        for n in (n_node.sum(), n_edge.sum(), len(n_node))
    ]
    ints = [a.astype(np.int32) for a in (*ends, n_node, n_edge)]
    return Graphs(*floats, *ints)


def build():
    rng = np.random.default_rng(0)
    graphs = [make_graphs(rng) for _ in range(STEPS)]
    targets = [(g.nodes[:, :1] > 0).astype(np.int64)[:, 0] for g in graphs]
    model = EncodeProcessDecode()
    model(tf.nest.map_structure(tf.constant, graphs[0]), 1)
    fill([model], 1)
    optimizer = snt.optimizers.SGD(0.1)

    @tf.function
    def update(graphs, targets):
        with tf.GradientTape() as tape:
            losses = [
                tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(
                        labels=targets, logits=logits
                    )
                )
                for logits in model(graphs, ROUNDS)
            ]
            loss = tf.reduce_sum(tf.stack(losses)) / len(losses)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(grads, model.trainable_variables)
        return loss

    def step(i):
        return {
            "loss": update(tf.nest.map_structure(tf.constant, graphs[i]), targets[i])
        }

    return Program(step, [model])
