"""Which of several Pods goes first when some must go."""

from datetime import UTC, datetime, timedelta

import pytest

from podkit.controllers.pod_state import in_order_of_removal
from podkit.model.container_status import ContainerStatus
from podkit.model.meta import ObjectMeta
from podkit.model.pod import Pod, PodCondition, PodSpec, PodStatus

START = datetime(2026, 1, 1, tzinfo=UTC)


def pod(
    *, node: str = "n", phase: str = "Running", ready: float | None = 0, restarts: int = 0, age: float = 100
) -> Pod:
    conditions = []
    if ready is not None:
        since = START - timedelta(seconds=ready)
        conditions = [PodCondition(type="Ready", status="True", last_transition_time=since)]
    status = ContainerStatus(name="main", ready=True, restart_count=restarts, image="i", image_id="")
    return Pod(
        metadata=ObjectMeta(creation_timestamp=START - timedelta(seconds=age)),
        spec=PodSpec(node_name=node),
        status=PodStatus(phase=phase, conditions=conditions, container_statuses=[status]),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pod(node=""), pod()),
        (pod(phase="Pending"), pod(phase="Unknown")),
        (pod(phase="Unknown"), pod(phase="Running")),
        (pod(ready=None), pod(ready=0)),
        (pod(ready=1), pod(ready=10)),
        (pod(restarts=3), pod(restarts=0)),
        (pod(age=1), pod(age=10)),
        (pod(ready=None, age=1000), pod(ready=5, age=1)),
    ],
)
def test_the_one_that_is_worth_less_goes_first(first, second):
    assert in_order_of_removal([second, first]) == [first, second]
    assert in_order_of_removal([first, second]) == [first, second]
