"""Rules for label selectors.

Source of the rules: apimachinery, ``pkg/apis/meta/v1/validation/validation.go``.
"""

from __future__ import annotations

from collections.abc import Mapping

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_labels
from podkit.model.meta import LabelSelector, LabelSelectorRequirement
from podkit.model.selector import Selector, SelectorError


def check_label_selector(errors: Errors, path: str, selector: LabelSelector | None) -> None:
    """Check a label selector; an absent one is right."""
    if selector is None:
        return
    check_labels(errors, f"{path}.matchLabels", selector.match_labels)
    for index, requirement in enumerate(selector.match_expressions):
        _check_requirement(errors, f"{path}.matchExpressions[{index}]", requirement)


def _check_requirement(errors: Errors, path: str, requirement: LabelSelectorRequirement) -> None:
    if requirement.operator in ("In", "NotIn"):
        if not requirement.values:
            errors.required(f"{path}.values", "In and NotIn need values")
    elif requirement.operator in ("Exists", "DoesNotExist"):
        if requirement.values:
            errors.forbidden(f"{path}.values", "Exists and DoesNotExist take no values")
    else:
        errors.invalid(f"{path}.operator", requirement.operator, "must be In, NotIn, Exists or DoesNotExist")
    errors.problem(f"{path}.key", requirement.key, names.qualified_name(requirement.key))
    for index, value in enumerate(requirement.values):
        errors.problem(f"{path}.values[{index}]", value, names.label_value(value))


def is_empty(selector: LabelSelector) -> bool:
    """Return whether a selector says nothing, and so would select everything."""
    return not selector.match_labels and not selector.match_expressions


def compiled(selector: LabelSelector | None) -> Selector | None:
    """Return the selector in the form that matches labels; None when it breaks a rule, so that it cannot match."""
    try:
        return Selector.of(selector)
    except SelectorError:
        return None


def check_selects_template(
    errors: Errors, path: str, selector: LabelSelector | None, labels: Mapping[str, str]
) -> None:
    """Check that a controller's selector selects the Pods that its template makes.

    Args:
        errors: where what is found goes.
        path: the path of the template.
        selector: the controller's selector; an absent one selects nothing.
        labels: the template's labels.
    """
    matcher = compiled(selector)
    if matcher is not None and not matcher.matches(labels):
        errors.invalid(
            f"{path}.metadata.labels", dict(labels), "the selector does not match the labels of the template"
        )
