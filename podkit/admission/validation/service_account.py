"""Rules for service accounts.

Source of the rules: core, ``ValidateServiceAccount`` and its update.
"""

from __future__ import annotations

from podkit.admission.validation import names
from podkit.admission.validation.collect import Errors
from podkit.admission.validation.meta import check_metadata, check_metadata_update
from podkit.model.service_account import ServiceAccount


def check_service_account(errors: Errors, account: ServiceAccount) -> None:
    """Check a new ServiceAccount."""
    check_metadata(errors, account.metadata, names.dns_subdomain)


def check_service_account_update(errors: Errors, new: ServiceAccount, old: ServiceAccount) -> None:
    """Check a change of a ServiceAccount: everything may change."""
    check_metadata_update(errors, new.metadata, old.metadata)
    check_service_account(errors, new)
