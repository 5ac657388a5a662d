"""Label and field selectors: reading, matching, printing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.model.container import Container
from podkit.model.event import Event, EventSource
from podkit.model.job import Job, JobStatus
from podkit.model.meta import LabelSelector, LabelSelectorRequirement, ObjectMeta, ObjectReference
from podkit.model.pod import Pod, PodIP, PodSpec, PodStatus
from podkit.model.selector import FieldSelector, Selector, SelectorError

WEB = {"app": "web", "tier": "front", "version": "3"}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , tier=front", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("nothing!=web", True),
        ("app", True),
        ("!app", False),
        ("!nothing", True),
        ("nothing", False),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("app notin (db, cache)", True),
        ("app notin (web)", False),
        ("nothing notin (web)", True),
        ("version>2", True),
        ("version>3", False),
        ("version < 10", True),
        ("app>2", False),
        ("nothing=", False),
        ("app in (web),tier notin (back),!old,version", True),
        ("example.com/role=a", False),
    ],
)
def test_labels_are_selected_as_kubectl_selects_them(text: str, selected: bool) -> None:
    assert Selector.parse(text).matches(WEB) is selected


@pytest.mark.parametrize(
    "text",
    [
        "app=web,",
        ",",
        "=web",
        "app in web",
        "app in (web",
        "app in",
        "app web",
        "app=a b",
        "!",
        "a b=c",
        "app=-x",
        "(a)",
        "n>x",
        "a=b=c",
        "in (a)",
    ],
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        Selector.parse(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("app == web,tier", "app=web,tier"),
        ("app in (b, a)", "app in (a,b)"),
        ("!old, v>1", "!old,v>1"),
        ("app notin (x)", "app notin (x)"),
    ],
)
def test_a_selector_prints_as_it_can_be_read(text: str, printed: str) -> None:
    selector = Selector.parse(text)

    assert str(selector) == printed
    assert str(Selector.parse(printed)) == printed


def test_a_label_selector_object_selects_by_labels_and_expressions() -> None:
    selector = Selector.of(
        LabelSelector(
            match_labels={"app": "web"},
            match_expressions=[
                LabelSelectorRequirement(key="tier", operator="In", values=["front", "middle"]),
                LabelSelectorRequirement(key="old", operator="DoesNotExist"),
                LabelSelectorRequirement(key="version", operator="Exists"),
                LabelSelectorRequirement(key="app", operator="NotIn", values=["db"]),
            ],
        )
    )

    assert selector.matches(WEB)
    assert not selector.matches({**WEB, "old": ""})
    assert str(selector) == "app=web,tier in (front,middle),!old,version,app notin (db)"


def test_an_absent_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert not Selector.of(None).matches({})
    assert Selector.of(LabelSelector()).matches({})
    assert Selector.of(LabelSelector()) == Selector.parse("")
    assert Selector.of(None) != Selector.parse("")
    assert Selector.of({"app": "web"}).matches(WEB)


@pytest.mark.parametrize(
    "requirement",
    [
        LabelSelectorRequirement(key="a", operator="Equals", values=["b"]),  # type: ignore[arg-type]  # read from a document
        LabelSelectorRequirement(key="a", operator="In"),
        LabelSelectorRequirement(key="a", operator="Exists", values=["b"]),
        LabelSelectorRequirement(key="a b", operator="Exists"),
        LabelSelectorRequirement(key="a", operator="In", values=["b c"]),
    ],
)
def test_a_label_selector_object_that_breaks_a_rule_is_refused(requirement: LabelSelectorRequirement) -> None:
    with pytest.raises(SelectorError):
        Selector.of(LabelSelector(match_expressions=[requirement]))


@given(st.text(alphabet="ab=!<>,() in\t-./", max_size=20))
def test_any_text_is_a_selector_or_a_selector_error(text: str) -> None:
    try:
        selector = Selector.parse(text)
    except SelectorError:
        return
    assert Selector.parse(str(selector)).matches(WEB) is selector.matches(WEB)


POD = Pod(
    metadata=ObjectMeta(name="web", namespace="prod"),
    spec=PodSpec(containers=[Container(name="c")], node_name="n1", host_network=True),
    status=PodStatus(phase="Running", pod_ip="10.0.0.1", pod_ips=[PodIP(ip="10.0.0.1")]),
)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("metadata.name=web", True),
        ("metadata.name==web", True),
        ("metadata.name!=web", False),
        ("status.phase!=Running", False),
        ("status.phase=Running,spec.nodeName=n1", True),
        ("spec.hostNetwork=true", True),
        ("spec.hostPID=false", True),
        ("status.observedGeneration=0", True),
        ("spec.activeDeadlineSeconds=", True),
        ("status.podIP=10.0.0.1", True),
        ("spec.serviceAccountName=", True),
        ("status.nominatedNodeName!=n2", True),
        (r"metadata.namespace=pr\od", True),
    ],
)
def test_fields_are_selected_by_their_path_in_a_document(text: str, selected: bool) -> None:
    assert FieldSelector.parse(text).matches(POD) is selected


def test_selectors_have_names_of_their_own_for_some_fields() -> None:
    job = Job(status=JobStatus(succeeded=2))
    assert FieldSelector.parse("status.successful=2").matches(job)
    event = Event(involved_object=ObjectReference(), source=EventSource(component="kubelet"))
    assert FieldSelector.parse("source=kubelet").matches(event)


def test_a_field_selector_prints_as_it_can_be_read() -> None:
    selector = FieldSelector.parse(r"metadata.name=a\,b,status.phase!=Running")

    assert selector.requirements[0].value == "a,b"
    assert str(selector) == r"metadata.name=a\,b,status.phase!=Running"
    assert FieldSelector.parse(str(selector)) == selector


def test_a_field_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(SelectorError, match="there is no 'phas'"):
        FieldSelector.parse("status.phas=Running").matches(POD)


@pytest.mark.parametrize("text", ["metadata.name", "=web", "a b=c"])
def test_what_is_no_field_selector_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        FieldSelector.parse(text)
