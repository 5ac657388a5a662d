"""Controllers: loops that make and mend objects."""

from podkit.controllers.job.controller import JobController

__all__ = ["JobController"]
