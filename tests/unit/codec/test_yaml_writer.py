"""What is written: the way people write manifests, and the same for every reader of YAML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from podkit.codec import dumps
from podkit.codec.yaml_reader import read_yaml
from podkit.codec.yaml_writer import write_yaml
from podkit.model import ConfigMap, Container, ExecAction, Job, ObjectMeta, Pod, PodSpec, Probe
from tests.unit.strategies import TRICKY, json_values, patient, text


def test_a_pod_is_written_as_people_write_it() -> None:
    pod = Pod.new(
        "web",
        labels={"app": "web"},
        containers=[
            Container(
                "app",
                image="nginx:1.27",
                command=["sh", "-c", "echo hi\nsleep 1\n"],
                args=["--port=80", "-v"],
                ports=[80],
                env={"MODE": "prod", "DEBUG": "yes", "PORT": "80", "EMPTY": ""},
                liveness_probe=Probe(exec=ExecAction(["true"])),
            )
        ],
        restart_policy="Never",
    )

    assert dumps(pod) == (
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata:\n"
        "  name: web\n"
        "  labels:\n"
        "    app: web\n"
        "spec:\n"
        "  containers:\n"
        "  - name: app\n"
        "    image: nginx:1.27\n"
        "    command:\n"
        "    - sh\n"
        "    - -c\n"
        "    - |\n"
        "      echo hi\n"
        "      sleep 1\n"
        "    args:\n"
        "    - --port=80\n"
        "    - -v\n"
        "    ports:\n"
        "    - containerPort: 80\n"
        "    env:\n"
        "    - name: MODE\n"
        "      value: prod\n"
        "    - name: DEBUG\n"
        '      value: "yes"\n'
        "    - name: PORT\n"
        '      value: "80"\n'
        "    - name: EMPTY\n"
        '      value: ""\n'
        "    livenessProbe:\n"
        "      exec:\n"
        "        command:\n"
        '        - "true"\n'
        "  restartPolicy: Never\n"
    )


def test_several_objects_are_documents_in_yaml_and_a_list_in_json() -> None:
    two = [ConfigMap.new("a", {}), ConfigMap.new("b", {})]

    assert dumps(two).count("---\n") == 1
    assert dumps(two, format="json").startswith('{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [')


def test_what_is_absent_or_empty_is_not_written() -> None:
    job = Job(metadata=ObjectMeta("a", labels={}))

    assert dumps(job) == "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain text, really", "plain text, really"),
        ("nginx:1.27", "nginx:1.27"),
        ("http://host/path?a=b#c", "http://host/path?a=b#c"),
        ("-c", "-c"),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("ends:", '"ends:"'),
        ("0644", '"0644"'),
        ("12:30:45", '"12:30:45"'),
        ("1e3", '"1e3"'),
        ("2026-01-01", '"2026-01-01"'),
        ("NO", '"NO"'),
        ("null", '"null"'),
        ("", '""'),
        ("{a}", '"{a}"'),
        ("*", '"*"'),
        ('{"a": 1}', "'{\"a\": 1}'"),
        ('it\'s "it"', 'it\'s "it"'),
        ('"quoted"', "'\"quoted\"'"),
        ("a\tb", '"a\\tb"'),
        ("\x00", '"\\0"'),
        ("two\nlines", "|-\n  two\n  lines"),
        ("two\nlines\n\n", "|+\n  two\n  lines\n"),
        ("  indented\nless\n", "|2\n    indented\n  less"),
        ("\n", '"\\n"'),
        ("a\r\nb\n", '"a\\r\\nb\\n"'),
    ],
)
def test_quotes_and_blocks_only_where_they_are_needed(value: str, written: str) -> None:
    assert write_yaml({"key": value}) == f"key: {written}\n"


@given(st.dictionaries(text, json_values, max_size=3))
@settings(patient, max_examples=400)
def test_what_is_written_is_read_the_same(value: dict[str, Any]) -> None:
    assert [document.value for document in read_yaml(write_yaml(value))] == [value]


@given(st.dictionaries(text, text, max_size=2), st.sampled_from([(1, 1), (1, 2)]))
@settings(patient, max_examples=200)
def test_every_reader_of_yaml_reads_the_same(value: dict[str, str], version: tuple[int, int]) -> None:
    reader = YAML(typ="safe", pure=True)
    reader.version = version

    assert (reader.load(write_yaml(value)) or {}) == value


@pytest.mark.parametrize("value", TRICKY)
@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_tricky_texts_remain_texts_for_every_reader(value: str, version: tuple[int, int]) -> None:
    reader = YAML(typ="safe", pure=True)
    reader.version = version

    assert reader.load(write_yaml({"list": [value], "map": {value: value}})) == {"list": [value], "map": {value: value}}


def test_a_very_long_key_can_be_read_again() -> None:
    value = {"a": {"k" * 2000: {"x": "y"}, "l" * 3000: ["z"], "m" * 1500: "w"}}

    assert next(iter(read_yaml(write_yaml(value)))).value == value


def test_an_empty_object_keeps_its_braces() -> None:
    pod = Pod(spec=PodSpec(containers=[Container("a", lifecycle=None)]))

    assert "lifecycle" not in dumps(pod)
    assert write_yaml({"emptyDir": {}}) == "emptyDir: {}\n"
