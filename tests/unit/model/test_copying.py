"""Copies of objects: what they share with the original, and what not."""

from podkit.model import Container, EnvVar, Job, Pod
from podkit.model.copying import clone, shallow


def pod() -> Pod:
    return Pod.new(
        "web", containers=[Container("main", image="busybox", env=[EnvVar("A", "1")])], labels={"app": "web"}
    )


def test_what_is_done_to_a_copy_is_not_done_to_the_original() -> None:
    given = pod()
    copied = clone(given)
    assert copied == given
    copied.metadata.labels["app"] = "other"
    copied.spec.containers[0].env.append(EnvVar("B", "2"))
    assert given == pod()


def test_parts_are_copied_again_and_again() -> None:
    job = Job.new("sum", containers=[Container("main", image="busybox")])
    copies = [clone(job) for _ in range(3)]
    assert copies == [job] * 3
    assert len({id(copied.spec.template.spec.containers[0]) for copied in (job, *copies)}) == 4


def test_a_shallow_copy_has_the_same_parts_and_can_be_given_others() -> None:
    given = pod()
    copied = shallow(given)
    assert (copied.metadata, copied.spec) == (given.metadata, given.spec)
    assert copied.spec is given.spec
    copied.spec = clone(given.spec)
    copied.spec.containers.clear()
    assert given == pod()
