"""The files that a kubelet keeps for a Pod: its hosts file, its resolver's settings, and the termination messages.

Below ``pods/<uid>`` of the node's root: ``etc-hosts``; ``containers/<name>/<attempt>/termination-log``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from attrs import frozen

from podkit.errors import PodkitError
from podkit.kubelet.filesystem import NodeFilesystem, VolumeError
from podkit.model import HostAlias, Pod

CLUSTER_DOMAIN = "cluster.local"
MESSAGE_LIMIT = 4096
HOSTNAME_LIMIT = 63
FULL_HOSTNAME_LIMIT = 64


def hostname(pod: Pod) -> str:
    """What a Pod's containers see as their hostname (`kubelet_pods.go` `GeneratePodHostNameAndDomain`).

    Raises:
        PodkitError: it has to be the whole name, which is too long for a kernel.
    """
    if pod.spec.hostname_override:
        return pod.spec.hostname_override
    name = _short_hostname(pod)
    if not pod.spec.set_hostname_as_fqdn or not domain(pod):
        return name
    full = f"{name}.{domain(pod)}"
    if len(full) > FULL_HOSTNAME_LIMIT:
        limit = f"{FULL_HOSTNAME_LIMIT} characters is the max, {len(full)} characters requested"
        raise PodkitError(
            f"failed to construct FQDN from pod hostname and cluster domain, FQDN {full} is too long ({limit})"
        )
    return full


def _short_hostname(pod: Pod) -> str:
    return (pod.spec.hostname or pod.metadata.name or "")[:HOSTNAME_LIMIT].rstrip("-.")


def domain(pod: Pod) -> str:
    """The domain of a Pod with a subdomain; empty for all others."""
    if not pod.spec.subdomain:
        return ""
    return f"{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{CLUSTER_DOMAIN}"


def hosts_file(pod: Pod, pod_ips: Sequence[str], host_file: str) -> str:
    """The content of ``/etc/hosts``: the managed one, or with host network the machine's."""
    if pod.spec.host_network:
        header = "# Kubernetes-managed hosts file (host network).\n" if pod.spec.host_aliases else ""
        return header + host_file + _aliases(pod.spec.host_aliases)
    lines = [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
    ]
    name = pod.spec.hostname_override or _short_hostname(pod)
    full = f"{name}.{domain(pod)}\t" if domain(pod) and not pod.spec.hostname_override else ""
    lines += [f"{ip}\t{full}{name}" for ip in pod_ips]
    return "\n".join(lines) + "\n" + _aliases(pod.spec.host_aliases)


def _aliases(aliases: Iterable[HostAlias]) -> str:
    lines = ["\t".join([alias.ip, *alias.hostnames]) for alias in aliases]
    return "\n# Entries added by HostAliases.\n" + "\n".join(lines) + "\n" if lines else ""


@frozen
class Resolver:
    """The settings of ``/etc/resolv.conf``."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def resolver(pod: Pod, host_file: str, name_server: str | None = None) -> Resolver:
    """A Pod's resolver settings; all empty: just as the machine's (``pkg/kubelet/network/dns/dns.go``, `GetPodDNS`).

    Args:
        pod: the Pod.
        host_file: the machine's resolver file.
        name_server: the server of the cluster's names that the Pod is to ask; None: it is not to.
    """
    config = pod.spec.dns_config
    if config is None and name_server is None:
        return Resolver()
    base = Resolver() if pod.spec.dns_policy == "None" else _parse_resolver(host_file)
    if name_server is not None:
        domains = (f"{pod.metadata.namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)
        base = Resolver((name_server,), (*domains, *base.searches), ("ndots:5",))
    if config is None:
        return base
    options = [f"{option.name}:{option.value}" if option.value else option.name or "" for option in config.options]
    return Resolver(
        _distinct([*base.servers, *config.nameservers]),
        _distinct([*base.searches, *config.searches]),
        tuple({option.partition(":")[0]: option for option in (*base.options, *options)}.values()),
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _parse_resolver(text: str) -> Resolver:
    servers: list[str] = []
    searches: list[str] = []
    options: list[str] = []
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "nameserver":
            servers += rest[:1]
        elif word == "search":
            searches = rest
        elif word == "options":
            options += rest
    return Resolver(tuple(servers), tuple(searches), tuple(options))


class PodFiles:
    """The files of the Pods of one node.

    Args:
        filesystem: the file system of the node.
    """

    def __init__(self, filesystem: NodeFilesystem) -> None:
        self._filesystem = filesystem

    def write_hosts(self, pod: Pod, pod_ips: Sequence[str]) -> PurePosixPath:
        """Write a Pod's hosts file; return where it is."""
        content = hosts_file(pod, pod_ips, self._filesystem.read_machine_file("/etc/hosts"))
        return self._filesystem.write_file(f"{pod.metadata.uid}/etc-hosts", content.encode(), mode=0o644)

    def machine_resolver(self) -> str:
        """The machine's resolver file."""
        return self._filesystem.read_machine_file("/etc/resolv.conf")

    def new_message_file(self, uid: str, name: str, attempt: int) -> PurePosixPath:
        """Make the empty file that a container writes its termination message to; anybody may write to it."""
        place = _message_file(uid, name, attempt)
        self._filesystem.remove(place)
        return self._filesystem.write_file(place, b"", mode=0o666)

    def message(self, uid: str, name: str, attempt: int) -> str:
        """The end of what a container has written there; empty when there is nothing."""
        place = _message_file(uid, name, attempt)
        try:
            return self._filesystem.read_tail(place, MESSAGE_LIMIT).decode(errors="replace")
        except VolumeError as error:  # it was writable for anybody, who may have made it unreadable
            return f"Error on reading termination log: {error}"

    def remove_message_file(self, uid: str, name: str, attempt: int) -> None:
        """Remove the message file of a container that has been removed. If it cannot be, it goes with the Pod."""
        with contextlib.suppress(VolumeError):
            self._filesystem.remove(str(PurePosixPath(_message_file(uid, name, attempt)).parent))

    def remove(self, uid: str) -> None:
        """Remove all files of a Pod. One that has none is no error.

        Raises:
            VolumeError: some cannot be removed.
        """
        self._filesystem.remove(uid)

    def uids(self) -> list[str]:
        """The uids of all Pods that have files here."""
        return self._filesystem.pods()


def _message_file(uid: str, name: str, attempt: int) -> str:
    return f"{uid}/containers/{name}/{attempt}/termination-log"
