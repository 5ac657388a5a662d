import pytest

from podkit.kubelet.expansion import expand, references

VARIABLES = {"A": "1", "B": "$(A)", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$(MISSING)", "$(MISSING)"),
        ("$(", "$("),
        ("$(A", "$(A"),
        ("$A ${A}", "$A ${A}"),
        ("$(B)", "$(A)"),
        ("[$(EMPTY)]", "[]"),
        ("$", "$"),
        ("$$", "$"),
        ("", ""),
    ],
)
def test_references_are_replaced_once_and_everything_else_stays(text: str, expanded: str) -> None:
    assert expand(text, VARIABLES) == expanded


def test_escaped_references_do_not_count() -> None:
    assert references("$(A)/$$(B)/$(C)") == ["A", "C"]
