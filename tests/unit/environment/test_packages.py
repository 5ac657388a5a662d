"""How what is missing is installed."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.environment import packages


def test_two_runs_at_once_install_what_is_missing_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    both_have_looked = threading.Barrier(2)
    thread = threading.local()
    there: set[str] = set()
    installed: list[list[str]] = []

    def missing(wanted: Mapping[str, str]) -> set[str]:
        found = set(wanted) - there
        if not hasattr(thread, "has_looked"):
            thread.has_looked = True
            both_have_looked.wait(60)
        return found

    def install(names: list[str]) -> None:
        installed.append(names)
        there.add("runc")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages, "_INSTALLED", tmp_path)
    monkeypatch.setattr(packages, "missing_programs", missing)
    monkeypatch.setattr(packages, "install", install)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(packages.ensure_installed, [{"runc": "runc-package"}] * 2))
    assert installed == [["runc-package"]]
