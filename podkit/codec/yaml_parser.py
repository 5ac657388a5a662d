"""The events of a YAML text: from ruamel.yaml's C parser where it is installed, else from its Python parser.

Nothing of ruamel.yaml is imported before the first text is read, and nothing of it is seen outside of this module but its events
and marks (which both parsers have alike): errors come out as DecodeErrors with their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from podkit.errors import DecodeError, FieldError

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_DOUBLE_QUOTED_REST = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_MAX_GO_ESCAPES = 50
_MAX_LENGTH_FOR_GO_ESCAPES = 1 << 20


@cache
def event_types() -> tuple[Any, ...]:
    """The classes of events: scalar, alias, map start and end, list start and end, document start and end."""
    from ruamel.yaml import events

    return (
        events.ScalarEvent,
        events.AliasEvent,
        events.MappingStartEvent,
        events.MappingEndEvent,
        events.SequenceStartEvent,
        events.SequenceEndEvent,
        events.DocumentStartEvent,
        events.DocumentEndEvent,
    )


def parse(text: str) -> Iterator[Any]:
    """The events of a text; to be used within ``yaml_errors``."""
    try:
        from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # from the compiled module, wherever that is
    except ImportError:
        from ruamel.yaml import YAML

        return iter(YAML(typ="safe", pure=True).parse(text))
    return iter(CParser(text).get_event, None)


@contextmanager
def yaml_errors(text: str, source: str | None) -> Iterator[None]:
    """Make DecodeErrors of what the parser raises.

    Args:
        text: the text that is parsed.
        source: the name of its file.

    Raises:
        DecodeError: the text is not YAML.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        yield
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise syntax_error(problem + _hint(text, mark), mark.line + 1, mark.column + 1, source) from None
    except (ReaderError, UnicodeEncodeError):
        raise _unreadable_character(text, source) from None
    except YAMLError as error:
        raise syntax_error(str(error), None, None, source) from None


def _hint(text: str, mark: Any) -> str:
    """What is probably meant, where that is known."""
    before, line, *_ = [*["", *text.split("\n")][mark.line : mark.line + 2], "", ""]
    if line[mark.column : mark.column + 1] == "\t":
        return ": this is a tab, and YAML is indented by spaces"
    return TEMPLATE_HINT if "{{" in before + line else ""


TEMPLATE_HINT = "; what is in {{ }} is a template, which must be filled in before (helm template does so)"
"""What to do about a document that is to become one."""


def without_go_escapes(text: str) -> str:
    r"""The text with ``\'`` between double quotes, which go-yaml takes and YAML does not have, made a plain quote.

    Where that is, the parser says by refusing it; the rest of the same text is then looked through. It is done for
    a limited number of texts in documents of a usual size, because each costs another parse.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    for _ in range(_MAX_GO_ESCAPES if len(text) <= _MAX_LENGTH_FOR_GO_ESCAPES else 0):
        try:
            for _event in parse(text):
                pass
        except MarkedYAMLError as error:
            index = error.problem_mark.index if error.problem_mark else 0
            if not text.startswith("\\'", index):
                break
            rest = _DOUBLE_QUOTED_REST.match(text, index)
            end = rest.end() if rest else len(text)
            text = text[:index] + _ESCAPED.sub(_unescaped, text[index:end]) + text[end:]
        except (YAMLError, UnicodeEncodeError):
            break
    return text


def _unescaped(match: re.Match[str]) -> str:
    return "'" if match[0] == "\\'" else match[0]


def syntax_error(message: str, line: int | None, column: int | None, source: str | None) -> DecodeError:
    """The error for a text that is not good YAML or JSON.

    Args:
        message: what is wrong.
        line: the line, counted from 1.
        column: the column, counted from 1.
        source: the name of the file.
    """
    return DecodeError(
        [FieldError("", "Invalid", message, line=line, column=column, source=source)], what="the document"
    )


def _unreadable_character(text: str, source: str | None) -> DecodeError:
    match = _UNREADABLE.search(text)
    position = match.start() if match else len(text)
    before = text[:position]
    character = f"U+{ord(match[0]):04X}" if match else "a character"
    column = position - (before.rfind("\n") + 1) + 1
    return syntax_error(f"{character} is not allowed in a document", before.count("\n") + 1, column, source)
