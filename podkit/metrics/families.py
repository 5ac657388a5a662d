"""Gathers samples into the families that Prometheus wants: one for each name, whichever clusters and parts contribute to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from podkit.loop.measures import BOUNDS, Distribution

Labels = Mapping[str, str | None]


class Families:
    """The families of one scrape."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}
        self._common: dict[str, str] = {}

    def begin(self, common: Mapping[str, str]) -> None:
        """Give all samples that follow these labels."""
        self._common = dict(common)

    def gauge(self, name: str, meaning: str, value: float, /, **labels: str | None) -> None:
        """Add a value that goes up and down."""
        family = self._families.get(name) or GaugeMetricFamily(name, meaning, labels=self._names(labels))
        assert isinstance(family, GaugeMetricFamily)
        family.add_metric(self._values(labels), value)
        self._families[name] = family

    def counter(self, name: str, meaning: str, value: float, /, **labels: str | None) -> None:
        """Add a value that only goes up; its name ends in ``_total``."""
        family = self._families.get(name) or CounterMetricFamily(name, meaning, labels=self._names(labels))
        assert isinstance(family, CounterMetricFamily)
        family.add_metric(self._values(labels), value)
        self._families[name] = family

    def histogram(self, name: str, meaning: str, value: Distribution, /, **labels: str | None) -> None:
        """Add durations, in seconds."""
        family = self._families.get(name) or HistogramMetricFamily(name, meaning, labels=self._names(labels))
        assert isinstance(family, HistogramMetricFamily)
        bounds = [*map(str, BOUNDS), "+Inf"]
        classes = list(zip(bounds, map(float, itertools.accumulate(value.counts)), strict=True))
        family.add_metric(self._values(labels), classes, value.total)
        self._families[name] = family

    def __iter__(self) -> Iterator[Metric]:
        """What there is."""
        return iter(self._families.values())

    def _names(self, labels: Labels) -> list[str]:
        return [*self._common, *labels]

    def _values(self, labels: Labels) -> list[str]:
        return [*self._common.values(), *(value or "" for value in labels.values())]
