"""The forms of names: DNS labels and subdomains, qualified names, label values, keys, ports and addresses.

Each function takes a text and returns what is wrong with it, or None when it is right.
Source of the rules: apimachinery, ``pkg/util/validation/validation.go`` and ``pkg/api/validation/generic.go``.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PREFIX_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")
_RANGE_FORM = "must be a range of addresses, such as 10.9.8.0/24 or 2001:db8::/64"
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SUBDOMAIN_UNDERSCORE = re.compile(r"[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_HTTP_HEADER = re.compile(r"[-A-Za-z0-9]+")
_PORT_NAME = re.compile(r"[-a-z0-9]+")
_HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_PRINTABLE = re.compile(r"[ -<>-~]+")

_LABEL_FORM = (
    "a DNS label has lower case letters, digits and '-', and starts and ends with a letter or digit, such as 'my-name'"
)
_SUBDOMAIN_FORM = (
    "a DNS subdomain has lower case letters, digits, '-' and '.', and starts and ends with a letter or digit,"
    " such as 'example.com'"
)
_QUALIFIED_FORM = (
    "a name has letters, digits, '-', '_' and '.', and starts and ends with a letter or digit,"
    " with an optional DNS subdomain and '/' before it, such as 'MyName' or 'example.com/my.name'"
)
_LABEL_VALUE_FORM = (
    "a label value is empty, or has letters, digits, '-', '_' and '.', and starts and ends with a letter or digit"
)


def _checked(text: str, form: re.Pattern[str], limit: int, description: str) -> str | None:
    if form.fullmatch(text) is None:
        return description
    return _too_long(limit) if len(text) > limit else None


def _too_long(limit: int) -> str:
    return f"may have at most {limit} characters"


@lru_cache(maxsize=4096)
def dns_label(text: str) -> str | None:
    """RFC 1123 label: 63 characters at most."""
    return _checked(text, _LABEL, 63, _LABEL_FORM)


@lru_cache(maxsize=4096)
def dns_subdomain(text: str) -> str | None:
    """RFC 1123 subdomain: labels with dots between them, 253 characters at most."""
    return _checked(text, _SUBDOMAIN, 253, _SUBDOMAIN_FORM)


def dns_subdomain_with_underscore(text: str) -> str | None:
    """DNS subdomain in which '_' is allowed too, as in search paths."""
    return _checked(text, _SUBDOMAIN_UNDERSCORE, 253, _SUBDOMAIN_FORM.replace("'-'", "'-', '_'"))


def fully_qualified_domain(text: str) -> str | None:
    """DNS subdomain of two labels at least; one dot at the end is allowed."""
    if not text:
        return "may not be empty"
    domain = text.removesuffix(".")
    return dns_subdomain(domain) or (None if "." in domain else "needs at least two labels with a dot between them")


def domain_prefixed_path(text: str) -> str | None:
    """A DNS subdomain, '/', and a path, such as 'example.com/controller'."""
    if not text:
        return "may not be empty"
    domain, slash, path = text.partition("/")
    if not slash or not domain or not path:
        return "must be a domain and a path with '/' between them, such as 'example.com/controller'"
    return dns_subdomain(domain) or (None if _HTTP_PATH.fullmatch(path) else "the path has a character that may not be")


@lru_cache(maxsize=4096)
def qualified_name(text: str) -> str | None:
    """A name of 63 characters at most, with an optional DNS subdomain and '/' before it: label keys and the like."""
    prefix, slash, name = text.rpartition("/")
    if slash:
        if not prefix:
            return "the part before '/' may not be empty"
        if (problem := dns_subdomain(prefix)) is not None:
            return f"the part before '/': {problem}"
    if not name:
        return "the name part may not be empty"
    return _checked(name, _QUALIFIED, 63, _QUALIFIED_FORM)


@lru_cache(maxsize=4096)
def label_value(text: str) -> str | None:
    """Empty, or 63 characters at most."""
    return _checked(text, _QUALIFIED, 63, _LABEL_VALUE_FORM) if text else None


def config_key(text: str) -> str | None:
    """A key of a ConfigMap or Secret: 253 characters at most, a usable file name."""
    if len(text) > 253:
        return _too_long(253)
    if _CONFIG_KEY.fullmatch(text) is None:
        return "a key has letters, digits, '-', '_' and '.' only, such as 'key.name'"
    if text == "." or text.startswith(".."):
        return "may not be '.' and may not start with '..'"
    return None


def environment_name(text: str) -> str | None:
    """Name of an environment variable: any printable ASCII but '='."""
    if _PRINTABLE.fullmatch(text) is None:
        return "an environment variable's name has printable ASCII characters only, and no '='"
    return None


def http_header(text: str) -> str | None:
    """Name of an HTTP header."""
    if _HTTP_HEADER.fullmatch(text) is None:
        return "a header's name has letters, digits and '-' only, such as 'X-Header-Name'"
    return None


def port_name(text: str) -> str | None:
    """Name of a port (IANA_SVC_NAME): 15 characters at most, with at least one letter."""
    if len(text) > 15:
        return _too_long(15)
    if _PORT_NAME.fullmatch(text) is None:
        return "a port's name has lower case letters, digits and '-' only"
    if not any("a" <= character <= "z" for character in text):
        return "must have at least one letter"
    if "--" in text:
        return "may not have two '-' one after the other"
    if text.startswith("-") or text.endswith("-"):
        return "may not start or end with '-'"
    return None


def port_number(number: int) -> str | None:
    """A port from 1 to 65535."""
    return None if 1 <= number <= 65535 else "must be between 1 and 65535, inclusive"


def ip_address(text: str) -> str | None:
    """An IPv4 or IPv6 address: without a zone, without zeros in front, and no IPv4 address that is written as IPv6."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return "must be an IP address, such as 10.9.8.7 or 2001:db8::ffff"
    if isinstance(parsed, ipaddress.IPv4Address):
        return None
    if parsed.scope_id:
        return "may not have a zone"
    return "may not be an IPv4 address written as IPv6" if parsed.ipv4_mapped else None


def ip_range(text: str) -> str | None:
    """A range of addresses by its first one and the length of its prefix, such as ``10.0.0.0/8``."""
    address, _, length = text.partition("/")
    if ip_address(address) is not None or _PREFIX_LENGTH.fullmatch(length) is None:
        return _RANGE_FORM
    try:
        first = ipaddress.ip_interface(text).network.network_address
    except ValueError:
        return _RANGE_FORM
    return None if first == ipaddress.ip_address(address) else f"must begin with its first address, {first}"


def as_prefix(text: str) -> str:
    """Return a generateName as a name that it could make: a '-' at its end is not the end of the name."""
    return text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text
