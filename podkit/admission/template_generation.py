"""The number of a DaemonSet's template, counted from 1, which is kept in an annotation and which its Pods carry as a label.

It has been replaced by ControllerRevisions, and nothing depends on it; but objects of a cluster have it.

Source of the rules: ``pkg/registry/apps/daemonset/strategy.go`` (PrepareForCreate, PrepareForUpdate),
``pkg/apis/apps/v1/conversion.go``.
"""

from __future__ import annotations

from podkit.admission.validation.difference import same
from podkit.model.daemonset import TEMPLATE_GENERATION, DaemonSet


def number_template(new: DaemonSet, old: DaemonSet | None = None) -> None:
    """Write the number of the template of a DaemonSet that is to be stored: one more than before, if it is another one.

    Args:
        new: the DaemonSet, which is changed.
        old: as it is stored; None: it is a new one.
    """
    number = max(_number(old if old is not None else new), 1)
    if old is not None and not same(new.spec.template, old.spec.template):
        number += 1
    new.metadata.annotations[TEMPLATE_GENERATION] = str(number)


def _number(owner: DaemonSet) -> int:
    text = owner.metadata.annotations.get(TEMPLATE_GENERATION, "")
    return int(text) if text.isascii() and text.isdigit() else 0
