"""Change the objects of a file and keep the file: its comments, its order, its quotes, its blank lines.

The objects are read, the caller changes them, and what has changed is written into the text where it stands (``rewriting`` does
that). Nothing is taken on trust: each document that was changed is read again from its new text, and if that does not give exactly
the object that was wanted (which can happen where anchors and aliases tie parts of a document together), the document is written
anew instead. Documents that did not change are not touched at all, and the file is replaced as a whole or not at all.
"""

from __future__ import annotations

import itertools
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from podkit.codec.decoding import UnknownFields, UnknownFieldWarning, decode_text
from podkit.codec.documents import dumps, read_text
from podkit.codec.files import replace_file
from podkit.codec.json_reader import as_yaml
from podkit.codec.mistakes import Path as FieldPath
from podkit.codec.nodes import Node, read_nodes
from podkit.codec.positions import origin
from podkit.codec.rewriting import Rewriter
from podkit.codec.unstructure import unstructure
from podkit.codec.yaml_writer import write_yaml
from podkit.errors import DecodeError


@contextmanager
def edit(path: str | os.PathLike[str], *, unknown_fields: UnknownFields = "error") -> Iterator[list[Any]]:
    """Change the objects of a YAML or JSON file in place.

    Yields the list of the file's objects. They can be changed, taken out of the list, and others can be added, which go to the end
    of the file. On exit the file has them; comments, order and style are kept wherever nothing changed. Nothing is
    written when the block is left by an exception, or nothing has changed.

    Args:
        path: the file.
        unknown_fields: what to do about fields that Kubernetes does not have: ``error`` (the default), or ``ignore``, which
            leaves them in the file.

    Raises:
        DecodeError: a document cannot be read as an object, or what an object was changed to cannot be written as one.
        OSError: the file cannot be read or replaced.

    Example:
        ::

            with edit("web.yaml") as objects:
                objects[0].metadata.labels["team"] = "shop"
    """
    text, name = read_text(path)
    objs = decode_text(text, name, unknown_fields)
    documents = _documents(text, objs)
    yield objs
    changed = _changed_text(text, documents, objs, unknown_fields)
    if changed != text:
        replace_file(Path(path), changed)


@define
class _Item:
    """An object of the file: where it is in its document, the object, and its plain value as it was."""

    path: FieldPath
    obj: Any
    old: dict[str, Any]


@define
class _Document:
    """A document of the file: the part of the text that is its own, and its objects."""

    start: int
    end: int
    is_json: bool
    items: list[_Item] = field(factory=list)


def _documents(text: str, objs: list[Any]) -> list[_Document]:
    documents: dict[int, _Document] = {}
    for obj in objs:
        where = origin(obj)
        assert where is not None, "every object that is loaded has an origin"
        document = documents.setdefault(where.start, _Document(where.start, len(text), where.is_json))
        document.items.append(_Item(where.path, obj, unstructure(obj)))
    starts = sorted(documents)
    for start, following in itertools.pairwise(starts):
        documents[start].end = following
    return [documents[start] for start in starts]


def _changed_text(text: str, documents: list[_Document], objs: list[Any], unknown_fields: UnknownFields) -> str:
    """The text of the file with the objects as they are now."""
    now = _pair(documents, objs)
    added = [obj for obj in objs if id(obj) not in {id(new) for new in now.values()}]
    result = text[: documents[0].start] if documents else text
    for document in documents:
        changed = _changed_document(text[document.start : document.end], document, now, unknown_fields)
        if changed is None:
            changed = _written_anew(text[document.start : document.end], document, now)
            _read_quietly("\n" * result.count("\n") + changed, unknown_fields)
        result += changed
    if added:
        separator = "" if not result.strip() else "---\n" if result.endswith("\n") else "\n---\n"
        result += separator + dumps(added if len(added) > 1 else added[0])
    return _with_newlines_of(text, result)


def _pair(documents: list[_Document], objs: list[Any]) -> dict[int, Any]:
    """What each object of the file is now, by its identity: itself, or another with its kind and name; nothing if it is gone."""
    items = [item for document in documents for item in document.items]
    rest = {id(obj): obj for obj in objs}
    now = {id(item.obj): rest.pop(id(item.obj)) for item in items if id(item.obj) in rest}
    for item in items:
        replacement = next((obj for obj in rest.values() if _name(unstructure(obj)) == _name(item.old)), None)
        if id(item.obj) not in now and replacement is not None:
            now[id(item.obj)] = rest.pop(id(replacement))
    return now


def _name(document: dict[str, Any]) -> tuple[Any, ...]:
    metadata = document.get("metadata", {})
    return document.get("apiVersion"), document.get("kind"), metadata.get("namespace"), metadata.get("name")


def _changed_document(text: str, document: _Document, now: dict[int, Any], unknown_fields: UnknownFields) -> str | None:
    """The text of a document with its objects as they are now; None when it must be written anew."""
    kept = [item for item in document.items if id(item.obj) in now]
    wanted = [now[id(item.obj)] for item in kept]
    if not kept:
        return ""
    if len(kept) == len(document.items) and [unstructure(obj) for obj in wanted] == [item.old for item in kept]:
        return text
    rewritten = _rewritten(text, document, now)
    return rewritten if rewritten is not None and _holds(rewritten, wanted, unknown_fields) else None


def _rewritten(text: str, document: _Document, now: dict[int, Any]) -> str | None:
    """The text of the document with each changed object rewritten in its place; None when one of them cannot be."""
    items = [item for item in document.items if id(item.obj) in now]
    if len(items) < len(document.items):
        shortened = _shortened(text, document, items)
        if shortened is None:
            return None
        text = shortened
        items = [evolve(item, path=("items", index)) for index, item in enumerate(items)]
    root = _root(text, document)
    rewriter = Rewriter(text, root, is_json=document.is_json)
    for item in reversed(items):
        node: Node | None = root
        for step in item.path:
            entry = node.find(step) if node is not None else None
            node = entry.value if entry is not None else None
        new = unstructure(now[id(item.obj)])
        rewritten = rewriter.rewrite(node, item.old, new, type(item.obj)) if node is not None else None
        if node is None or rewritten is None:
            return None
        text = text[: rewriter.begin(node)] + rewritten + text[rewriter.end(node) :]
    return text


def _root(text: str, document: _Document) -> Node:
    return next(read_nodes(as_yaml(text) if document.is_json else text))


def _shortened(text: str, document: _Document, kept: list[_Item]) -> str | None:
    """The text of a List with only some of its items; None when it is no plain List."""
    if any(len(item.path) != len(("items", 0)) for item in document.items):
        return None
    root = _root(text, document)
    rewriter = Rewriter(text, root, is_json=document.is_json)
    old, new = ({"items": [item.old for item in items]} for items in (document.items, kept))
    rewritten = rewriter.rewrite(root, old, new, None)
    return None if rewritten is None else text[: rewriter.begin(root)] + rewritten + text[rewriter.end(root) :]


def _holds(text: str, wanted: list[Any], unknown_fields: UnknownFields) -> bool:
    """Whether a text holds exactly these objects."""
    try:
        return _read_quietly(text, unknown_fields) == wanted
    except DecodeError:
        return False


def _read_quietly(text: str, unknown_fields: UnknownFields) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownFieldWarning)
        return decode_text(text, None, unknown_fields)


def _written_anew(text: str, document: _Document, now: dict[int, Any]) -> str:
    """The text of the document without its comments, but for those before its first field."""
    wanted = [now[id(item.obj)] for item in document.items if id(item.obj) in now]
    head = text[: _root(text, document).start]
    if head and not head.endswith("\n"):
        head = head.rstrip() + "\n"
    is_list = bool(document.items[0].path)
    if document.is_json:
        return head + dumps(wanted if is_list else wanted[0], format="json")
    if not is_list:
        return head + dumps(wanted[0])
    return head + write_yaml({"apiVersion": "v1", "kind": "List", "items": [unstructure(obj) for obj in wanted]})


def _with_newlines_of(original: str, text: str) -> str:
    """The text with the line ends of the original, if that has only those of Windows."""
    if "\r\n" not in original or re.search(r"(?<!\r)\n", original):
        return text
    return re.sub(r"(?<!\r)\n", "\r\n", text)
