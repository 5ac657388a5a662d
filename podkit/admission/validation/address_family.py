"""Rules for addresses where there are two families of them, IPv4 and IPv6.

Source of the rules: core, ``ValidatePodIPs``, ``ValidateNode`` (of ``podCIDRs``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podkit.admission.validation.collect import Errors


def family_of(text: str) -> str:
    """The family of an address, or of a range of addresses."""
    return "IPv6" if ":" in text else "IPv4"


def check_one_of_each_family(
    errors: Errors, path: str, texts: Sequence[str], problem: Callable[[str], str | None], what: str
) -> None:
    """Check that there is at most one of each family.

    Args:
        errors: where what is found goes.
        path: the path of the list.
        texts: addresses, or ranges of addresses.
        problem: what is wrong with the form of one; see `podkit.admission.validation.names`.
        what: what they are, for the message.
    """
    seen: set[str] = set()
    for index, text in enumerate(texts):
        errors.problem(f"{path}[{index}]", text, problem(text))
        errors.unique(f"{path}[{index}]", text, seen)
    if len({family_of(text) for text in texts}) != len(texts):
        errors.invalid(path, texts, f"may have one {what} of each family")
