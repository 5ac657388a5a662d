"""The rules by which addresses lead elsewhere."""

from __future__ import annotations

from podkit.runtime.base import Forward
from podkit.runtime.podman.translation import iptables, nftables

FORWARDS = (
    Forward("TCP", "10.96.1.1", 80, (("10.89.0.2", 8080), ("10.89.0.3", 8080))),
    Forward("UDP", "10.96.1.2", 53),
)


def test_rules_for_nft() -> None:
    assert nftables(FORWARDS).splitlines() == [
        "table ip podkit",
        "delete table ip podkit",
        "table ip podkit {",
        "  chain translate {",
        "    type nat hook output priority -100;",
        "    ip daddr 10.96.1.1 tcp dport 80 numgen random mod 2 0 dnat to 10.89.0.2:8080",
        "    ip daddr 10.96.1.1 tcp dport 80 dnat to 10.89.0.3:8080",
        "  }",
        "  chain refuse {",
        "    type filter hook output priority 0;",
        "    ip daddr 10.96.1.2 udp dport 53 reject",
        "  }",
        "}",
    ]


def test_rules_for_iptables() -> None:
    web = "-A PODKIT -d 10.96.1.1/32 -p tcp --dport 80"
    assert iptables(FORWARDS, first=True).splitlines() == [
        "*nat",
        ":PODKIT - [0:0]",
        "-A OUTPUT -j PODKIT",
        f"{web} -m statistic --mode random --probability 0.5000000000 -j DNAT --to-destination 10.89.0.2:8080",
        f"{web} -j DNAT --to-destination 10.89.0.3:8080",
        "COMMIT",
        "*filter",
        ":PODKIT - [0:0]",
        "-A OUTPUT -j PODKIT",
        "-A PODKIT -d 10.96.1.2/32 -p udp --dport 53 -j REJECT",
        "COMMIT",
    ]


def test_what_leads_to_the_rules_of_iptables_is_added_once() -> None:
    assert "OUTPUT" not in iptables(FORWARDS, first=False)
