"""A cluster on a virtual clock: that of the tests of clusters."""

from __future__ import annotations

from tests.unit.cluster.conftest import clock, cluster, images, runtime

__all__ = ["clock", "cluster", "images", "runtime"]
