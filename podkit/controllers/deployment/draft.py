"""A Deployment and its ReplicaSets as they are to be: what the steps of a decision change.

Nothing here is stored, and the objects that were found are not changed: a step asks the draft for another number of replicas, and
the draft remembers what is to be written, and what to report then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from podkit.controllers.deployment.annotations import note_new, note_scale, revision_of
from podkit.controllers.deployment.conditions import (
    CREATED,
    FOUND,
    PROGRESSING,
    find_condition,
    has_deadline,
    new_condition,
    set_condition,
)
from podkit.controllers.deployment.numbers import limit, new_replicas, wanted
from podkit.controllers.deployment.replica_sets import is_of_template, new_replica_set, oldest_first
from podkit.model.copying import clone
from podkit.model.deployment import Deployment, DeploymentStatus
from podkit.model.replicaset import ReplicaSet

Report: TypeAlias = tuple[str, str]
"""Reason and message of an Event."""


class Draft:
    """What is to become of a Deployment.

    Args:
        deployment: the Deployment; it is not changed.
        sets: its ReplicaSets; they are not changed.
        now: the time of day.

    Attributes:
        deployment: the Deployment.
        status: its status, to be changed.
        revision: the revision that it is to be noted to have; None: as it is.
        new: the ReplicaSet of its template; None when there is none.
        old: the others, oldest first.
        created: whether the new one is still to be made.
        deleted: ReplicaSets that are to be deleted.
        reports: what is to be reported, by the name of the ReplicaSet that it is about.
        now: the time of day.
    """

    def __init__(self, deployment: Deployment, sets: Sequence[ReplicaSet], now: datetime) -> None:
        self.deployment = deployment
        self.status: DeploymentStatus = clone(deployment.status)
        self.revision: int | None = None
        ordered = oldest_first(sets)
        self.new = next((one for one in ordered if is_of_template(one, deployment.spec.template)), None)
        self.old = [one for one in ordered if one is not self.new]
        self.created = False
        self.deleted: list[ReplicaSet] = []
        self.reports: dict[str, Report] = {}
        self.now = now
        self._found = {one.metadata.uid: one for one in sets}

    @property
    def sets(self) -> list[ReplicaSet]:
        """All ReplicaSets."""
        return [*self.old, *([self.new] if self.new is not None else [])]

    def changed(self) -> list[ReplicaSet]:
        """The ReplicaSets that are there and are to be written."""
        there = [(self._found[one.metadata.uid], one) for one in self.sets if one.metadata.uid]
        return [one for found, one in there if one is not found and one != found]

    def number_revision(self) -> None:
        """Note on the new ReplicaSet, if there is one, what the Deployment says, and see that it is the latest revision."""
        if self.new is None:
            return
        new = self._edited(self.new)
        note_new(self.deployment, new, max(map(revision_of, self.old), default=0) + 1)
        new.spec.min_ready_seconds = self.deployment.spec.min_ready_seconds
        self.revision = revision_of(new) or None
        if find_condition(self.status.conditions, PROGRESSING) is None:
            self._progress(FOUND, f'Found new replica set "{new.metadata.name}"')

    def make_new(self) -> ReplicaSet:
        """The new ReplicaSet; it is to be made if there is none."""
        if self.new is not None:
            return self.new
        new = new_replica_set(self.deployment)
        replicas = new_replicas(self.deployment, new, [*self.old, new])
        new.spec.replicas = replicas
        self.revision = max(map(revision_of, self.old), default=0) + 1
        note_new(self.deployment, new, self.revision)
        note_scale(new, wanted(self.deployment), limit(self.deployment))
        self.new, self.created = new, True
        name = new.metadata.name or ""
        if replicas > 0:
            self.reports[name] = ("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {replicas}")
        self._progress(CREATED, f'Created new replica set "{name}"')
        return new

    def scale(self, one: ReplicaSet, replicas: int) -> None:
        """Let a ReplicaSet have so many replicas, and note what for."""
        before = wanted(one)
        scaled = self._edited(one)
        scaled.spec.replicas = replicas
        note_scale(scaled, wanted(self.deployment), limit(self.deployment))
        if before != replicas:
            name, direction = one.metadata.name or "", "up" if before < replicas else "down"
            message = f"Scaled {direction} replica set {name} from {before} to {replicas}"
            self.reports[name] = ("ScalingReplicaSet", message)

    def _edited(self, one: ReplicaSet) -> ReplicaSet:
        """A copy of a ReplicaSet, in its place."""
        copy = clone(one)
        if one is self.new:
            self.new = copy
        else:
            self.old[next(place for place, old in enumerate(self.old) if old is one)] = copy
        return copy

    def _progress(self, reason: str, message: str) -> None:
        if has_deadline(self.deployment):
            set_condition(self.status, new_condition(PROGRESSING, "True", reason, message, self.now))
