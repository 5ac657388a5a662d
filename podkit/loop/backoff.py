"""Waiting longer after each failure.

The rule is client-go's (`util/flowcontrol/backoff.go`): the delay doubles from an initial to a greatest value, and a key
that has not failed for a while starts over.
"""

from __future__ import annotations

from attrs import define, field, frozen


@frozen
class BackoffPolicy:
    """How the delay grows, in seconds.

    Attributes:
        initial: the first delay.
        maximum: no delay is longer.
        factor: what the delay is multiplied with each time.
        reset_after: seconds without a failure after which a key starts over; None: only `Backoff.forget` does.
    """

    initial: float
    maximum: float
    factor: float = 2.0
    reset_after: float | None = None


@define
class _Entry:
    delay: float
    since: float


@define
class Backoff:
    """The delays of many keys.

    Times are seconds on whatever clock the caller uses; it passes them in.
    """

    policy: BackoffPolicy
    _entries: dict[object, _Entry] = field(factory=dict, init=False)

    def next(self, key: object, now: float) -> float:
        """Note a failure of a key at this time, and return how many seconds to wait because of it."""
        entry = self._entries.get(key)
        if entry is None or self._expired(entry, now):
            delay = self.policy.initial
        else:
            delay = min(entry.delay * self.policy.factor, self.policy.maximum)
        self._entries[key] = _Entry(delay, now)
        return delay

    def remaining(self, key: object, now: float) -> float:
        """For how many seconds the last failure of a key still asks to wait; 0: it does not."""
        entry = self._entries.get(key)
        return max(0.0, entry.since + entry.delay - now) if entry is not None else 0.0

    def forget(self, key: object) -> None:
        """Let a key start over."""
        self._entries.pop(key, None)

    def _expired(self, entry: _Entry, now: float) -> bool:
        return self.policy.reset_after is not None and now - entry.since > self.policy.reset_after
