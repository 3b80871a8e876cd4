"""The named tuples that TRFL's functions return."""

from collections import namedtuple

from compat.dictionary import UNKNOWN, Call, Floats, op

LossOutput = namedtuple("LossOutput", "loss extra")

QExtra = namedtuple("QExtra", "target td_error")
DoubleQExtra = namedtuple("DoubleQExtra", "target td_error best_action")
TDExtra = namedtuple("TDExtra", "target td_error")
TDLambdaExtra = namedtuple("TDLambdaExtra", "temporal_differences discounted_returns")
RetraceCoreExtra = namedtuple("RetraceCoreExtra", "retrace_weights target")
DistributionExtra = namedtuple("DistributionExtra", "target")
PixelControlExtra = namedtuple("PixelControlExtra", "spatial_loss pseudo_rewards")
EntropyExtra = namedtuple("EntropyExtra", "entropy")
DPGExtra = namedtuple("DPGExtra", "q_max a_max dqda")
ActorCriticExtra = namedtuple(
    "ActorCriticExtra",
    "entropy entropy_loss baseline_loss policy_gradient_loss advantages "
    "discounted_returns",
)

QTraceReturns = namedtuple(
    "QTraceReturns",
    "qs importance_weights log_importance_weights truncated_importance_weights "
    "deltas vs_minus_q_xs",
)
VTraceReturns = namedtuple("VTraceReturns", "vs pg_advantages")
VTraceFromLogitsReturns = namedtuple(
    "VTraceFromLogitsReturns",
    "vs pg_advantages log_rhos behaviour_action_log_probs target_action_log_probs",
)


@op("trfl.base_ops.LossOutput", returns=UNKNOWN, check=[Call(Floats(3), ())])
def loss_output(loss, extra):
    """A loss, and a named tuple of what is told beside it."""
    return LossOutput(loss, extra)
