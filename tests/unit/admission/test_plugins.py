"""What the admission plugins give a Pod because of what it names."""

from __future__ import annotations

from typing import Any

import pytest

from podkit.admission import companions, prepare_create, prepare_update, validate
from podkit.errors import ValidationError
from podkit.model import (
    LimitRange,
    Overhead,
    Pod,
    PriorityClass,
    ResourceRequirements,
    RuntimeClass,
    RuntimeClassScheduling,
    ServiceAccount,
    Toleration,
    VolumeMount,
)
from tests.unit.admission.manifests import container, load, pod

TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


class Objects:
    """A cluster that knows some objects."""

    def __init__(self, *objects: Any) -> None:
        self.objects = objects

    def find(self, kind: type[Any], name: str, namespace: str | None = None) -> Any:
        return next(
            (
                found
                for found in self.all(kind)
                if (found.metadata.name, found.metadata.namespace or None) == (name, namespace)
            ),
            None,
        )

    def all(self, kind: type[Any]) -> list[Any]:
        return [found for found in self.objects if isinstance(found, kind)]


def paths(problem: pytest.ExceptionInfo[ValidationError]) -> list[str]:
    return [error.path for error in problem.value.errors]


class TestPriority:
    def test_a_pod_has_the_priority_of_its_class(self) -> None:
        gold = PriorityClass.new("gold", 1000, preemption_policy="Never")

        spec = prepare_create(pod("{priorityClassName: gold}"), Objects(gold)).spec

        assert (spec.priority, spec.preemption_policy) == (1000, "Never")

    def test_one_without_a_class_has_the_default_one(self) -> None:
        known = Objects(PriorityClass.new("silver", 7, global_default=True), PriorityClass.new("gold", 9))

        spec = prepare_create(pod(), known).spec

        assert (spec.priority, spec.priority_class_name) == (7, "silver")

    def test_of_two_defaults_the_lower_counts(self) -> None:
        known = Objects(
            PriorityClass.new("gold", 9, global_default=True), PriorityClass.new("silver", 7, global_default=True)
        )

        assert prepare_create(pod(), known).spec.priority == 7

    def test_another_priority_than_that_of_the_class_is_refused(self) -> None:
        with pytest.raises(ValidationError) as caught:
            prepare_create(pod("{priorityClassName: gold, priority: 5}"), Objects(PriorityClass.new("gold", 1000)))

        assert paths(caught) == ["spec.priority"]

    def test_a_second_default_class_is_refused(self) -> None:
        silver = prepare_create(PriorityClass.new("silver", 7, global_default=True))
        known = Objects(silver)

        with pytest.raises(ValidationError, match="silver is already marked as default"):
            prepare_create(PriorityClass.new("gold", 9, global_default=True), known)
        assert prepare_update(silver, silver, known) == silver

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            (PriorityClass.new("gold", 1_000_000_001), "value"),
            (PriorityClass.new("system-gold", 5), "metadata.name"),
            (PriorityClass.new("system-node-critical", 5), "metadata.name"),
            (PriorityClass.new("gold", 5, preemption_policy="Perhaps"), "preemptionPolicy"),  # type: ignore[arg-type]
        ],
    )
    def test_a_class_that_cannot_be_is_refused(self, given: PriorityClass, path: str) -> None:
        with pytest.raises(ValidationError) as caught:
            prepare_create(given)

        assert paths(caught) == [path]

    def test_what_pods_have_taken_from_a_class_cannot_change(self) -> None:
        old = prepare_create(PriorityClass.new("gold", 5))

        with pytest.raises(ValidationError) as caught:
            validate(PriorityClass.new("gold", 6, preemption_policy="Never"), old)

        assert paths(caught) == ["value", "preemptionPolicy"]


class TestRuntimeClass:
    def test_its_overhead_becomes_the_pods(self) -> None:
        known = Objects(RuntimeClass.new("kata", "kata", overhead={"cpu": "10m", "memory": "1Mi"}))

        assert prepare_create(pod("{runtimeClassName: kata}"), known).spec.overhead == {"cpu": "10m", "memory": "1Mi"}

    def test_without_overhead_there_is_none(self) -> None:
        known = Objects(RuntimeClass.new("runc", "runc"))

        assert prepare_create(pod("{runtimeClassName: runc}"), known).spec.overhead == {}

    @pytest.mark.parametrize(
        ("overhead", "spec"),
        [
            ({"cpu": "10m"}, "{runtimeClassName: kata, overhead: {cpu: 20m}}"),
            (None, "{runtimeClassName: kata, overhead: {cpu: 20m}}"),
            (None, "{overhead: {cpu: 20m}}"),
        ],
    )
    def test_another_overhead_is_refused(self, overhead: dict[str, str] | None, spec: str) -> None:
        with pytest.raises(ValidationError) as caught:
            prepare_create(pod(spec), Objects(RuntimeClass.new("kata", "kata", overhead=overhead)))

        assert paths(caught) == ["spec.overhead"]

    def test_the_same_overhead_written_otherwise_is_accepted(self) -> None:
        known = Objects(RuntimeClass.new("kata", "kata", overhead={"memory": "1Gi"}))

        spec = prepare_create(pod("{runtimeClassName: kata, overhead: {memory: 1024Mi}}"), known).spec

        assert spec.overhead == {"memory": "1Gi"}

    def test_the_pod_runs_where_the_runtime_is(self) -> None:
        scheduling = RuntimeClassScheduling(
            node_selector={"vm": "yes"},
            tolerations=[Toleration(key="vm", operator="Exists"), Toleration(key="a", value="b", effect="NoSchedule")],
        )
        known = Objects(
            RuntimeClass(handler="kata", scheduling=scheduling, metadata=RuntimeClass.new("kata", "").metadata)
        )
        spec = "{runtimeClassName: kata, nodeSelector: {disk: ssd}, tolerations: [{key: vm, value: big, effect: NoSchedule}]}"

        made = prepare_create(pod(spec), known).spec

        assert made.node_selector == {"disk": "ssd", "vm": "yes"}
        tolerated = {(one.key, one.operator or "Equal", one.value) for one in made.tolerations}
        assert {("vm", "Exists", None), ("a", "Equal", "b")} <= tolerated
        assert ("vm", "Equal", "big") not in tolerated

    def test_a_pod_that_wants_to_run_elsewhere_is_refused(self) -> None:
        scheduling = RuntimeClassScheduling(node_selector={"vm": "yes"})
        known = Objects(
            RuntimeClass(handler="kata", scheduling=scheduling, metadata=RuntimeClass.new("kata", "").metadata)
        )

        with pytest.raises(ValidationError) as caught:
            prepare_create(pod("{runtimeClassName: kata, nodeSelector: {vm: no}}"), known)

        assert "spec.nodeSelector[vm]" in paths(caught)

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            (RuntimeClass.new("kata", ""), "handler"),
            (RuntimeClass.new("kata", "Kata!"), "handler"),
            (RuntimeClass.new("kata", "kata", overhead={"cpu": "-1"}), "overhead.podFixed[cpu]"),
            (
                RuntimeClass(
                    metadata=RuntimeClass.new("kata", "").metadata,
                    handler="kata",
                    overhead=Overhead(),
                    scheduling=RuntimeClassScheduling(tolerations=[Toleration(key="a"), Toleration(key="a")]),
                ),
                "scheduling.tolerations[1]",
            ),
        ],
    )
    def test_a_class_that_cannot_be_is_refused(self, given: RuntimeClass, path: str) -> None:
        with pytest.raises(ValidationError) as caught:
            prepare_create(given)

        assert paths(caught) == [path]

    def test_its_handler_cannot_change(self) -> None:
        with pytest.raises(ValidationError) as caught:
            validate(RuntimeClass.new("kata", "runc"), RuntimeClass.new("kata", "kata"))

        assert paths(caught) == ["handler"]


def account(automount: bool | None = None, name: str = "default", **fields: Any) -> ServiceAccount:
    return ServiceAccount.new(name, namespace="default", automount_service_account_token=automount, **fields)


def has_token(made: Pod) -> bool:
    return any(mount.mount_path == TOKENS for mount in made.spec.containers[0].volume_mounts)


class TestServiceAccount:
    @pytest.mark.parametrize("of_account", [None, True, False])
    @pytest.mark.parametrize("of_pod", [None, True, False])
    def test_what_the_pod_says_wins_over_its_account(self, of_pod: bool | None, of_account: bool | None) -> None:
        given = pod("{serviceAccountName: robot}")
        given.spec.automount_service_account_token = of_pod

        made = prepare_create(given, Objects(account(of_account, "robot")))

        assert has_token(made) is (of_pod if of_pod is not None else of_account is not False)

    @pytest.mark.parametrize(
        ("spec", "known", "expected"),
        [
            ("{}", Objects(), False),
            ("{serviceAccountName: default}", Objects(), False),
            ("{automountServiceAccountToken: true}", Objects(), True),
            ("{serviceAccountName: robot}", Objects(), True),
            ("{serviceAccountName: robot, automountServiceAccountToken: false}", Objects(), False),
            ("{}", Objects(account()), True),
            ("{}", Objects(account(automount=False)), False),
            ("{}", Objects(ServiceAccount.new("default", namespace="other")), False),
        ],
    )
    def test_only_who_has_asked_for_an_account_gets_a_token(self, spec: str, known: Objects, expected: bool) -> None:
        assert has_token(prepare_create(pod(spec), known)) is expected

    def test_the_volume_is_that_of_kubernetes_and_every_container_sees_it(self) -> None:
        spec = (
            "{serviceAccountName: robot, initContainers: [{name: i, image: i}],"
            " containers: [{name: a, image: i}, {name: b, image: i}]}"
        )

        made = prepare_create(pod(spec)).spec

        (volume,) = made.volumes
        assert volume.name.startswith("kube-api-access-")
        assert len(volume.name) == len("kube-api-access-") + 5
        assert volume.projected is not None
        assert volume.projected.default_mode == 0o644
        token, root_ca, namespace = volume.projected.sources
        assert token.service_account_token is not None
        assert (token.service_account_token.path, token.service_account_token.expiration_seconds) == ("token", 3607)
        assert root_ca.config_map is not None
        assert [(item.key, item.path) for item in root_ca.config_map.items] == [("ca.crt", "ca.crt")]
        assert namespace.downward_api is not None
        assert [item.path for item in namespace.downward_api.items] == ["namespace"]
        mount = VolumeMount(name=volume.name, mount_path=TOKENS, read_only=True)
        assert [one.volume_mounts for one in [*made.init_containers, *made.containers]] == [[mount]] * 3

    def test_a_container_with_something_else_there_keeps_that(self) -> None:
        spec = (
            "{serviceAccountName: robot, volumes: [{name: mine, emptyDir: {}}],"
            f" containers: [{{name: a, image: i, volumeMounts: [{{name: mine, mountPath: {TOKENS}}}]}}]}}"
        )

        made = prepare_create(pod(spec)).spec

        assert [volume.name for volume in made.volumes] == ["mine"]
        assert [mount.name for mount in made.containers[0].volume_mounts] == ["mine"]

    def test_the_certificate_has_to_be_there_for_whoever_reads_it(self) -> None:
        made = prepare_create(pod("{serviceAccountName: robot}"))

        (config,) = companions(made)

        assert (config.kind, config.metadata.name) == ("ConfigMap", "kube-root-ca.crt")
        assert companions(prepare_create(pod())) == []

    def test_images_are_pulled_with_its_secrets(self) -> None:
        known = Objects(account(name="robot", image_pull_secrets=["registry"]))

        made = prepare_create(pod("{serviceAccountName: robot}"), known).spec
        own = prepare_create(pod("{serviceAccountName: robot, imagePullSecrets: [{name: mine}]}"), known).spec

        assert [secret.name for secret in made.image_pull_secrets] == ["registry"]
        assert [secret.name for secret in own.image_pull_secrets] == ["mine"]

    def test_a_mirror_pod_stays_as_it_is(self) -> None:
        given = pod("{serviceAccountName: robot, nodeName: n}", "{annotations: {kubernetes.io/config.mirror: abc}}")

        assert prepare_create(given).spec.volumes == []


def limits(*items: str) -> LimitRange:
    spec = f"{{limits: [{', '.join(items)}]}}"
    text = f"{{apiVersion: v1, kind: LimitRange, metadata: {{name: x, namespace: default}}, spec: {spec}}}"
    made: LimitRange = prepare_create(load(text))
    return made


class TestLimitRanger:
    @pytest.mark.parametrize(
        ("item", "spec", "requests", "limited"),
        [
            ("{type: Container, default: {cpu: 1}}", "{}", {"cpu": "1"}, {"cpu": "1"}),
            ("{type: Container, max: {cpu: 2}, min: {memory: 1Mi}}", "{}", {"cpu": "2", "memory": "1Mi"}, {"cpu": "2"}),
            ("{type: Container, defaultRequest: {cpu: 1}}", "{resources: {requests: {cpu: 2}}}", {"cpu": "2"}, {}),
            ("{type: Container, default: {cpu: 1}}", "{resources: {limits: {cpu: 2}}}", {"cpu": "2"}, {"cpu": "2"}),
            (
                "{type: Pod, max: {memory: 1Gi}}",
                "{resources: {limits: {memory: 1Mi}}}",
                {"memory": "1Mi"},
                {"memory": "1Mi"},
            ),
        ],
    )
    def test_containers_get_what_they_do_not_say(
        self, item: str, spec: str, requests: dict[str, str], limited: dict[str, str]
    ) -> None:
        made = prepare_create(container(spec), Objects(limits(item)))

        assert made.spec.containers[0].resources == ResourceRequirements(requests, limited)

    def test_the_pod_says_what_was_filled_in(self) -> None:
        spec = "{initContainers: [{name: i, image: i}], containers: [{name: a, image: i}]}"

        made = prepare_create(pod(spec), Objects(limits("{type: Container, default: {cpu: 1, memory: 1Mi}}")))

        assert made.metadata.annotations["kubernetes.io/limit-ranger"] == (
            "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a;"
            " cpu, memory request for init container i; cpu, memory limit for init container i"
        )
        assert made.status.qos_class == "Guaranteed"

    @pytest.mark.parametrize(
        ("item", "resources", "message"),
        [
            (
                "{type: Container, max: {cpu: 1}}",
                "{limits: {cpu: 2}}",
                "maximum cpu usage per Container is 1, but limit is 2",
            ),
            (
                "{type: Container, min: {cpu: 1}}",
                "{requests: {cpu: 500m}}",
                "minimum cpu usage per Container is 1, but request is 500m",
            ),
            (
                "{type: Pod, max: {cpu: 1}}",
                "{requests: {cpu: 1}}",
                "maximum cpu usage per Pod is 1. No limit is specified",
            ),
            ("{type: Pod, min: {cpu: 1}}", "{}", "minimum cpu usage per Pod is 1. No request is specified"),
            (
                "{type: Container, maxLimitRequestRatio: {cpu: 2}}",
                "{requests: {cpu: 100m}, limits: {cpu: 1}}",
                "cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000",
            ),
            (
                "{type: Container, maxLimitRequestRatio: {cpu: 2}}",
                "{requests: {cpu: 100m}}",
                "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
            ),
        ],
    )
    def test_what_is_beyond_the_limits_is_refused(self, item: str, resources: str, message: str) -> None:
        with pytest.raises(ValidationError) as caught:
            prepare_create(container(f"{{resources: {resources}}}"), Objects(limits(item)))

        assert [error.message for error in caught.value.errors] == [message]

    def test_so_are_claims(self) -> None:
        text = (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x},"
            " spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}}"
        )

        with pytest.raises(ValidationError, match="maximum storage usage per PersistentVolumeClaim is 2Gi"):
            prepare_create(load(text), Objects(limits("{type: PersistentVolumeClaim, max: {storage: 2Gi}}")))

    @pytest.mark.parametrize(
        ("item", "path"),
        [
            ("{type: Pod, default: {cpu: 1}}", "spec.limits[0].default"),
            ("{type: Container, min: {cpu: 2}, max: {cpu: 1}, defaultRequest: {cpu: 1}}", "spec.limits[0].min[cpu]"),
            ("{type: Pod, maxLimitRequestRatio: {cpu: 500m}}", "spec.limits[0].maxLimitRequestRatio[cpu]"),
            ("{type: PersistentVolumeClaim}", "spec.limits[0].limits"),
            ("{type: Pod}, {type: Pod}", "spec.limits[1].type"),
        ],
    )
    def test_a_range_that_cannot_be_is_refused(self, item: str, path: str) -> None:
        with pytest.raises(ValidationError) as caught:
            limits(item)

        assert path in paths(caught)
