"""When a node is short of something: signals, the thresholds that are set for them, and what both amount to over time.

A *signal* is how much of something the node has left. A threshold is met when that is less than it says. A hard one makes the
node evict Pods at once, a soft one after a grace period. The node has a condition as long as a threshold is met, and for some
minutes after that, so that it does not come and go with each Pod that is evicted.

Everything is pure: `assess` makes of the pressure so far, of what is observed, and of the time the pressure from now on.

Source of the rules: ``pkg/kubelet/eviction/{eviction_manager,helpers}.go``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import field, frozen

from podkit.errors import PodkitError
from podkit.model.quantity import Quantity, QuantityError

MEMORY_PRESSURE = "MemoryPressure"
DISK_PRESSURE = "DiskPressure"
PID_PRESSURE = "PIDPressure"


class Signal(enum.StrEnum):
    """What a node can be short of."""

    MEMORY = "memory.available"
    """Memory of the machine that programs can still have."""
    NODE_DISK = "nodefs.available"
    """The disk on which the node keeps the files of its Pods."""
    IMAGE_DISK = "imagefs.available"
    """The disk on which the engine keeps images, and what containers write to their own files."""
    PROCESSES = "pid.available"
    """Processes and threads that the machine can still have."""


CONDITIONS = {
    Signal.MEMORY: MEMORY_PRESSURE,
    Signal.NODE_DISK: DISK_PRESSURE,
    Signal.IMAGE_DISK: DISK_PRESSURE,
    Signal.PROCESSES: PID_PRESSURE,
}
"""The condition of a node that is short of something."""
RESOURCES = {
    Signal.MEMORY: "memory",
    Signal.NODE_DISK: "ephemeral-storage",
    Signal.IMAGE_DISK: "ephemeral-storage",
    Signal.PROCESSES: "pids",
}
"""What is got back by evicting Pods."""

OURS = MappingProxyType(
    {Signal.MEMORY.value: "100Mi", Signal.NODE_DISK.value: "100Mi", Signal.IMAGE_DISK.value: "100Mi"}
)
"""The hard thresholds by default: of memory as Kubernetes has it. Of the disk it keeps 10 and 15 % free, which few machines of
one person have; podkit lets Pods fill it, and keeps so much that the machine itself goes on."""
KUBERNETES = MappingProxyType(
    {Signal.MEMORY.value: "100Mi", Signal.NODE_DISK.value: "10%", Signal.IMAGE_DISK.value: "15%"}
)
"""The hard thresholds that a kubelet of Kubernetes has."""


@frozen
class Observation:
    """How much there is of something, and how much could be: bytes, or processes."""

    available: int
    capacity: int


@frozen
class Amount:
    """An amount, or a share of all there could be.

    Attributes:
        quantity: the amount; None: it is a share.
        share: from 0 to 1.
    """

    quantity: Quantity | None
    share: float = 0.0

    def of(self, capacity: int) -> Quantity:
        """What it comes to."""
        return self.quantity if self.quantity is not None else binary(int(capacity * self.share))


@frozen
class Threshold:
    """When to begin to evict Pods.

    Attributes:
        signal: of what.
        amount: there must be so much.
        grace: how long less is endured; None: not at all.
        reclaim: so much more must be there before there is enough again.
    """

    signal: Signal
    amount: Amount
    grace: timedelta | None = None
    reclaim: Amount = Amount(Quantity(0))

    def is_met(self, observed: Mapping[Signal, Observation], *, again: bool = False) -> bool:
        """Whether there is too little; ``again``: whether there still is, after there was."""
        found = observed.get(self.signal)
        if found is None:
            return False
        needed = self.amount.of(found.capacity).value()
        if again:
            needed += self.reclaim.of(found.capacity).value()
        return found.available < needed


@frozen
class EvictionConfig:
    """When a node evicts Pods; the fields of a kubelet's configuration.

    An amount is a quantity (``500Mi``) or a percentage (``10%``). 0% and 100% switch a threshold off.

    Attributes:
        hard: by the name of a signal, the amount below which Pods are evicted at once (``evictionHard``). An empty mapping: never.
        soft: the same, after a grace period (``evictionSoft``).
        soft_grace_period: by the name of a signal, the seconds of that (``evictionSoftGracePeriod``); each soft one needs it.
        minimum_reclaim: by the name of a signal, how much more must be there before there is enough (``evictionMinimumReclaim``).
        max_pod_grace_period: seconds that a Pod has to end at a soft threshold, or less if it wants less
            (``evictionMaxPodGracePeriod``).
        pressure_transition_period: seconds for which a condition of the node stays (``evictionPressureTransitionPeriod``).

    Raises:
        PodkitError: there is no such signal, an amount cannot be read, or a soft threshold has no grace period.

    Example:
        As on Kubernetes::

            EvictionConfig(hard={"memory.available": "100Mi", "nodefs.available": "10%", "imagefs.available": "15%"})
    """

    hard: Mapping[str, str] = OURS
    soft: Mapping[str, str] = field(factory=dict)
    soft_grace_period: Mapping[str, float] = field(factory=dict)
    minimum_reclaim: Mapping[str, str] = field(factory=dict)
    max_pod_grace_period: float = 0.0
    pressure_transition_period: float = 300.0
    thresholds: tuple[Threshold, ...] = field(init=False, repr=False)

    @thresholds.default
    def _thresholds(self) -> tuple[Threshold, ...]:
        return (*self._read(self.hard), *self._read(self.soft, soft=True))

    def _read(self, statements: Mapping[str, str], *, soft: bool = False) -> Iterator[Threshold]:
        for name, text in statements.items():
            signal = _signal(name)
            if soft and name not in self.soft_grace_period:
                raise PodkitError(f"the soft eviction threshold {name} has no grace period: give soft_grace_period")
            grace = timedelta(seconds=self.soft_grace_period[name]) if soft else None
            if text not in ("0%", "100%"):
                yield Threshold(signal, _amount(name, text), grace, _amount(name, self.minimum_reclaim.get(name, "0")))


@frozen
class Pressure:
    """What a node is short of.

    Attributes:
        met_since: since when each threshold is met that is met.
        seen_at: by the condition of the node, when it was seen last.
        starved: the thresholds because of which Pods are to be evicted, the most urgent first.
        conditions: the conditions that the node has.
    """

    met_since: Mapping[Threshold, datetime] = field(factory=dict)
    seen_at: Mapping[str, datetime] = field(factory=dict)
    starved: tuple[Threshold, ...] = ()
    conditions: tuple[str, ...] = ()


def assess(config: EvictionConfig, before: Pressure, observed: Mapping[Signal, Observation], now: datetime) -> Pressure:
    """The pressure on a node from now on."""
    met = [one for one in config.thresholds if one.is_met(observed, again=one in before.starved)]
    met_since = {one: before.met_since.get(one, now) for one in met}
    seen_at = {**before.seen_at, **{CONDITIONS[one.signal]: now for one in met}}
    lasts = timedelta(seconds=config.pressure_transition_period)
    seen_at = {condition: moment for condition, moment in seen_at.items() if moment == now or now - moment < lasts}
    starved = [one for one in met if one.grace is None or now - met_since[one] >= one.grace]
    starved.sort(key=lambda one: one.signal is not Signal.MEMORY)
    return Pressure(met_since, seen_at, tuple(starved), tuple(sorted(seen_at)))


def binary(amount: int) -> Quantity:
    """A quantity as bytes are written: ``91424Ki``."""
    return Quantity.of_nanos(amount * 10**9, "BinarySI")


def _signal(name: str) -> Signal:
    try:
        return Signal(name)
    except ValueError:
        known = ", ".join(Signal)
        raise PodkitError(f"there is no eviction signal {name!r}: podkit has {known}") from None


def _amount(name: str, text: str) -> Amount:
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return Amount(None, share)
        elif (quantity := Quantity(text)) >= Quantity(0):
            return Amount(quantity)
    except (ValueError, QuantityError) as error:
        raise PodkitError(f"the eviction threshold {name}: {text!r} is neither a quantity nor a percentage") from error
    raise PodkitError(f"the eviction threshold {name}: {text!r} must lie between 0% and 100%, or be an amount above 0")
