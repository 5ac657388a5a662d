"""The table: every field of every class that a Pod consists of, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping

from podkit.kubelet.support.containers import CONTAINERS
from podkit.kubelet.support.pods import PODS
from podkit.kubelet.support.scheduling import SCHEDULING
from podkit.kubelet.support.security import SECURITY
from podkit.kubelet.support.verdict import Fields
from podkit.kubelet.support.volumes import VOLUMES

TABLE: Mapping[type, Fields] = {**PODS, **CONTAINERS, **SECURITY, **VOLUMES, **SCHEDULING}
"""By class. What is only in fields that are never honoured is not in it."""
