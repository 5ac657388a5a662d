"""Rules for runtime classes.

Source of the rules: ``pkg/apis/node/validation``.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_labels, check_metadata, check_metadata_update
from podkit.admission.validation.resources import check_overhead
from podkit.admission.validation.scheduling import check_tolerations
from podkit.model.runtime_class import RuntimeClass


def check_runtime_class(errors: Errors, runtime_class: RuntimeClass) -> None:
    """Check a new RuntimeClass."""
    check_metadata(errors, runtime_class.metadata, names.dns_subdomain, namespaced=False)
    errors.problem("handler", runtime_class.handler, names.dns_label(runtime_class.handler))
    if runtime_class.overhead is not None:
        check_overhead(errors, "overhead.podFixed", runtime_class.overhead.pod_fixed)
    if runtime_class.scheduling is not None:
        check_labels(errors, "scheduling.nodeSelector", runtime_class.scheduling.node_selector)
        tolerations = runtime_class.scheduling.tolerations
        check_tolerations(errors, "scheduling.tolerations", tolerations)
        for index, toleration in enumerate(tolerations):
            if toleration in tolerations[:index]:
                errors.duplicate(f"scheduling.tolerations[{index}]", toleration.key)


def check_runtime_class_update(errors: Errors, new: RuntimeClass, old: RuntimeClass) -> None:
    """Check a change of a RuntimeClass: its handler stays what it is."""
    check_metadata_update(errors, new.metadata, old.metadata)
    if new.handler != old.handler:
        errors.invalid("handler", new.handler, "the field is immutable")
    check_runtime_class(errors, new)
