"""Objects from and to files and texts, and where in them they stand."""

from __future__ import annotations

import gc
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from podkit.codec import dump, dumps, load, load_all, loads, loads_all, position
from podkit.codec.positions import carry, origin
from podkit.errors import DecodeError
from podkit.model import ConfigMap, Pod
from podkit.model.copying import clone

POD = """\
# the front
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: app
    image: nginx
    env:
    - {name: MODE, value: prod}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  a: b\n"


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(DecodeError) as raised:
        loads_all(text)
    return [str(error) for error in raised.value.errors]


def test_a_file_is_read_by_path_or_open_as_text_or_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(POD)

    expected = loads(POD)
    assert load(path) == load(str(path)) == expected
    with path.open() as text, path.open("rb") as data:
        assert load(text) == load(data) == expected


def test_objects_are_written_to_a_path_or_an_open_file(tmp_path: Path) -> None:
    pod, path = loads(POD), tmp_path / "out.yaml"
    text, data = io.StringIO(), io.BytesIO()

    dump([pod, pod], path)
    dump(pod, text)
    dump(pod, data, format="json")

    assert load_all(path) == [pod, pod]
    dump(pod, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["kind"] == "Pod"
    assert text.getvalue() == dumps(pod)
    assert json.loads(data.getvalue())["kind"] == "Pod"


def test_exactly_one_object_is_expected_by_load() -> None:
    assert problems_of_one("") == ["one object was expected, but there are none; load_all reads any number"]
    assert problems_of_one(POD + "---\n" + CONFIG) == [
        "one object was expected, but there are 2; load_all reads any number"
    ]
    assert loads("---\n" + POD + "---\n# nothing\n") == loads(POD)


def problems_of_one(text: str) -> list[str]:
    with pytest.raises(DecodeError) as raised:
        loads(text)
    return [str(error) for error in raised.value.errors]


def test_the_kind_that_is_expected_can_be_said() -> None:
    assert loads(POD, Pod).metadata.name == "web"
    with pytest.raises(DecodeError, match="line 2:7: kind: a Pod was expected, but this is a ConfigMap"):
        loads(CONFIG, Pod)


def test_a_list_counts_as_its_items() -> None:
    item = json.loads(dumps(loads(CONFIG), format="json"))
    plain = {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
    nested = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [item, {"apiVersion": "v1", "kind": "ConfigMapList", "items": [plain]}],
    }

    assert loads_all(json.dumps(nested)) == [loads(CONFIG)] * 2
    assert loads_all("kind: List\napiVersion: v1\n") == []
    assert problems("kind: List\napiVersion: v1\nitems: {}\n") == ["line 3:1: items: must be a list"]


def test_all_that_is_wrong_in_the_items_of_a_list_is_found() -> None:
    text = "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Secret, typ: x}\n- 1\n- {kind: Secret}\n"

    assert problems(text) == [
        "line 4:34: typ: unknown field; did you mean type?",
        "line 5:3: a document must be a map with apiVersion and kind",
        "line 6:3: apiVersion: must say what the object is, such as v1",
    ]


def test_json_documents_may_follow_each_other() -> None:
    text = dumps(loads(CONFIG), format="json")

    assert loads_all(text + text) == [loads(CONFIG)] * 2


def test_json_is_read_as_strictly_as_yaml() -> None:
    assert problems('{"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"kind": "Pod"}') == [
        "line 3:2: the key 'kind' is there already, in the same map"
    ]
    assert problems('{"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"data": {"a": "\\ud83d\\ude00", "b": 1}}') == [
        'line 3:37: data[b]: must be a string, but this is the number 1; quotes make a string of it: "1"'
    ]
    assert loads('{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "\\ud83d\\ude00 \\ud83d"}}').data == {
        "a": "😀 \ufffd"
    }


def test_the_errors_of_all_documents_are_raised_together() -> None:
    text = POD.replace("image", "imagee") + "---\n" + CONFIG + "dato: 1\n---\na: 1\na: 2\n---\nkind: [\n"

    assert problems(text) == [
        "line 10:5: spec.containers[0].imagee: unknown field; did you mean image?",
        "line 19:1: dato: unknown field; did you mean data?",
        "line 22:1: the key 'a' is there already, in the same map",
        "line 25:1: while parsing a flow node, did not find expected node content",
    ]


def test_the_file_is_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text("kind: Pod\n")

    with pytest.raises(DecodeError) as raised:
        load(path)
    assert str(raised.value.errors[0]).startswith(f"{path}:1:1: apiVersion: ")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: b\nc: \xff\n", "line 2:4: this is not UTF-8: invalid start byte"),
        (b"\xff\xfea", "line 1:1: this is not UTF-16: truncated data"),
        ("a: é\nb: \x1b".encode(), "line 2:4: U+001B is not allowed in a document"),
        (b"\x7fELF\x02\x01\x01\x00", "line 1:1: U+007F is not allowed in a document"),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(data: bytes, problem: str) -> None:
    assert problems(data) == [problem]


def test_byte_order_marks_are_no_content() -> None:
    assert loads(b"\xef\xbb\xbf" + CONFIG.encode()) == loads("\ufeff" + CONFIG) == loads(CONFIG.encode("utf-16"))


def test_a_field_is_found_in_the_text_of_its_object() -> None:
    _, pod = loads_all(CONFIG + "---\n" + POD)

    assert _place(pod, "spec.containers[0].image") == (16, 12, "nginx")
    assert _place(pod, "metadata.labels[app]") == (12, 17, "web")
    assert _place(pod, "spec.containers[0].env[0].value") == (18, 27, "prod")
    assert _place(pod, "spec.containers") == (14, 3, None)
    assert _place(pod, "spec.containers[0]") == (15, 5, None)


def test_what_is_missing_is_missed_at_the_nearest_part_around_it() -> None:
    pod = loads(POD)

    assert _place(pod, "spec.containers[0].ports[0].containerPort") == (9, 5, None)
    assert _place(pod, "spec.volumes") == (7, 1, None)
    assert _place(pod, "") == (2, 1, None)


def test_items_of_lists_and_fields_behind_aliases_are_found() -> None:
    text = "kind: List\napiVersion: v1\nitems:\n- &a {apiVersion: v1, kind: Secret}\n- <<: *a\n  type: x\n"
    _, second = loads_all(text)

    assert _place(second, "type") == (6, 9, "x")
    assert _place(second, "kind") == (4, 29, "Secret")


def _place(obj: Any, path: str) -> tuple[int, int, str | None]:
    found = position(obj, path)
    assert found is not None
    return found.line, found.column, found.text


def test_an_object_that_came_from_no_text_has_no_place() -> None:
    assert position(Pod(), "spec") is None
    assert position(clone(loads(POD)), "spec") is None


def test_a_copy_can_count_as_come_from_the_same_text() -> None:
    pod = loads(POD)
    copy = clone(pod)
    carry(pod, copy)

    assert position(copy, "spec") == position(pod, "spec")


def test_the_place_is_forgotten_with_the_object() -> None:
    from podkit.codec.positions import _remembered

    gc.collect()
    pod = loads(POD)
    before = len(_remembered)
    assert origin(pod) is not None
    del pod
    gc.collect()

    assert len(_remembered) == before - 1


def test_a_config_map_of_many_lines_is_written_as_a_block() -> None:
    config = ConfigMap.new("web", {"nginx.conf": "server {\n  listen 80;\n}\n", "bin": b"\x00"})

    assert dumps(config) == (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  nginx.conf: |\n    server {\n      listen 80;\n    }\n"
        "binaryData:\n  bin: AA==\n"
    )


def test_a_quote_may_be_escaped_between_double_quotes_as_for_go() -> None:
    config = loads(
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: \"it\\'s \\\\' it\\'s\"\n  b: 'it\\''s'\n  c: |\n    it\\'s\n"
    )

    assert config.data == {"a": "it's \\' it's", "b": "it\\'s", "c": "it\\'s\n"}


def test_no_yaml_package_is_imported_before_a_text_is_read() -> None:
    code = "import sys, podkit.codec; print({name.split('.')[0] for name in sys.modules} & {'ruamel', '_ruamel_yaml', 'podman'})"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\nmetadata:\n\tname: web\n", "line 3:1: .*: this is a tab, and YAML is indented by spaces"),
        ("kind: Pod\nmetadata: {name: {{ .Name }}}\n", "but this is a map; what is in {{ }} is a template"),
        ("kind: Pod\n{{- if .Name }}\nmetadata: {}\n", "line 3:.*; what is in {{ }} is a template"),
        ("web.yaml", r"and not a text; 'web.yaml' looks like a path, which load\(\) reads"),
    ],
)
def test_what_is_probably_meant_is_said(text: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        loads(text)


def test_a_text_is_no_path() -> None:
    with pytest.raises(FileNotFoundError, match=r"no path of a file; loads\(\) and loads_all\(\) read texts"):
        load("kind: Pod\nmetadata: {name: web}\n")
