"""What the log of an OCI runtime says about a command that was not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from podkit.runtime.podman.oci import _refusal

RUNC = '{"level":"warning","msg":"slow","time":"t"}\n{"level":"error","msg":"exec: not found","time":"t"}\n'
CRUN = '{\n  "msg": "verbose",\n  "level": "debug"\n}\n{\n  "msg": "exec: not found",\n  "level": "error"\n}\n'


@pytest.mark.parametrize("text", [RUNC, CRUN, CRUN + '{"level": "err'], ids=["a line each", "several lines", "cut off"])
def test_the_reason_is_found_however_it_is_laid_out(tmp_path: Path, text: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    assert _refusal(log) == "exec: not found"


@pytest.mark.parametrize("text", ["", "no JSON {", '{"level": "warning", "msg": "slow"}\n'])
def test_a_log_without_an_error_is_no_refusal(tmp_path: Path, text: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    assert _refusal(log) == ""


def test_no_log_is_no_refusal(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "log") == ""
