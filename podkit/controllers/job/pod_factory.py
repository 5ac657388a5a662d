"""The Pods of a Job, made of its template.

A Pod of an Indexed Job carries its index four times: as annotation, as label, in its hostname ``<job>-<index>``, and (through the
label) in the variable ``JOB_COMPLETION_INDEX`` of each container.

Source of the rules: ``pkg/controller/controller_utils.go`` (GetPodFromTemplate), ``pkg/controller/job/indexed_job_utils.go``.
"""

from __future__ import annotations

from podkit.controllers.controller_ref import controller_reference
from podkit.controllers.job.job_pods import INDEX, INDEX_FAILURES, INDEX_IGNORED_FAILURES, TRACKING
from podkit.controllers.job.plan import NewPod
from podkit.model.container import Container
from podkit.model.copying import clone
from podkit.model.environment import EnvVar, EnvVarSource, ObjectFieldSelector
from podkit.model.job import Job
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod

INDEX_VARIABLE = "JOB_COMPLETION_INDEX"

_LONGEST_PREFIX = 58
"""A name is a DNS label of 63 characters, of which the store makes up five."""


def pod_of(job: Job, new: NewPod) -> Pod:
    """A Pod for a Job, to be created."""
    template = clone(job.spec.template)
    meta = ObjectMeta(
        generate_name=_prefix(job.metadata.name or "", new.index),
        namespace=job.metadata.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
        finalizers=[*(name for name in template.metadata.finalizers if name != TRACKING), TRACKING],
        owner_references=[controller_reference(job)],
    )
    pod = Pod(metadata=meta, spec=template.spec)
    if new.index is not None:
        _give_index(pod, job.metadata.name or "", new.index)
    if new.failures is not None:
        meta.annotations[INDEX_FAILURES] = str(new.failures)
    if new.ignored_failures:
        meta.annotations[INDEX_IGNORED_FAILURES] = str(new.ignored_failures)
    return pod


def _prefix(name: str, index: int | None) -> str:
    """The beginning of the Pod's name; a long one is shortened so that the index stays."""
    end = "-" if index is None else f"-{index}-"
    return name[: _LONGEST_PREFIX - len(end)] + end if index is not None else name + end


def _give_index(pod: Pod, job_name: str, index: int) -> None:
    pod.metadata.annotations[INDEX] = pod.metadata.labels[INDEX] = str(index)
    pod.spec.hostname = f"{job_name}-{index}"
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        _add_variable(container)


def _add_variable(container: Container) -> None:
    """Give a container the variable with its index, unless it has one of that name."""
    if any(variable.name == INDEX_VARIABLE for variable in container.env):
        return
    field = ObjectFieldSelector(field_path=f"metadata.labels['{INDEX}']")
    container.env.append(EnvVar(name=INDEX_VARIABLE, value_from=EnvVarSource(field_ref=field)))
