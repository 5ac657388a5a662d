"""Rules for volumes that are made of files: Secrets, ConfigMaps, the downward API, and projections of them.

Source of the rules: core, ``validateSecretVolumeSource``, ``validateProjectionSources`` and around.
"""

from __future__ import annotations

from collections.abc import Iterable

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.environment import VOLUME_FIELDS, check_field_ref, check_resource_field_ref
from podkit.admission.validation.file_path import check_file_mode, check_local_path
from podkit.admission.validation.selector import check_label_selector
from podkit.model.volume import (
    ClusterTrustBundleProjection,
    ConfigMapProjection,
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    KeyToPath,
    PodCertificateProjection,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    VolumeProjection,
)

_SHORTEST_TOKEN = 10 * 60
_LONGEST_TOKEN = 1 << 32
_KEY_TYPES = frozenset({"RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"})
_SHORTEST_CERTIFICATE = 3600
_LONGEST_CERTIFICATE = 91 * 24 * 3600
_LONGEST_KUBERNETES_CERTIFICATE = 24 * 3600


def check_secret(errors: Errors, path: str, source: SecretVolumeSource) -> None:
    """Check a ``secret`` volume."""
    if not source.secret_name:
        errors.required(f"{path}.secretName")
    check_file_mode(errors, f"{path}.defaultMode", source.default_mode)
    _check_items(errors, f"{path}.items", source.items)


def check_config_map(errors: Errors, path: str, source: ConfigMapVolumeSource) -> None:
    """Check a ``configMap`` volume."""
    if not source.name:
        errors.required(f"{path}.name")
    check_file_mode(errors, f"{path}.defaultMode", source.default_mode)
    _check_items(errors, f"{path}.items", source.items)


def _check_items(errors: Errors, path: str, items: list[KeyToPath]) -> None:
    for index, item in enumerate(items):
        if not item.key:
            errors.required(f"{path}[{index}].key")
        if not item.path:
            errors.required(f"{path}[{index}].path")
        check_local_path(errors, f"{path}[{index}].path", item.path)
        check_file_mode(errors, f"{path}[{index}].mode", item.mode)


def check_downward_api(errors: Errors, path: str, source: DownwardAPIVolumeSource) -> None:
    """Check a ``downwardAPI`` volume."""
    check_file_mode(errors, f"{path}.defaultMode", source.default_mode)
    for index, file in enumerate(source.items):
        _check_downward_file(errors, f"{path}.items[{index}]", file)


def _check_downward_file(errors: Errors, path: str, file: DownwardAPIVolumeFile) -> None:
    if not file.path:
        errors.required(f"{path}.path")
    check_local_path(errors, f"{path}.path", file.path)
    if file.field_ref is not None:
        check_field_ref(errors, f"{path}.fieldRef", file.field_ref, VOLUME_FIELDS)
        if file.resource_field_ref is not None:
            errors.invalid(path, file.path, "fieldRef and resourceFieldRef exclude each other")
    elif file.resource_field_ref is not None:
        check_resource_field_ref(errors, f"{path}.resourceFieldRef", file.resource_field_ref, in_volume=True)
    else:
        errors.required(path, "one of fieldRef and resourceFieldRef is needed")
    check_file_mode(errors, f"{path}.mode", file.mode)


def check_projected(errors: Errors, path: str, source: ProjectedVolumeSource) -> None:
    """Check a ``projected`` volume: each source is of one kind, and no two write the same file."""
    check_file_mode(errors, f"{path}.defaultMode", source.default_mode)
    written: set[str] = set()
    for index, projection in enumerate(source.sources):
        at = f"{path}.sources[{index}]"
        count = _check_projection(errors, path, at, projection, written)
        if count > 1:
            errors.forbidden(at, "a source may be of one kind only")


def _check_projection(errors: Errors, volume: str, path: str, source: VolumeProjection, written: set[str]) -> int:
    count = 0
    for name, files in (("secret", source.secret), ("configMap", source.config_map)):
        if files is not None:
            count += 1
            _check_file_projection(errors, f"{path}.{name}", files)
            _check_written(errors, volume, written, (item.path for item in files.items))
    if source.downward_api is not None:
        count += 1
        for index, file in enumerate(source.downward_api.items):
            _check_downward_file(errors, f"{path}.downwardAPI.items[{index}]", file)
        _check_written(errors, volume, written, (item.path for item in source.downward_api.items))
    if source.service_account_token is not None:
        count += 1
        _check_token(errors, f"{path}.serviceAccountToken", source.service_account_token)
    if source.cluster_trust_bundle is not None:
        count += 1
        _check_trust_bundle(errors, f"{path}.clusterTrustBundle", source.cluster_trust_bundle)
        _check_written(errors, volume, written, [source.cluster_trust_bundle.path])
    if source.pod_certificate is not None:
        count += 1
        certificate = source.pod_certificate
        _check_certificate(errors, f"{path}.podCertificate", certificate)
        paths = (certificate.credential_bundle_path, certificate.key_path, certificate.certificate_chain_path)
        _check_written(errors, volume, written, (each for each in paths if each))
    return count


def _check_written(errors: Errors, path: str, written: set[str], paths: Iterable[str]) -> None:
    for each in paths:
        if each and each in written:
            errors.invalid(path, each, "is written by two sources")
        written.add(each)


def _check_file_projection(errors: Errors, path: str, source: SecretProjection | ConfigMapProjection) -> None:
    if not source.name:
        errors.required(f"{path}.name")
    _check_items(errors, f"{path}.items", source.items)


def _check_token(errors: Errors, path: str, token: ServiceAccountTokenProjection) -> None:
    seconds = token.expiration_seconds or 0
    if seconds < _SHORTEST_TOKEN:
        errors.invalid(f"{path}.expirationSeconds", seconds, "may not be shorter than 10 minutes")
    if seconds > _LONGEST_TOKEN:
        errors.invalid(f"{path}.expirationSeconds", seconds, "may not be longer than 2^32 seconds")
    if not token.path:
        errors.required(f"{path}.path")
    else:
        check_local_path(errors, f"{path}.path", token.path)


def _check_trust_bundle(errors: Errors, path: str, bundle: ClusterTrustBundleProjection) -> None:
    if bundle.name is not None and bundle.signer_name is not None:
        errors.invalid(path, bundle.name, "name and signerName exclude each other")
    elif bundle.name is not None:
        if not bundle.name:
            errors.required(f"{path}.name")
        errors.problem(f"{path}.name", bundle.name, _trust_bundle_name(bundle.name))
        if bundle.label_selector is not None:
            errors.invalid(f"{path}.labelSelector", bundle.name, "may not be set beside name")
    elif bundle.signer_name is not None:
        if not bundle.signer_name:
            errors.required(f"{path}.signerName")
        errors.problem(f"{path}.signerName", bundle.signer_name, _signer_name(bundle.signer_name))
        check_label_selector(errors, f"{path}.labelSelector", bundle.label_selector)
    else:
        errors.required(path, "one of name and signerName is needed")
    if not bundle.path:
        errors.required(f"{path}.path")
    check_local_path(errors, f"{path}.path", bundle.path)


def _trust_bundle_name(name: str) -> str | None:
    """A bundle of a signer is named ``<signer domain>:<signer path>:<name>``; others have a plain name."""
    return names.dns_subdomain(name.rpartition(":")[2])


def _signer_name(name: str) -> str | None:
    domain, slash, path = name.partition("/")
    if not slash or "/" in path:
        return "must be a domain and a path with '/' between them, such as 'example.com/signer'"
    return names.fully_qualified_domain(domain) or names.dns_subdomain(path)


def _check_certificate(errors: Errors, path: str, certificate: PodCertificateProjection) -> None:
    errors.well_formed(f"{path}.signerName", certificate.signer_name, _signer_name)
    errors.member(f"{path}.keyType", certificate.key_type, _KEY_TYPES)
    _check_certificate_lifetime(errors, f"{path}.maxExpirationSeconds", certificate)
    paths = (
        ("credentialBundlePath", certificate.credential_bundle_path),
        ("keyPath", certificate.key_path),
        ("certificateChainPath", certificate.certificate_chain_path),
    )
    if not any(target for _, target in paths):
        errors.required(path, "one of credentialBundlePath, keyPath and certificateChainPath is needed")
    for name, target in paths:
        if target:
            check_local_path(errors, f"{path}.{name}", target)


def _check_certificate_lifetime(errors: Errors, path: str, certificate: PodCertificateProjection) -> None:
    seconds = certificate.max_expiration_seconds
    ours = (certificate.signer_name or "").partition("/")[0].endswith("kubernetes.io")
    longest = _LONGEST_KUBERNETES_CERTIFICATE if ours else _LONGEST_CERTIFICATE
    if seconds is not None and not _SHORTEST_CERTIFICATE <= seconds <= longest:
        errors.invalid(path, seconds, f"must be between {_SHORTEST_CERTIFICATE} and {longest}, inclusive")
