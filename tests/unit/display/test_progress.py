"""How far waits are: told to functions, to terminals and to notebooks, and to nobody else."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from podkit import (
    Cluster,
    Container,
    Deployment,
    ObjectProgress,
    PodkitError,
    Progress,
    PullProgress,
    SystemClock,
    VirtualClock,
    WaitTimeout,
)
from podkit.display import progress as screens
from podkit.runtime.base import Credentials, ImageStatus, PullListener
from podkit.runtime.simulated import Images, SimulatedRuntime
from tests.unit.cluster.builders import job, once, shell
from tests.unit.cluster.conftest import BUSYBOX
from tests.unit.display.page import read
from tests.unit.display.test_pictures import HOSTILE, is_harmless

Telling = Callable[[Progress], None]
MakeCluster = Callable[[bool | Telling], Cluster]


@pytest.fixture
def clusters(tmp_path: Path) -> Any:
    made: list[Cluster] = []

    def make(progress: bool | Telling) -> Cluster:
        clock = VirtualClock()
        runtime = SimulatedRuntime(clock, images=Images(remote=[BUSYBOX]))
        made.append(Cluster(runtime, clock=clock, root_dir=tmp_path / f"nodes-{len(made)}", progress=progress))
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()


def test_a_wait_tells_how_far_a_rollout_is(clusters: MakeCluster) -> None:
    told: list[Progress] = []
    cluster = clusters(told.append)
    main = Container("main", image="busybox", command=["sleep", "3600"])
    cluster.rollout(cluster.create(Deployment.new("web", containers=[main], replicas=3))).wait()
    assert (told[0].objects[0].name, told[0].objects[0].total) == ("Deployment default/web", 3)
    [last] = told[-1].objects
    assert (last.done, last.text, last.over, told[-1].over) == (3, "3 Running", True, True)
    assert [one.over for one in told[:-1]] == [False] * (len(told) - 1)


def test_completions_of_a_job_are_told_with_their_rate(clusters: MakeCluster) -> None:
    told: list[Progress] = []
    clusters(told.append).run(job("sum", "sleep 2", completions=4, parallelism=2))
    [last] = told[-1].objects
    assert (last.done, last.total) == (4, 4)
    assert "/s" in last.text


def test_images_that_are_pulled_are_told(clusters: MakeCluster) -> None:
    told: list[Progress] = []
    cluster = clusters(told.append)
    with pytest.raises(WaitTimeout):
        cluster.wait(cluster.create(shell("missing", "true", image="registry.example/none:1")), "Ready", timeout=60)
    assert told[-1].over, "the end is told when it fails too"
    assert told[-1].objects[0].over is False


class Slow(SimulatedRuntime):
    """An engine with a pull that has come to some point, until it is let go."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), images=Images(remote=["docker.io/shop/web:1"]))
        self.waited_for, self.go_on = threading.Event(), threading.Event()

    def pull_image(
        self, reference: str, credentials: Credentials | None = None, tell: PullListener | None = None
    ) -> ImageStatus:
        assert self.waited_for.wait(30), "a wait has been told before that there is nothing to tell"
        assert tell is not None
        tell(PullProgress(12_300_000, 50_000_000))
        assert self.go_on.wait(30)
        return super().pull_image(reference, credentials, tell)


def test_bytes_of_images_that_are_pulled_are_told(tmp_path: Path) -> None:
    engine, told, shown = Slow(), [], set()

    def tell(progress: Progress) -> None:
        [one] = progress.objects
        if one.pulling:
            engine.waited_for.set()
        if one.pulled:
            told.append((one.pulling, one.pulled))
            shown.add(screens.words(one))
            engine.go_on.set()

    with Cluster(engine, root_dir=tmp_path, progress=tell) as cluster:
        pod = cluster.create(shell("web", "sleep 3600", image="shop/web:1"))
        cluster.wait(pod, "Ready", timeout=60)
        events = {event.reason: event for event in cluster.events(pod)}
    assert told[0] == (["shop/web:1"], {"shop/web:1": PullProgress(12_300_000, 50_000_000)})
    assert "0/1 · ContainerCreating · pulling shop/web:1 (12.3 of 50.0 MB)" in shown
    assert events["Pulling"].message == 'Pulling image "shop/web:1"'
    assert events["Pulling"].count == 1
    assert events["Pulling"].metadata.annotations["podkit.io/total-bytes"] == "1000000"


def test_a_wait_that_ends_with_its_cluster_says_so(clusters: MakeCluster) -> None:
    told: list[Progress] = []
    cluster = clusters(told.append)
    pod = cluster.create(shell("web", "sleep 3600"))

    def close(_: object) -> bool:
        if told:
            cluster.close()
        return False

    with pytest.raises(PodkitError, match="closed"):
        cluster.wait(pod, close)


def test_deletion_is_told(clusters: MakeCluster) -> None:
    told: list[Progress] = []
    cluster = clusters(told.append)
    pod = cluster.wait(cluster.create(shell("web", "sleep 3600")), "Ready")
    cluster.delete(pod)
    assert told[-1].goal == "deleted"
    assert told[-1].objects[0].over


def test_nobody_is_told_unless_asked(clusters: MakeCluster, capfd: pytest.CaptureFixture[str]) -> None:
    clusters(False).run(once("one", "true"))
    clusters(True).run(once("one", "true"))
    assert capfd.readouterr() == ("", ""), "the output here is no terminal"


PULLED = {"big:1": PullProgress(1_250_000_000, 2_500_000_000)}
STATE = Progress(
    "Ready", 3.25, [ObjectProgress("Pod default/web", 1, 2, "ContainerCreating", ["busybox:1", "big:1"], pulled=PULLED)]
)
SHOWN = "1/2 · ContainerCreating · pulling busybox:1, big:1 (1.2 of 2.5 GB)"


def test_a_terminal_shows_a_line_for_each_object() -> None:
    console = Console(file=io.StringIO(), width=140, force_terminal=True)
    screen = screens.TerminalScreen(console)
    screen.show(STATE)
    screen.close()
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for part in ("Pod default/web", SHOWN, "waiting for Ready", "3.2 s"):
        assert part in shown


def test_a_second_wait_in_the_same_terminal_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True, write=lambda _: 0, flush=lambda: None))
    first, second = screens.open_screen(), screens.open_screen()
    assert first is not None
    for screen in (first, second):
        if screen is not None:
            screen.show(STATE)
            screen.close()


def test_markup_in_names_is_only_text_in_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(screens.progress_rich(Progress("x", 1, [ObjectProgress("[red]web[/]", 0, 1, "[/nonsense]")])))
    assert "[red]web[/]" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_notebook_shows_it_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []

    def show(bundle: dict[str, str], **_: Any) -> Any:
        pages.append(bundle["text/html"])
        return SimpleNamespace(update=show)

    monkeypatch.setattr("IPython.display.display", show)
    screen = screens.NotebookScreen()
    screen.show(STATE)
    screen.show(Progress("Ready", 4, [ObjectProgress("Pod default/web", 2, 2, "Running", over=True)], over=True))
    assert "waiting for Ready, 3.2 s" in read(pages[0]).text
    assert SHOWN in read(pages[0]).text
    assert "waited for Ready" in read(pages[1]).text
    assert "2/2 · Running" in read(pages[1]).text


def test_names_in_a_notebook_are_only_ever_text() -> None:
    page = screens.progress_html(Progress(HOSTILE, 1, [ObjectProgress(HOSTILE, 0, 1, HOSTILE, [HOSTILE])]))
    assert is_harmless(read(page))


def test_of_many_objects_some_are_shown() -> None:
    many = Progress("Ready", 1, [ObjectProgress(f"Pod {number}", 0, 1, "") for number in range(30)])
    assert "and 18 more" in read(screens.progress_html(many)).text


def test_without_rich_a_terminal_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['rich'] = None; sys.modules['rich.console'] = None; sys.stderr.isatty = lambda: True\n"
        "import podkit; from podkit.display.progress import open_screen\n"
        "try: open_screen()\n"
        "except podkit.PodkitError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'podkit[rich]'" in done.stdout


def test_one_of_several_is_enough(clusters: MakeCluster) -> None:
    cluster = clusters(False)
    quick, slow = cluster.create(once("quick", "sleep 1")), cluster.create(once("slow", "sleep 100"))
    come = cluster.wait([slow, quick], "phase=Succeeded", any=True)
    assert [pod.metadata.name for pod in come] == ["quick"]


def test_one_that_can_never_come_is_given_up_while_others_may(clusters: MakeCluster) -> None:
    cluster = clusters(False)
    failing, well = cluster.create(once("failing", "exit 1")), cluster.create(once("well", "sleep 50"))
    assert [pod.metadata.name for pod in cluster.wait([failing, well], "phase=Succeeded", any=True)] == ["well"]


def test_where_none_of_several_can_come_the_wait_ends(clusters: MakeCluster) -> None:
    cluster = clusters(False)
    pods = [cluster.create(once(name, "exit 1")) for name in ("one", "two")]
    with pytest.raises(WaitTimeout, match="can never come") as caught:
        cluster.wait(pods, "phase=Succeeded", timeout=600, any=True)
    assert caught.value.hopeless


def test_one_of_several_being_deleted_is_enough(clusters: MakeCluster) -> None:
    cluster = clusters(False)
    pods = [cluster.create(shell(name, "sleep 3600")) for name in ("one", "two")]
    cluster.delete(pods[1], wait=False)
    assert [pod.metadata.name for pod in cluster.wait(pods, "deleted", any=True)] == ["two"]
