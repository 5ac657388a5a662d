"""The three-way merge of ``apply``: what was applied before, what is applied now, and what is there.

What is applied wins over what is there. What was applied before and is applied no longer is taken away. All else that is there
stays: what others have set, and what the server has filled in. Lists whose items are told apart by a merge key are merged item by
item, all others are replaced as a whole. That is kubectl's strategic three-way merge without the detour over a patch.

Source of the rules: apimachinery `pkg/util/strategicpatch/patch.go` (CreateThreeWayMergePatch). Documents are plain
mappings; none that is given is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podkit.model.deployment import DeploymentSpec
from podkit.model.pod import PodSpec
from podkit.model.shape import fields_by_name

Document = dict[str, Any]

_ONE_OF = {(PodSpec, "volumes"), (DeploymentSpec, "strategy")}
"""Where fields exclude each other, so that fields that are applied no longer must go in any case (patchStrategy
``retainKeys``)."""


def three_way_merge(
    before: Mapping[str, Any], applied: Mapping[str, Any], there: Mapping[str, Any], cls: type
) -> Document:
    """The document that is to be there afterwards.

    Args:
        before: what was applied the last time; empty if nothing was.
        applied: what is applied now.
        there: what there is.
        cls: the model's class of such documents, which knows the merge keys.
    """
    return _merge_maps(before, applied, there, cls)


def _merge_maps(
    before: Mapping[str, Any], applied: Mapping[str, Any], there: Mapping[str, Any], cls: type | None
) -> Document:
    merged = {name: value for name, value in there.items() if name in applied or name not in before}
    for name, value in applied.items():
        old = there.get(name)
        shape = fields_by_name(cls).get(name)
        earlier = before.get(name)
        inner = shape.inner_class if shape is not None else None
        if isinstance(value, Mapping):
            known: Mapping[str, Any] = old if isinstance(old, Mapping) else {}
            if (cls, name) in _ONE_OF:
                known = {field: known[field] for field in known if field in value}
            merged[name] = _merge_maps(earlier if isinstance(earlier, Mapping) else {}, value, known, inner)
        elif isinstance(value, list) and shape is not None and shape.merge_key is not None:
            key = shape.merge_key
            only = (cls, name) in _ONE_OF
            merged[name] = _merge_items(_items(earlier, key), _items(value, key), _items(old, key), inner, retain=only)
        else:
            merged[name] = value
    return merged


def _merge_items(
    before: Mapping[Any, Any], applied: Mapping[Any, Any], there: Mapping[Any, Any], cls: type | None, *, retain: bool
) -> list[Any]:
    """The items that are applied, in their order, and behind them those that others have added."""
    merged = []
    for key, item in applied.items():
        old = there.get(key, {})
        if retain:
            old = {name: value for name, value in old.items() if name in item}
        merged.append(_merge_maps(before.get(key, {}), item, old, cls))
    return merged + [item for key, item in there.items() if key not in applied and key not in before]


def _items(value: Any, key: str) -> dict[Any, Any]:
    """The items of a list by their merge key."""
    items = value if isinstance(value, list) else []
    return {item.get(key) if isinstance(item, Mapping) else item: item for item in items}
