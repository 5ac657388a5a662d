"""A cluster as a picture: its nodes, and what runs on them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from podkit.cluster.cluster import Cluster
from podkit.cluster.columns import COLUMNS, tables
from podkit.cluster.pod_columns import summarize
from podkit.display.markup import Markup, escape, joined, tag
from podkit.display.tables import table
from podkit.display.tones import pill, tone_of
from podkit.model.node import Node
from podkit.model.pod import Pod


def cluster_picture(cluster: Cluster) -> Markup:
    """The nodes with the number of their Pods, what the Pods are doing, and how many objects there are of other kinds."""
    pods, nodes = cluster.list(Pod), cluster.list(Node)
    now = cluster.now
    on = Counter(pod.spec.node_name for pod in pods)
    head = [*COLUMNS["Node"][0], "Pods"]
    lines: list[Any] = [[*line, str(on[line[0]])] for one in tables(nodes, now) for line in one.lines]
    states = Counter(summarize(pod).status for pod in pods)
    pills = [pill(f"{number} {status}", tone_of(status)) for status, number in states.most_common()]
    body = [table(head, lines), tag("div", "Pods", class_="pk-title"), tag("div", *(pills or [escape("none")]))]
    name = tag("span", "Cluster", class_="pk-name")
    kinds = ", ".join(f"{len(found)} {plural}" for plural in _SHOWN if (found := cluster.list(plural)))
    facts = tag("span", kinds, class_="pk-facts")
    return tag(
        "div", tag("div", name, facts, class_="pk-head"), tag("div", joined(body), class_="pk-body"), class_="pk-card"
    )


_SHOWN = ("deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "services")
