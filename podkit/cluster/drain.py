"""Which Pods have to leave a node that is drained, and which speak against draining it. Pure.

As with ``kubectl drain``, a Pod that would be lost for good is only sent away by somebody who has said that it may be: one that no
controller replaces, or that keeps data in an ``emptyDir``. Pods of DaemonSets would come back at once, whatever is done, and stay.
Mirror Pods stay with their file. Pods that have ended are simply removed.

Source of the rules: kubectl ``pkg/drain/filters.go``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from attrs import field, frozen

from podkit.admission.mirror_pods import is_mirror
from podkit.model.owners import controller_of
from podkit.model.pod import Pod
from podkit.model.pod_state import is_terminal

DAEMON_SET = "cannot delete DaemonSet-managed Pods (use ignore_daemonsets=True to ignore)"
LOCAL_STORAGE = "cannot delete Pods with local storage (use delete_emptydir_data=True to override)"
UNMANAGED = "cannot delete Pods that declare no controller (use force=True to override)"
ORPHANED = "cannot delete Pods whose DaemonSet does not exist (use force=True to override)"


@frozen
class DrainOptions:
    """What may be lost.

    Attributes:
        ignore_daemonsets: whether Pods of DaemonSets may stay.
        delete_emptydir_data: whether the data in ``emptyDir`` volumes may be lost.
        force: whether Pods may be lost that no controller replaces.
    """

    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    force: bool = False


@frozen
class DrainPlan:
    """What is to be done.

    Attributes:
        leaving: the Pods that have to leave.
        refusals: by reason, the Pods that may not be sent away.
    """

    leaving: Sequence[Pod] = field(factory=list)
    refusals: dict[str, list[str]] = field(factory=dict)

    def complaint(self, node: str) -> str:
        """The refusals as a text."""
        reasons = "; ".join(f"{reason}: {', '.join(pods)}" for reason, pods in self.refusals.items())
        return f"unable to drain node {node!r}: {reasons}"


def plan_drain(pods: Iterable[Pod], daemon_sets: Collection[str], options: DrainOptions) -> DrainPlan:
    """Decide which Pods of a node have to leave.

    Args:
        pods: all Pods of the node.
        daemon_sets: the uids of the DaemonSets that there are.
        options: what may be lost.
    """
    plan = DrainPlan([], {})
    leaving: list[Pod] = []
    for pod in pods:
        refusal = _refusal(pod, daemon_sets, options)
        if refusal:
            plan.refusals.setdefault(refusal, []).append(f"{pod.metadata.namespace}/{pod.metadata.name}")
        elif not _stays(pod, daemon_sets):
            leaving.append(pod)
    return DrainPlan(leaving, plan.refusals)


def _refusal(pod: Pod, daemon_sets: Collection[str], options: DrainOptions) -> str | None:
    """Why a Pod may not be sent away; None when it may, or stays anyhow."""
    owner = controller_of(pod)
    if is_mirror(pod) or is_terminal(pod):
        return None
    if owner is not None and owner.kind == "DaemonSet":
        if owner.uid in daemon_sets:
            return None if options.ignore_daemonsets else DAEMON_SET
        if not options.force:
            return ORPHANED
    if any(volume.empty_dir is not None for volume in pod.spec.volumes) and not options.delete_emptydir_data:
        return LOCAL_STORAGE
    return UNMANAGED if owner is None and not options.force else None


def _stays(pod: Pod, daemon_sets: Collection[str]) -> bool:
    owner = controller_of(pod)
    of_daemon_set = owner is not None and owner.kind == "DaemonSet" and owner.uid in daemon_sets
    return is_mirror(pod) or (of_daemon_set and not is_terminal(pod))
