"""LimitRanger: Pods of a namespace with a limit range ask for what it says, and for no more.

Source of the rules: ``plugin/pkg/admission/limitranger/admission.go``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from podkit.admission.plugins.known import Known
from podkit.admission.pod_resources import aggregate_limits, aggregate_requests, limits_of, requests_of
from podkit.admission.validation.collect import Errors
from podkit.model.claim import PersistentVolumeClaim
from podkit.model.container import Container
from podkit.model.limit_range import LimitRange, LimitRangeItem
from podkit.model.pod import Pod
from podkit.model.quantity import Quantity, QuantityError
from podkit.model.resources import ResourceRequirements

ANNOTATION = "kubernetes.io/limit-ranger"
"""Says what was filled in."""

_ZERO = Quantity(0)
_NANO = Quantity(1).nanos


def fill_in(pod: Pod, known: Known) -> None:
    """Give the containers of a new Pod the requests and limits that they do not have."""
    told = []
    for item in _items(known, pod.metadata.namespace, "Container"):
        for kind, containers in (("", pod.spec.containers), ("init ", pod.spec.init_containers)):
            for container in containers:
                told += [f"{what} for {kind}container {container.name}" for what in _fill_in(container, item)]
    if told:
        pod.metadata.annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(told)


def check_pod(errors: Errors, pod: Pod, known: Known) -> None:
    """Refuse a Pod that asks for more, or for less, than it may."""
    spec, namespace = pod.spec, pod.metadata.namespace
    try:
        for item in _items(known, namespace, "Container"):
            for kind, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
                for index, container in enumerate(containers):
                    _check(errors, item, _Asked.by(container, f"spec.{kind}[{index}].resources"))
        for item in _items(known, namespace, "Pod"):
            _check(errors, item, _Asked("spec.resources", aggregate_requests(spec), aggregate_limits(spec)))
    except QuantityError:
        return  # validation reports it where it stands


def check_claim(errors: Errors, claim: PersistentVolumeClaim, known: Known) -> None:
    """Refuse a claim that asks for more, or for less, than it may."""
    wanted = claim.spec.resources.requests if claim.spec.resources is not None else {}
    try:
        for item in _items(known, claim.metadata.namespace, "PersistentVolumeClaim"):
            asked = _Asked("spec.resources", _amounts(wanted), {})
            _check_least(errors, item, asked)
            _check_most(errors, item, asked)
    except QuantityError:
        return  # validation reports it where it stands


@frozen
class _Asked:
    """What is asked for.

    Attributes:
        path: where.
        requests: what is requested, by resource.
        limits: what is limited.
    """

    path: str
    requests: Mapping[str, Quantity]
    limits: Mapping[str, Quantity]

    @classmethod
    def by(cls, container: Container, path: str) -> _Asked:
        """What a container asks for."""
        return cls(path, _amounts(requests_of(container.resources)), _amounts(limits_of(container.resources)))


def _items(known: Known, namespace: str | None, type_: str) -> Iterator[LimitRangeItem]:
    for limit_range in known.all(LimitRange):
        if limit_range.metadata.namespace == (namespace or "default"):
            yield from (item for item in limit_range.spec.limits if item.type == type_)


def _fill_in(container: Container, item: LimitRangeItem) -> Iterator[str]:
    """Fill in what a container does not say; tell what that was."""
    resources = container.resources or ResourceRequirements()
    for what, there, default in (
        ("request", resources.requests, item.default_request),
        ("limit", resources.limits, item.default),
    ):
        missing = {name: amount for name, amount in default.items() if name not in there}
        there.update(missing)
        if missing:
            container.resources = resources
            yield f"{', '.join(sorted(missing))} {what}"


def _amounts(texts: Mapping[str, str]) -> dict[str, Quantity]:
    return {name: Quantity(text) for name, text in texts.items()}


def _check(errors: Errors, item: LimitRangeItem, asked: _Asked) -> None:
    _check_least(errors, item, asked)
    _check_most(errors, item, asked)
    _check_ratio(errors, item, asked)


def _check_least(errors: Errors, item: LimitRangeItem, asked: _Asked) -> None:
    for resource, least in _amounts(item.min).items():
        request, limit = asked.requests.get(resource), asked.limits.get(resource)
        rule = f"minimum {resource} usage per {item.type} is {least}"
        if request is None:
            errors.forbidden(asked.path, f"{rule}. No request is specified")
        elif request < least:
            errors.forbidden(asked.path, f"{rule}, but request is {request}")
        elif limit is not None and limit < least:
            errors.forbidden(asked.path, f"{rule}, but limit is {limit}")


def _check_most(errors: Errors, item: LimitRangeItem, asked: _Asked) -> None:
    for resource, most in _amounts(item.max).items():
        request, limit = asked.requests.get(resource), asked.limits.get(resource)
        rule = f"maximum {resource} usage per {item.type} is {most}"
        if limit is None and item.type != "PersistentVolumeClaim":
            errors.forbidden(asked.path, f"{rule}. No limit is specified")
        elif limit is not None and limit > most:
            errors.forbidden(asked.path, f"{rule}, but limit is {limit}")
        elif request is not None and request > most:
            errors.forbidden(asked.path, f"{rule}, but request is {request}")


def _check_ratio(errors: Errors, item: LimitRangeItem, asked: _Asked) -> None:
    for resource, ratio in _amounts(item.max_limit_request_ratio).items():
        request, limit = asked.requests.get(resource, _ZERO), asked.limits.get(resource, _ZERO)
        rule = f"{resource} max limit to request ratio per {item.type} is {ratio}"
        if not request:
            errors.forbidden(asked.path, f"{rule}, but no request is specified or request is 0")
        elif not limit:
            errors.forbidden(asked.path, f"{rule}, but no limit is specified or limit is 0")
        elif limit.nanos * _NANO > ratio.nanos * request.nanos:
            errors.forbidden(asked.path, f"{rule}, but provided ratio is {limit.nanos / request.nanos:f}")
