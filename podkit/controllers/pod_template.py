"""The Pods that controllers make of their templates.

Source of the rules: ``pkg/controller/controller_utils.go`` (GetPodFromTemplate).
"""

from __future__ import annotations

from podkit.controllers.controller_ref import controller_reference
from podkit.model.copying import clone
from podkit.model.meta import KubernetesObject, ObjectMeta
from podkit.model.pod import Pod, PodTemplateSpec


def pod_of_template(owner: KubernetesObject, template: PodTemplateSpec) -> Pod:
    """A Pod of a controller, to be created: the store makes up the end of its name."""
    template = clone(template)
    meta = ObjectMeta(
        generate_name=f"{owner.metadata.name}-",
        namespace=owner.metadata.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
        finalizers=template.metadata.finalizers,
        owner_references=[controller_reference(owner)],
    )
    return Pod(metadata=meta, spec=template.spec)
