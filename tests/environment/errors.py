"""The one error of this package: the environment cannot be made, and why."""


class EnvironmentUnavailable(Exception):
    """What is missing or failed, and what to do about it, as one sentence for a person."""
