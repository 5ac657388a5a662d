"""Who owns an object.

Source of the words: apimachinery, ``pkg/apis/meta/v1/controller_ref.go`` (GetControllerOf).
"""

from __future__ import annotations

from podkit.model.meta import KubernetesObject, OwnerReference


def controller_of(obj: KubernetesObject) -> OwnerReference | None:
    """The reference to the controller that an object belongs to; None when it belongs to none."""
    for owner in obj.metadata.owner_references:  # asked so often that a generator would be felt
        if owner.controller:
            return owner
    return None
