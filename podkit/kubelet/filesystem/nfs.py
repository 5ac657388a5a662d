"""Shares of NFS servers, mounted as a kubelet does it: by the machine's own ``mount``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from podkit.kubelet.filesystem.base import VolumeError

PATIENCE = 60.0
"""Seconds after which a server that does not answer counts as not answering; it is tried again later."""


def mount(path: Path, server: str, share: str, *, read_only: bool) -> None:
    """Mount a share at a directory, unless something is mounted there already.

    Raises:
        VolumeError: it cannot be mounted.
    """
    if path.is_mount():
        return
    source = f"{server}:{share}"
    if os.geteuid() != 0:
        raise VolumeError(f"mounting {source} needs root: mount it on the machine, and use a hostPath volume")
    if shutil.which("mount.nfs") is None:
        raise VolumeError(f"mounting {source} needs mount.nfs: install nfs-common (or nfs-utils) on the machine")
    options = "retry=0,ro" if read_only else "retry=0"
    command = ["mount", "-t", "nfs", "-o", options, source, str(path)]
    path.mkdir(exist_ok=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise VolumeError(f"mounting {source}: the server has not answered in {PATIENCE:g} s") from error
    if done.returncode != 0:
        raise VolumeError(f"mounting {source} failed: {' '.join(done.stderr.split())}")
