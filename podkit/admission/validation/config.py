"""Rules for ConfigMaps and Secrets.

Source of the rules: core, ``ValidateConfigMap``, ``ValidateSecret`` and their updates.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.config import ConfigMap, Secret

_MAX_SIZE = 1024 * 1024
_ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name"


def check_config_map(errors: Errors, config_map: ConfigMap) -> None:
    """Check a new ConfigMap: keys are file names, and all values together have 1 MiB at most."""
    check_metadata(errors, config_map.metadata, names.dns_subdomain)
    size = 0
    for key, text in config_map.data.items():
        errors.problem(f"data[{key}]", key, names.config_key(key))
        if key in config_map.binary_data:
            errors.invalid(f"data[{key}]", key, "is in binaryData too")
        size += len(text.encode("utf-8", "surrogatepass"))
    for key, content in config_map.binary_data.items():
        errors.problem(f"binaryData[{key}]", key, names.config_key(key))
        size += len(content)
    if size > _MAX_SIZE:
        # The server means the whole object by an empty path.
        errors.too_long("", None, _MAX_SIZE)


def check_config_map_update(errors: Errors, new: ConfigMap, old: ConfigMap) -> None:
    """Check a change of a ConfigMap: one that is immutable stays so, and stays what it is."""
    check_metadata_update(errors, new.metadata, old.metadata)
    if old.immutable:
        if not new.immutable:
            errors.forbidden("immutable", "what is immutable stays so")
        for name, now, before in (
            ("data", new.data, old.data),
            ("binaryData", new.binary_data, old.binary_data),
        ):
            if now != before:
                errors.forbidden(name, "the ConfigMap is immutable")
    check_config_map(errors, new)


def check_secret(errors: Errors, secret: Secret) -> None:
    """Check a new Secret; its type may ask for certain keys."""
    check_metadata(errors, secret.metadata, names.dns_subdomain)
    for key in secret.data:
        errors.problem(f"data[{key}]", key, names.config_key(key))
    if sum(len(content) for content in secret.data.values()) > _MAX_SIZE:
        errors.too_long("data", None, _MAX_SIZE)
    check_type = _BY_TYPE.get(secret.type or "")
    if check_type is not None:
        check_type(errors, secret)


def _check_account_token(errors: Errors, secret: Secret) -> None:
    if not secret.metadata.annotations.get(_ACCOUNT_ANNOTATION):
        errors.required(f"metadata.annotations[{_ACCOUNT_ANNOTATION}]", "says whose token it is")


def _check_docker_config(errors: Errors, secret: Secret) -> None:
    _check_json(errors, secret, ".dockercfg")


def _check_docker_config_json(errors: Errors, secret: Secret) -> None:
    _check_json(errors, secret, ".dockerconfigjson")


def _check_json(errors: Errors, secret: Secret, key: str) -> None:
    if key not in secret.data:
        errors.required(f"data[{key}]")
        return
    try:
        content = json.loads(secret.data[key])
    except (ValueError, RecursionError):
        content = False
    if content is not None and not isinstance(content, dict):
        errors.invalid(f"data[{key}]", "the content", "must be a JSON object")


def _check_basic_auth(errors: Errors, secret: Secret) -> None:
    if "username" not in secret.data and "password" not in secret.data:
        errors.required("data[username]")
        errors.required("data[password]")


def _check_ssh_auth(errors: Errors, secret: Secret) -> None:
    if not secret.data.get("ssh-privatekey"):
        errors.required("data[ssh-privatekey]")


def _check_tls(errors: Errors, secret: Secret) -> None:
    for key in ("tls.crt", "tls.key"):
        if key not in secret.data:
            errors.required(f"data[{key}]")


_BY_TYPE: dict[str, Callable[[Errors, Secret], None]] = {
    "kubernetes.io/service-account-token": _check_account_token,
    "kubernetes.io/dockercfg": _check_docker_config,
    "kubernetes.io/dockerconfigjson": _check_docker_config_json,
    "kubernetes.io/basic-auth": _check_basic_auth,
    "kubernetes.io/ssh-auth": _check_ssh_auth,
    "kubernetes.io/tls": _check_tls,
}


def check_secret_update(errors: Errors, new: Secret, old: Secret) -> None:
    """Check a change of a Secret: its type never changes, and one that is immutable stays what it is."""
    check_metadata_update(errors, new.metadata, old.metadata)
    if new.type != old.type:
        errors.invalid("type", new.type, "the field is immutable")
    if old.immutable:
        if not new.immutable:
            errors.forbidden("immutable", "what is immutable stays so")
        if new.data != old.data:
            errors.forbidden("data", "the Secret is immutable")
    check_secret(errors, new)
