"""Binds Pods to nodes."""

from podkit.scheduler.scheduler import Scheduler

__all__ = ["Scheduler"]
