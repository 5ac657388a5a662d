"""The picture in README: a Deployment in a rollout that does not go well, a Job, two nodes. Simulated: it needs no Podman.

python docs/examples/picture.py docs/_static/topology.svg
"""

import contextlib
import sys
from pathlib import Path

from podkit import Cluster, Container, Deployment, Job, SimulatedRuntime, VirtualClock, WaitTimeout, display

clock = VirtualClock()
good = Container("app", image="busybox", image_pull_policy="IfNotPresent", command=["sleep", "3600"])
bad = Container("app", image="busybox", image_pull_policy="IfNotPresent", command=["false"])
once = Container("main", image="busybox", image_pull_policy="IfNotPresent", command=["true"])

with Cluster(nodes={"node-1": SimulatedRuntime(clock), "node-2": SimulatedRuntime(clock)}) as cluster:
    cluster.run(Job.new("report", containers=[once], completions=2, restart_policy="Never"))
    web = cluster.create(Deployment.new("web", containers=[good], replicas=3))
    cluster.rollout(web).wait()
    web = cluster.get(web)
    web.spec.template.spec.containers = [bad]
    cluster.update(web)
    with contextlib.suppress(WaitTimeout):
        cluster.rollout(web).wait(timeout=25)
    Path(sys.argv[1]).write_text(display.svg(cluster.topology()))
