"""Rules for containers: what is written in a container, and what is wrong with it."""

from __future__ import annotations

import pytest

from tests.unit.admission.manifests import container, pod, pod_of, wrong, yaml

C = "spec.containers[0]"
I = "spec.initContainers[0]"  # noqa: E741 -- as short as its neighbour


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{containers: []}", {"spec.containers: Required"}),
        ("{containers: [{image: a}]}", {f"{C}.name: Required"}),
        ("{containers: [{name: a.b, image: a}]}", {f"{C}.name: Invalid"}),
        ("{containers: [{name: a}]}", {f"{C}.image: Required"}),
        ("{containers: [{name: a, image: ' a'}]}", {f"{C}.image: Invalid"}),
        ("{containers: [{name: a, image: a}, {name: a, image: a}]}", {"spec.containers[1].name: Duplicate"}),
        ("{initContainers: [{name: c, image: a}]}", {f"{I}.name: Duplicate"}),
        ("{initContainers: [{name: i, image: a, lifecycle: {}}]}", {f"{I}.lifecycle: Forbidden"}),
        (
            (
                "{initContainers: [{name: i, image: a, livenessProbe: {exec: {command: [a]}},"
                " readinessProbe: {exec: {command: [a]}}, startupProbe: {exec: {command: [a]}}}]}"
            ),
            {f"{I}.{name}: Forbidden" for name in ("livenessProbe", "readinessProbe", "startupProbe")},
        ),
        (
            (
                "{initContainers: [{name: i, image: a, restartPolicy: Always, readinessProbe: {exec: {command: [a]}},"
                " lifecycle: {preStop: {sleep: {seconds: 1}}}}]}"
            ),
            set(),
        ),
        ("{initContainers: [{name: i, image: a, restartPolicy: Sometimes}]}", {f"{I}.restartPolicy: NotSupported"}),
        (
            "{ephemeralContainers: [{name: e, image: a}]}",
            {"spec.ephemeralContainers: Forbidden"},
        ),
        (
            (
                "{ephemeralContainers: [{name: e, image: a, targetContainerName: x, ports: [{containerPort: 1}],"
                " resources: {requests: {cpu: 1}}, livenessProbe: {exec: {command: [a]}}}]}"
            ),
            {
                "spec.ephemeralContainers: Forbidden",
                "spec.ephemeralContainers[0].targetContainerName: NotFound",
                "spec.ephemeralContainers[0].ports: Forbidden",
                "spec.ephemeralContainers[0].resources: Forbidden",
                "spec.ephemeralContainers[0].livenessProbe: Forbidden",
            },
        ),
    ],
)
def test_lists_of_containers(spec: str, expected: set[str]) -> None:
    assert wrong(pod(spec)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{imagePullPolicy: Sometimes}", {f"{C}.imagePullPolicy: NotSupported"}),
        ("{terminationMessagePolicy: Log}", {f"{C}.terminationMessagePolicy: NotSupported"}),
        # A container of its own restart policy (KEP-5307).
        ("{restartPolicy: Never}", set()),
        ("{restartPolicy: Maybe}", {f"{C}.restartPolicy: NotSupported"}),
        (
            "{restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]}",
            {f"{C}.restartPolicy: Required"},
        ),
        (
            "{restartPolicy: Never, restartPolicyRules: [{action: Stop, exitCodes: {operator: Is, values: [1]}}]}",
            {
                f"{C}.restartPolicyRules[0].action: NotSupported",
                f"{C}.restartPolicyRules[0].exitCodes.operator: NotSupported",
            },
        ),
        (
            "{restartPolicy: Never, restartPolicyRules: [{action: Restart}]}",
            {f"{C}.restartPolicyRules[0].exitCodes: Required"},
        ),
        # Ports
        (
            "{ports: [{containerPort: 80, name: http}, {containerPort: 81, name: http}]}",
            {f"{C}.ports[1].name: Duplicate"},
        ),
        ("{ports: [{containerPort: 80, name: '80'}]}", {f"{C}.ports[0].name: Invalid"}),
        ("{ports: [{containerPort: 80, name: a-very-long-name}]}", {f"{C}.ports[0].name: Invalid"}),
        ("{ports: [{containerPort: 80, name: a--b}]}", {f"{C}.ports[0].name: Invalid"}),
        ("{ports: [{containerPort: 0}]}", {f"{C}.ports[0].containerPort: Required"}),
        ("{ports: [{containerPort: 70000}]}", {f"{C}.ports[0].containerPort: Invalid"}),
        ("{ports: [{containerPort: 80, hostPort: -1}]}", {f"{C}.ports[0].hostPort: Invalid"}),
        ("{ports: [{containerPort: 80, protocol: HTTP}]}", {f"{C}.ports[0].protocol: NotSupported"}),
        (
            "{ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 80}]}",
            {f"{C}.ports[1].hostPort: Duplicate"},
        ),
        # Resize policy
        ("{resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]}", set()),
        (
            "{resizePolicy: [{resourceName: disk, restartPolicy: Now}]}",
            {f"{C}.resizePolicy[0].resourceName: NotSupported", f"{C}.resizePolicy[0].restartPolicy: NotSupported"},
        ),
        (
            (
                "{resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired},"
                " {resourceName: cpu, restartPolicy: NotRequired}]}"
            ),
            {f"{C}.resizePolicy[1]: Duplicate"},
        ),
    ],
)
def test_a_container(fields: str, expected: set[str]) -> None:
    assert wrong(container(fields)) == expected


def test_a_pod_that_never_restarts_cannot_be_restarted_by_a_resize() -> None:
    fields = "{resizePolicy: [{resourceName: cpu, restartPolicy: RestartContainer}]}"

    assert wrong(container(fields, "{restartPolicy: Never}")) == {f"{C}.resizePolicy[0].restartPolicy: Invalid"}


def test_host_ports_collide_between_containers_but_not_between_init_containers() -> None:
    port = {"containerPort": 80, "hostPort": 80}
    first, second = ({"name": name, "image": "a", "ports": [port]} for name in "ab")

    assert wrong(pod_of({"containers": [first, second]})) == {"spec.containers[1].ports[0].hostPort: Duplicate"}
    assert wrong(pod_of({"containers": [{"name": "c", "image": "a"}], "initContainers": [first, second]})) == set()


E_ = f"{C}.env[0]"


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("{name: A.b-c 1, value: x}", set()),
        ("{name: ''}", {f"{E_}.name: Required"}),
        ("{name: A=B}", {f"{E_}.name: Invalid"}),
        ("{name: A, valueFrom: {}}", {f"{E_}.valueFrom: Invalid"}),
        ("{name: A, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}", {f"{E_}.valueFrom: Invalid"}),
        (
            "{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: a, key: k}}}",
            {f"{E_}.valueFrom: Invalid"},
        ),
        ("{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}}", set()),
        (
            "{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a b']\"}}}",
            {f"{E_}.valueFrom.fieldRef: Invalid"},
        ),
        ("{name: A, valueFrom: {fieldRef: {fieldPath: ''}}}", {f"{E_}.valueFrom.fieldRef.fieldPath: Required"}),
        ("{name: A, valueFrom: {fieldRef: {fieldPath: spec.x}}}", {f"{E_}.valueFrom.fieldRef.fieldPath: Invalid"}),
        (
            "{name: A, valueFrom: {fieldRef: {apiVersion: v2, fieldPath: metadata.name}}}",
            {f"{E_}.valueFrom.fieldRef.fieldPath: Invalid"},
        ),
        (
            "{name: A, valueFrom: {fieldRef: {fieldPath: status.phase}}}",
            {f"{E_}.valueFrom.fieldRef.fieldPath: NotSupported"},
        ),
        ("{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}", set()),
        ("{name: A, valueFrom: {resourceFieldRef: {resource: limits.hugepages-2Mi, divisor: 1Mi}}}", set()),
        (
            "{name: A, valueFrom: {resourceFieldRef: {resource: limits.disk}}}",
            {f"{E_}.valueFrom.resourceFieldRef.resource: NotSupported"},
        ),
        (
            "{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Ki}}}",
            {f"{E_}.valueFrom.resourceFieldRef.divisor: Invalid"},
        ),
        (
            "{name: A, valueFrom: {resourceFieldRef: {resource: ''}}}",
            {f"{E_}.valueFrom.resourceFieldRef.resource: Required"},
        ),
        (
            "{name: A, valueFrom: {configMapKeyRef: {key: ''}}}",
            {f"{E_}.valueFrom.configMapKeyRef.name: Invalid", f"{E_}.valueFrom.configMapKeyRef.key: Required"},
        ),
        ("{name: A, valueFrom: {secretKeyRef: {name: s, key: ..}}}", {f"{E_}.valueFrom.secretKeyRef.key: Invalid"}),
        (
            "{name: A, valueFrom: {fileKeyRef: {volumeName: x, path: a/b, key: K}}}",
            {f"{E_}.valueFrom.fileKeyRef.volumeName: NotFound"},
        ),
        (
            "{name: A, valueFrom: {fileKeyRef: {volumeName: '', path: ../a, key: ''}}}",
            {
                f"{E_}.valueFrom.fileKeyRef.volumeName: Required",
                f"{E_}.valueFrom.fileKeyRef.path: Invalid",
                f"{E_}.valueFrom.fileKeyRef.key: Required",
            },
        ),
    ],
)
def test_an_environment_variable(variable: str, expected: set[str]) -> None:
    assert wrong(container(f"{{env: [{variable}]}}")) == expected


def test_a_variable_is_read_from_a_file_of_an_empty_directory_only() -> None:
    env = "{env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: a, key: K}}}]}"

    assert wrong(container(env, "{volumes: [{name: v, emptyDir: {}}]}")) == set()
    assert wrong(container(env, "{volumes: [{name: v, hostPath: {path: /a}}]}")) == {
        f"{E_}.valueFrom.fileKeyRef.volumeName: Invalid"
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{configMapRef: {name: a}}", set()),
        ("{prefix: 'a=', secretRef: {name: a}}", {f"{C}.envFrom[0].prefix: Invalid"}),
        ("{}", {f"{C}.envFrom[0]: Invalid"}),
        ("{secretRef: {name: A}}", {f"{C}.envFrom[0].secretRef.name: Invalid"}),
    ],
)
def test_environment_taken_over_as_a_whole(source: str, expected: set[str]) -> None:
    assert wrong(container(f"{{envFrom: [{source}]}}")) == expected


M = f"{C}.volumeMounts[0]"


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("{name: v, mountPath: /a, subPath: b/c, readOnly: true, recursiveReadOnly: Enabled}", set()),
        ("{name: x, mountPath: /a}", {f"{M}.name: NotFound"}),
        ("{name: '', mountPath: ''}", {f"{M}.name: Required", f"{M}.name: NotFound", f"{M}.mountPath: Required"}),
        ("{name: v, mountPath: /a, subPath: /b}", {f"{M}.subPath: Invalid"}),
        ("{name: v, mountPath: /a, subPath: b, subPathExpr: c}", {f"{M}.subPathExpr: Invalid"}),
        ("{name: v, mountPath: /a, subPathExpr: ../c}", {f"{M}.subPathExpr: Invalid"}),
        ("{name: v, mountPath: /a, mountPropagation: Bidirectional}", {f"{M}.mountPropagation: Forbidden"}),
        ("{name: v, mountPath: /a, recursiveReadOnly: Enabled}", {f"{M}.recursiveReadOnly: Forbidden"}),
        ("{name: v, mountPath: /a, recursiveReadOnly: Perhaps}", {f"{M}.recursiveReadOnly: NotSupported"}),
    ],
)
def test_a_mount(mount: str, expected: set[str]) -> None:
    assert wrong(container(f"{{volumeMounts: [{mount}]}}", "{volumes: [{name: v, emptyDir: {}}]}")) == expected


D = f"{C}.volumeDevices[0]"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{volumeDevices: [{name: p, devicePath: /dev/a}]}", set()),
        ("{volumeDevices: [{name: v, devicePath: /dev/a}]}", {f"{D}.name: Invalid"}),
        ("{volumeDevices: [{name: x, devicePath: ''}]}", {f"{D}.name: NotFound", f"{D}.devicePath: Required"}),
        ("{volumeDevices: [{name: p, devicePath: /dev/../a}]}", {f"{D}.devicePath: Invalid"}),
        (
            "{volumeDevices: [{name: p, devicePath: /a}], volumeMounts: [{name: p, mountPath: /a}]}",
            {f"{D}.name: Invalid", f"{D}.devicePath: Invalid", f"{M}.name: Invalid", f"{M}.mountPath: Invalid"},
        ),
    ],
)
def test_a_block_device(fields: str, expected: set[str]) -> None:
    volumes = "{volumes: [{name: v, emptyDir: {}}, {name: p, persistentVolumeClaim: {claimName: c}}]}"

    assert wrong(container(fields, volumes)) == expected


P = f"{C}.livenessProbe"


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ("{exec: {command: [a]}}", set()),
        ("{}", {f"{P}: Required"}),
        ("{exec: {command: []}}", {f"{P}.exec.command: Required"}),
        ("{exec: {command: [a]}, tcpSocket: {port: 1}}", {f"{P}.tcpSocket: Forbidden"}),
        ("{httpGet: {port: web}}", set()),
        ("{httpGet: {port: 0, scheme: FTP}}", {f"{P}.httpGet.port: Invalid", f"{P}.httpGet.scheme: NotSupported"}),
        ("{httpGet: {port: 1, httpHeaders: [{name: 'a b', value: x}]}}", {f"{P}.httpGet.httpHeaders[0].name: Invalid"}),
        ("{grpc: {port: 70000}}", {f"{P}.grpc.port: Invalid"}),
        ("{tcpSocket: {port: 1}, successThreshold: 2}", {f"{P}.successThreshold: Invalid"}),
        ("{tcpSocket: {port: 1}, initialDelaySeconds: -1}", {f"{P}.initialDelaySeconds: Invalid"}),
        ("{tcpSocket: {port: 1}, timeoutSeconds: -1}", {f"{P}.timeoutSeconds: Invalid"}),
        ("{tcpSocket: {port: 1}, terminationGracePeriodSeconds: 0}", {f"{P}.terminationGracePeriodSeconds: Invalid"}),
    ],
)
def test_a_liveness_probe(probe: str, expected: set[str]) -> None:
    assert wrong(container(f"{{livenessProbe: {probe}}}")) == expected


def test_a_readiness_probe_has_no_grace_period_but_any_success_threshold() -> None:
    probe = "{readinessProbe: {tcpSocket: {port: 1}, successThreshold: 3, terminationGracePeriodSeconds: 1}}"

    assert wrong(container(probe)) == {f"{C}.readinessProbe.terminationGracePeriodSeconds: Invalid"}


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("{sleep: {seconds: 30}}", set()),
        ("{sleep: {seconds: 31}}", {f"{C}.lifecycle.preStop.sleep: Invalid"}),
        ("{sleep: {seconds: -1}}", {f"{C}.lifecycle.preStop.sleep: Invalid"}),
        ("{}", {f"{C}.lifecycle.preStop: Required"}),
        ("{tcpSocket: {port: x y}}", {f"{C}.lifecycle.preStop.tcpSocket.port: Invalid"}),
    ],
)
def test_a_hook(hook: str, expected: set[str]) -> None:
    assert wrong(container(f"{{lifecycle: {{preStop: {hook}}}}}")) == expected


R = f"{C}.resources"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("{limits: {cpu: 1, memory: 1Gi, example.com/gpu: 2}, requests: {cpu: 500m}}", set()),
        ("{requests: {cpu: 2}, limits: {cpu: 1}}", {f"{R}.requests[cpu]: Invalid"}),
        ("{limits: {cpu: -1}, requests: {cpu: -2}}", {f"{R}.limits[cpu]: Invalid", f"{R}.requests[cpu]: Invalid"}),
        (
            "{limits: {example.com/gpu: 1500m}}",
            {f"{R}.limits[example.com/gpu]: Invalid", f"{R}.requests[example.com/gpu]: Invalid"},
        ),
        ("{requests: {example.com/gpu: 1}}", {f"{R}.limits: Required"}),
        (
            "{requests: {example.com/gpu: 1}, limits: {example.com/gpu: 2}}",
            {f"{R}.requests[example.com/gpu]: Invalid"},
        ),
        ("{requests: {a b: 1}}", {f"{R}.requests[a b]: Invalid"}),
        ("{limits: {hugepages-2Mi: 4Mi}}", {f"{R}: Forbidden"}),
        ("{limits: {hugepages-2Mi: 4Mi, cpu: 1}}", set()),
        (
            "{limits: {hugepages-2Mi: 3Mi, cpu: 1}}",
            {f"{R}.limits[hugepages-2Mi]: Invalid", f"{R}.requests[hugepages-2Mi]: Invalid"},
        ),
        ("{claims: [{name: r}, {name: r}]}", {f"{R}.claims[1]: Duplicate"}),
        ("{claims: [{name: r, request: a}, {name: r, request: b}]}", set()),
        ("{claims: [{name: x}, {name: ''}]}", {f"{R}.claims[0].name: NotFound", f"{R}.claims[1]: Required"}),
    ],
)
def test_resources(resources: str, expected: set[str]) -> None:
    assert (
        wrong(container(f"{{resources: {resources}}}", "{resourceClaims: [{name: r, resourceClaimName: c}]}"))
        == expected
    )


def test_an_amount_that_is_none_is_found_in_an_object_built_in_python_too() -> None:
    obj = container("{resources: {requests: {cpu: 1}}}")
    obj.spec.containers[0].resources.requests["cpu"] = "one"

    assert wrong(obj) == {f"{R}.requests[cpu]: TypeInvalid"}


S = f"{C}.securityContext"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("{runAsUser: 0, runAsGroup: 2147483647}", set()),
        ("{runAsUser: -1, runAsGroup: 2147483648}", {f"{S}.runAsUser: Invalid", f"{S}.runAsGroup: Invalid"}),
        ("{procMount: Unmasked}", {f"{S}.procMount: Invalid"}),
        ("{procMount: Other}", {f"{S}.procMount: NotSupported"}),
        ("{privileged: true, allowPrivilegeEscalation: false}", {f"{S}: Invalid"}),
        ("{allowPrivilegeEscalation: false, capabilities: {add: [CAP_SYS_ADMIN]}}", {f"{S}: Invalid"}),
        ("{seccompProfile: {type: ''}}", {f"{S}.seccompProfile.type: Required"}),
        ("{seccompProfile: {type: Localhost, localhostProfile: a/b}}", set()),
        (
            "{seccompProfile: {type: Localhost, localhostProfile: /a}}",
            {f"{S}.seccompProfile.localhostProfile: Invalid"},
        ),
        ("{appArmorProfile: {type: Localhost}}", {f"{S}.appArmorProfile.localhostProfile: Required"}),
        (
            "{appArmorProfile: {type: Localhost, localhostProfile: ' a'}}",
            {f"{S}.appArmorProfile.localhostProfile: Invalid"},
        ),
        (
            "{appArmorProfile: {type: Unconfined, localhostProfile: a}}",
            {f"{S}.appArmorProfile.localhostProfile: Invalid"},
        ),
        ("{windowsOptions: {runAsUserName: 'corp\\me'}}", set()),
        ("{windowsOptions: {runAsUserName: '...'}}", {f"{S}.windowsOptions.runAsUserName: Invalid"}),
        ("{windowsOptions: {runAsUserName: 'a:b'}}", {f"{S}.windowsOptions.runAsUserName: Invalid"}),
        ("{windowsOptions: {gmsaCredentialSpec: ''}}", {f"{S}.windowsOptions.gmsaCredentialSpec: Invalid"}),
        (
            "{windowsOptions: {hostProcess: true}}",
            {"spec.hostNetwork: Invalid"},
        ),
    ],
)
def test_a_security_context(context: str, expected: set[str]) -> None:
    assert wrong(pod_of({"containers": [{"name": "c", "image": "img", "securityContext": yaml(context)}]})) == expected


@pytest.mark.parametrize(("policy", "expected"), [("Always", False), ("OnFailure", True)])
def test_only_a_sidecar_can_be_restarted_for_a_resize_among_init_containers(policy: str, expected: bool) -> None:
    init = (
        f"{{name: i, image: a, restartPolicy: {policy},"
        " resizePolicy: [{resourceName: cpu, restartPolicy: RestartContainer}]}"
    )
    refused = {"spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid"}

    assert wrong(pod(f"{{initContainers: [{init}]}}")) == (refused if expected else set())


@pytest.mark.parametrize(("path", "valid"), [("a/b", True), ("/a", True), ("..a", True), ("a/../b", False)])
def test_the_path_of_an_environment_file_does_not_climb(path: str, valid: bool) -> None:
    fields = f"{{env: [{{name: A, valueFrom: {{fileKeyRef: {{volumeName: v, path: {path}, key: K}}}}}}]}}"

    refused = {f"{E_}.valueFrom.fileKeyRef.path: Invalid"}
    assert wrong(container(fields, "{volumes: [{name: v, emptyDir: {}}]}")) == (set() if valid else refused)
