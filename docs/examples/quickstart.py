"""Four things that Kubernetes does with Pods, done by podkit on this machine's Podman.

Run it with ``make demo``, or with ``python docs/examples/quickstart.py`` where podkit is installed and Podman is there.
It takes about half a minute, most of which is a back-off that Kubernetes wants, and leaves nothing behind.
"""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request

from podkit import Cluster, Container, EmptyDirVolumeSource, Pod, PodkitError, Volume, VolumeMount

IMAGE = "busybox"

HELLO = """
apiVersion: batch/v1
kind: Job
metadata:
  name: hello
spec:
  template:
    # This is the pod template
    spec:
      containers:
      - name: hello
        image: busybox
        command: ['sh', '-c', 'echo "Hello, Kubernetes!" && sleep 3600']
      restartPolicy: OnFailure
    # The pod template ends here
"""


def main() -> None:
    """Show all four, one after the other."""
    say(
        "Opening a cluster: a store, a scheduler, controllers and a kubelet, all in this process; Podman runs the containers."
    )
    with Cluster() as cluster:
        node = cluster.get("node", "node-1")
        tell(f"node-1 is ready: {node.status.node_info.container_runtime_version}")
        job_from_yaml(cluster)
        shared_volume(cluster)
        init_containers(cluster)
        back_off(cluster)
        say("Closing the cluster: its Pods, its network and its files go with it.")
    tell("done")


def job_from_yaml(cluster: Cluster) -> None:
    """A Job, as it stands in a manifest."""
    say(
        "1. A Job from a YAML manifest. The Job controller makes a Pod of it, the scheduler finds it a node, the kubelet starts it."
    )
    show(HELLO.strip())
    (job,) = cluster.apply(HELLO)
    job = cluster.wait(job, lambda job: job.status.ready == 1, timeout=120)
    (pod,) = cluster.list("pods", labels=f"job-name={job.metadata.name}")
    tell(f"Pod {pod.metadata.name} is {pod.status.phase} at {pod.status.pod_ip}; its first line of output:")
    show(next(cluster.stream_logs(pod)).rstrip())
    tell("It would sleep for an hour now; it is left to that until the cluster is closed.")


def shared_volume(cluster: Cluster) -> None:
    """Two containers of one Pod share a directory and a network."""
    say(
        "2. Two containers in one Pod. One writes a page into a volume, the other serves it. They also share their network."
    )
    page = VolumeMount(name="page", mount_path="/page")
    pod = Pod.new(
        "web",
        volumes=[Volume("page", empty_dir=EmptyDirVolumeSource())],
        containers=[
            Container(
                "writer",
                image=IMAGE,
                command=["sh", "-c", "while true; do date > /page/index.html; sleep 1; done"],
                volume_mounts=[page],
            ),
            Container(
                "server",
                image=IMAGE,
                command=["httpd", "-f", "-p", "8080", "-h", "/page"],
                ports=[8080],
                volume_mounts=[page],
            ),
        ],
    )
    pod = cluster.wait(cluster.create(pod), "Ready", timeout=120)
    command = ["wget", "-q", "-O", "-", "http://localhost:8080/index.html"]
    for _ in range(50):  # a container that runs is not yet a server that listens: what readiness probes are for
        result = cluster.exec(pod, command, container="writer")
        if result.exit_code == 0:
            break
        time.sleep(0.1)
    tell(f"The writer asks the server on localhost:       {result.stdout.strip()}")
    tell(f"This script asks the Pod's address:            {fetch(f'http://{pod.status.pod_ip}:8080/index.html')}")
    cluster.delete(pod, grace_period=0)


def init_containers(cluster: Cluster) -> None:
    """Containers that must have ended well before the others start."""
    say("3. Init containers. Each runs to its end, one after the other, before the Pod's own container starts.")
    work = VolumeMount(name="work", mount_path="/notes")
    pod = Pod.new(
        "prepared",
        restart_policy="Never",
        volumes=[Volume("work", empty_dir=EmptyDirVolumeSource())],
        init_containers=[
            Container("first", image=IMAGE, command=["sh", "-c", "echo first > /notes/list"], volume_mounts=[work]),
            Container("second", image=IMAGE, command=["sh", "-c", "echo second >> /notes/list"], volume_mounts=[work]),
        ],
        containers=[Container("main", image=IMAGE, command=["cat", "/notes/list"], volume_mounts=[work])],
    )
    done = cluster.run(pod, timeout=120)
    for status in [*done.status.init_container_statuses, *done.status.container_statuses]:
        ended = status.state.terminated
        tell(
            f"{status.name:<8} {ended.started_at:%H:%M:%S.%f} to {ended.finished_at:%H:%M:%S.%f}, exit code {ended.exit_code}"
        )
    tell("What the Pod's own container found:")
    show(cluster.logs(done).rstrip())


def back_off(cluster: Cluster) -> None:
    """A container that fails is started again: at once, then after 10 s, 20 s, 40 s and so on."""
    say(
        "4. A container that fails twice and then succeeds. The first restart comes at once, the next after a back-off of 10 s."
    )
    script = "echo x >> /tries/list; test $(wc -l < /tries/list) -ge 3"
    pod = Pod.new(
        "stubborn",
        restart_policy="OnFailure",
        volumes=[Volume("tries", empty_dir=EmptyDirVolumeSource())],
        containers=[
            Container(
                "main",
                image=IMAGE,
                command=["sh", "-c", script],
                volume_mounts=[VolumeMount(name="tries", mount_path="/tries")],
            )
        ],
    )
    begun = time.monotonic()
    pod = cluster.create(pod)
    told = ""
    with cluster.watch(Pod, namespace="default") as changes:
        for change in changes:
            done = change.object
            if done.metadata.name == "stubborn" and (state := state_of(done)) != told:
                tell(f"after {time.monotonic() - begun:4.1f} s: {state}")
                told = state
            if done.metadata.name == "stubborn" and done.status.phase == "Succeeded":
                break
    tell("What the events say:")
    for event in cluster.events(pod):
        times = f" (x{event.count})" if event.count > 1 else ""
        tell(f"  {event.last_timestamp:%H:%M:%S}  {event.type:<7}  {event.reason:<9}{times:<5}  {event.message}")


def state_of(pod: Pod) -> str:
    """The Pod's phase and what its container does."""
    text = f"the Pod is {pod.status.phase}"
    for status in pod.status.container_statuses:
        state = status.state
        if state.waiting is not None:
            text += f", its container waits: {state.waiting.reason} {state.waiting.message or ''}"
        elif state.terminated is not None:
            text += f", its container has ended with exit code {state.terminated.exit_code}"
        else:
            text += f", its container runs (restarts: {status.restart_count})"
    return text.rstrip()


def fetch(url: str) -> str:
    """What an address answers; rootless Podman does not let the machine reach the addresses of Pods."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.read().decode().strip()
    except (urllib.error.URLError, TimeoutError) as problem:
        return f"not reachable from here ({problem}), as is usual with rootless Podman"


def say(text: str) -> None:
    """Print what comes next."""
    print(f"\n{text}", flush=True)


def tell(text: str) -> None:
    """Print what has happened."""
    print(f"   {text}", flush=True)


def show(text: str) -> None:
    """Print a text as it is."""
    print("".join(f"   | {line}\n" for line in text.splitlines()), end="", flush=True)


if __name__ == "__main__":
    try:
        main()
    except PodkitError as problem:
        sys.exit(f"\n{problem}")
