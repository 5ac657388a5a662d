"""The controller of Jobs: does what `decision` says.

It follows Jobs and Pods. Of the Pods it looks only at those that still matter to a Job (not counted yet, or not ended): what
a Job has behind it costs nothing, however much that is.
"""

from __future__ import annotations

from functools import partial

from podkit.controllers.adoption import adopter_key, orphan_keys
from podkit.controllers.controller import Controller, ObjectKey
from podkit.controllers.controller_ref import Claim, adopted, claim, controller_of, is_controlled_by, released
from podkit.controllers.expectations import Expectations
from podkit.controllers.failures import Failures
from podkit.controllers.job.conditions import is_finished
from podkit.controllers.job.decision import Decision, decide, end
from podkit.controllers.job.history import History
from podkit.controllers.job.job_pods import TRACKING, is_tracked, matters
from podkit.controllers.job.pod_factory import pod_of
from podkit.controllers.job.tracking import settle
from podkit.controllers.pod_state import is_terminal
from podkit.errors import Conflict, NotFound, PodkitError
from podkit.loop.clock import Clock
from podkit.loop.informer import object_key
from podkit.model.copying import clone
from podkit.model.job import Job, JobCondition, JobStatus
from podkit.model.meta import OwnerReference
from podkit.model.pod import Pod
from podkit.model.selector import Selector
from podkit.store.base import Store

NAME = "kubernetes.io/job-controller"
"""What ``spec.managedBy`` says when a Job is this controller's."""


class JobController(Controller[ObjectKey]):
    """Runs Jobs: makes their Pods, replaces those that fail, counts them, and says when a Job has come to its end.

    Args:
        store: the store with Jobs and Pods.
        clock: what time it is; None: the machine's clock.

    Example:
        ::

            store, main = MemoryStore(), Container("main", image="busybox")
            store.create(Job.new("work", containers=[main], completions=3, parallelism=3, restart_policy="Never"))
            JobController(store).step()
            print([made.metadata.name for made in store.list(Pod)])
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        super().__init__("job-controller", store, clock=clock)
        self._jobs = self.loop.follow(
            lambda wake: store.watch(Job, wake=wake), self._job_changed, indexes={"adopters": _adopter}
        )
        self._pods = self.loop.follow(
            lambda wake: store.watch(Pod, wake=wake),
            self._pod_changed,
            indexes={"mattering": _mattering, "ended": _ended, "orphans": orphan_keys},
        )
        self._created = Expectations(self._clock)
        self._let_go = Expectations(self._clock)
        self._histories: dict[str, History] = {}

    def _reconcile(self, key: ObjectKey) -> float | None:
        job = self._jobs.get(*key)
        if job is None:
            self._release_strays(key, None)
            self._created.forget(key)
            self._let_go.forget(key)
            return None
        if (job.spec.managed_by or NAME) != NAME:
            return None
        self._release_strays(key, job)
        if is_finished(job):
            self._histories.pop(job.metadata.uid or "", None)
            return None
        return self._run(key, job)

    def _run(self, key: ObjectKey, job: Job) -> float | None:
        may_manage = not self._created.awaited(key)
        uid = job.metadata.uid or ""
        pods = self._claimed_pods(key, job)
        decision = decide(job, pods, self._clock.now(), self._history(key, job), may_manage=may_manage)
        self._histories[uid] = decision.history
        failed = Failures()
        self._delete(job, decision, failed)
        self._create(key, job, decision, failed)
        job = self._store_status(job, decision.status)
        for reason, message in decision.events:
            self._report(job, reason, message)
        self._release_counted(key, job, decision, failed)
        failed.raise_first()
        return decision.again

    # What is there

    def _claimed_pods(self, key: ObjectKey, job: Job) -> list[Pod]:
        """The Job's Pods that matter, after those without a controller have been adopted and others let go."""
        orphans = self._pods.by_index("orphans", adopter_key(job.metadata.namespace, job.spec.selector))
        mine = [pod for pod in self._pods.by_index("mattering", _text(key)) if is_controlled_by(pod, job)]
        verdict: Claim[Pod] = claim(job, Selector.of(job.spec.selector), [*mine, *orphans])
        for pod in verdict.release:
            self._edit(pod, finalizers=_untracked(pod), owners=released(pod.metadata, job))
        for pod in verdict.adopt:
            finalizers = [*_untracked(pod), TRACKING]
            verdict.owned.append(self._edit(pod, finalizers=finalizers, owners=adopted(pod.metadata, job)))
        let_go = self._let_go.awaited(key)
        return [pod for pod in verdict.owned if pod.metadata.uid not in let_go]

    def _history(self, key: ObjectKey, job: Job) -> History:
        """How the Job's Pods have ended; read from them when this controller has not seen it happen."""
        known = self._histories.get(job.metadata.uid or "")
        if known is not None:
            return known
        ended = [pod for pod in self._pods.by_index("ended", _text(key)) if is_controlled_by(pod, job)]
        return History().and_then(
            [pod for pod in ended if pod.status.phase == "Succeeded"],
            [pod for pod in ended if pod.status.phase == "Failed" and pod.metadata.deletion_timestamp is None],
        )

    # What is done

    def _delete(self, job: Job, decision: Decision, failed: Failures) -> None:
        for pod in decision.delete:
            try:
                self._delete_pod(pod, let_go=decision.let_go)
            except NotFound:
                continue
            except PodkitError as error:
                failed.add(error)
                decision.status.active = (decision.status.active or 0) + 1
                decision.status.terminating = (decision.status.terminating or 0) - 1
                self._report(job, "FailedDelete", f"Error deleting: {error}", type="Warning")
            else:
                self._report(job, "SuccessfulDelete", f"Deleted pod: {pod.metadata.name}")

    def _delete_pod(self, pod: Pod, *, let_go: bool) -> None:
        if let_go and is_tracked(pod):
            self._edit(pod, finalizers=_untracked(pod))
        meta = pod.metadata
        self._store.delete(Pod, meta.name or "", namespace=meta.namespace or "", uid=meta.uid)

    def _create(self, key: ObjectKey, job: Job, decision: Decision, failed: Failures) -> None:
        """Make Pods; the first that is refused ends it, as the others would be too."""
        for done, new in enumerate(decision.create):
            try:
                pod = self._store.create(pod_of(job, new))
            except PodkitError as error:
                failed.add(error)
                decision.status.active = ((decision.status.active or 0) - len(decision.create) + done) or None
                self._report(job, "FailedCreate", f"Error creating: {error}", type="Warning")
                return
            self._created.expect(key, pod.metadata.uid or "")
            self._report(job, "SuccessfulCreate", f"Created pod: {pod.metadata.name}")

    def _store_status(self, job: Job, status: JobStatus) -> Job:
        if status == job.status:
            return job
        return self._store.update_status(Job(metadata=job.metadata, spec=job.spec, status=status))

    def _release_counted(self, key: ObjectKey, job: Job, decision: Decision, failed: Failures) -> None:
        """Let go of the Pods that are noted, put them in the numbers, and end the Job if that was all."""
        waiting = set(decision.tracked)
        for pod in decision.release:
            if failed.attempt(partial(self._release, key, pod)):
                waiting.discard(pod.metadata.uid or "")
        status = clone(job.status)
        settle(status, waiting)
        ended = not failed and end(decision, status)
        job = self._store_status(job, status)
        if ended:
            self._report_end(job, decision.end)

    def _report_end(self, job: Job, condition: JobCondition | None) -> None:
        if condition is None:
            return
        if condition.type == "Failed":
            self._report(job, condition.reason or "", condition.message or "", type="Warning")
            return
        if job.spec.completions is not None and (job.status.succeeded or 0) > job.spec.completions:
            message = "Too many succeeded pods running after completion count reached"
            self._report(job, "TooManySucceededPods", message, type="Warning")
        self._report(job, "Completed", "Job completed")

    def _release_strays(self, key: ObjectKey, job: Job | None) -> None:
        """Let go of Pods that nobody will count: their Job is gone, or has come to its end."""
        counting = job if job is not None and not is_finished(job) else None
        for pod in self._pods.by_index("mattering", _text(key)):
            if is_tracked(pod) and (counting is None or not is_controlled_by(pod, counting)):
                self._release(key, pod)

    def _release(self, key: ObjectKey, pod: Pod) -> None:
        """Take the finalizer from a Pod, however else it has changed; that it is gone altogether will do as well."""
        try:
            try:
                self._edit(pod, finalizers=_untracked(pod))
            except Conflict:
                fresh = self._store.get(Pod, pod.metadata.name or "", namespace=pod.metadata.namespace or "")
                if fresh.metadata.uid == pod.metadata.uid:
                    self._edit(fresh, finalizers=_untracked(fresh))
        except NotFound:
            return
        self._let_go.expect(key, pod.metadata.uid or "")

    def _edit(self, pod: Pod, *, finalizers: list[str], owners: list[OwnerReference] | None = None) -> Pod:
        """Change finalizers and owners of a Pod; refused with Conflict when it has changed meanwhile."""
        changed = clone(pod)
        changed.metadata.finalizers = finalizers
        if owners is not None:
            changed.metadata.owner_references = owners
        return self._store.update(changed)

    # What has changed

    def _job_changed(self, old: Job | None, new: Job | None) -> None:
        job = new or old
        if job is None:
            return
        if new is None:
            self._histories.pop(job.metadata.uid or "", None)
        self.loop.enqueue(object_key(job))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        for pod in (old, new):
            key = _job_key(pod) if pod is not None else None
            if key is None or pod is None:
                continue
            uid = pod.metadata.uid or ""
            self._created.observe(key, uid)
            if new is None or not is_tracked(new):
                self._let_go.observe(key, uid)
            self.loop.enqueue(key)
        if new is not None:
            self._enqueue_adopters(new)

    def _enqueue_adopters(self, pod: Pod) -> None:
        for label in orphan_keys(pod):
            for job in self._jobs.by_index("adopters", label):
                self.loop.enqueue(object_key(job))


def _adopter(job: Job) -> list[str]:
    return [] if is_finished(job) else [adopter_key(job.metadata.namespace, job.spec.selector)]


def _mattering(pod: Pod) -> list[str]:
    key = _job_key(pod)
    return [_text(key)] if key is not None and matters(pod) else []


def _ended(pod: Pod) -> list[str]:
    key = _job_key(pod)
    return [_text(key)] if key is not None and is_terminal(pod) else []


def _job_key(pod: Pod) -> ObjectKey | None:
    """The key of the Job that a Pod belongs to; None when it belongs to none."""
    reference = controller_of(pod)
    if reference is None or reference.kind != "Job" or not reference.api_version.startswith("batch/"):
        return None
    return pod.metadata.namespace, reference.name


def _text(key: ObjectKey) -> str:
    return f"{key[0]}/{key[1]}"


def _untracked(pod: Pod) -> list[str]:
    """The finalizers of a Pod without the one that keeps it until it is counted."""
    return [name for name in pod.metadata.finalizers if name != TRACKING]
