"""What a type checker must refuse: an ignore that is not needed is itself an error, so each line here is a test."""

from __future__ import annotations

from podkit.model import Container, ContainerPort, Deployment, EmptyDirVolumeSource, Job, Pod, PodSpec, Secret, Volume

app = Container("app", image="nginx")

Container()  # type: ignore[call-arg]
Container("app", imagee="nginx")  # type: ignore[call-arg]
Container("app", image=1)  # type: ignore[arg-type]
Container("app", image_pull_policy="Sometimes")  # type: ignore[arg-type]
Container("app", ports=["80"])  # type: ignore[list-item]
Container("app", ports=80)  # type: ignore[arg-type]
Container("app", env={"MODE": 1})  # type: ignore[dict-item]
Container("app", command="sleep 1").command.foo()  # type: ignore[arg-type, attr-defined]
ContainerPort("80")  # type: ignore[arg-type]
Pod.new("web")  # type: ignore[call-arg]
Pod.new("web", containers=[app], restart_policy="Sometimes")  # type: ignore[arg-type]
Pod.new("web", containers=[app], host_networking=True)  # type: ignore[call-arg]
Pod.new("web", containers=[app], host_network="yes")  # type: ignore[arg-type]
Job.new("job", containers=[app], completions="3")  # type: ignore[arg-type]
Deployment.new("web", containers=["nginx"])  # type: ignore[list-item]
Secret.new("web", {"a": 1})  # type: ignore[dict-item]
PodSpec(containers=app)  # type: ignore[arg-type]
Volume("data", secret=EmptyDirVolumeSource())  # type: ignore[arg-type]
app.imagee = "nginx"  # type: ignore[attr-defined]
app.image = 1  # type: ignore[assignment]
