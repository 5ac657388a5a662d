"""Rules for paths inside a volume, and for the modes of the files there.

Source of the rules: core, ``validateLocalDescendingPath``, ``ValidateLocalNonReservedPath``.
"""

from __future__ import annotations

from podkit.admission.validation.collect import Errors


def check_no_backsteps(errors: Errors, path: str, target: str) -> None:
    """The path may not climb: no part of it is ``..``."""
    if ".." in target.split("/"):
        errors.invalid(path, target, "may not contain '..'")


def check_descending_path(errors: Errors, path: str, target: str) -> None:
    """The path is relative and does not climb."""
    if target.startswith("/"):
        errors.invalid(path, target, "must be a relative path")
    check_no_backsteps(errors, path, target)


def check_local_path(errors: Errors, path: str, target: str) -> None:
    """The path is relative, does not climb, and does not start with ``..``, which volumes keep for themselves."""
    check_descending_path(errors, path, target)
    if target.startswith("..") and not target.startswith("../"):
        errors.invalid(path, target, "may not start with '..'")


def check_file_mode(errors: Errors, path: str, mode: int | None) -> None:
    """Permission bits only: 0 to 0777."""
    if mode is not None and not 0 <= mode <= 0o777:
        errors.invalid(path, mode, "must be between 0 and 0777 (octal), both inclusive")
