"""Controllers: loops that make and mend objects."""

from podkit.controllers.garbage_collector import GarbageCollector
from podkit.controllers.job.controller import JobController
from podkit.controllers.namespace import NamespaceController

__all__ = ["GarbageCollector", "JobController", "NamespaceController"]
