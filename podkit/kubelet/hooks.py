"""Runs postStart and preStop hooks, beside the Pod's sync (`pkg/kubelet/lifecycle/handlers.go`)."""

from __future__ import annotations

from collections.abc import Callable

from podkit.kubelet.actions import Actions, Outcome, Target
from podkit.kubelet.tasks import Tasks
from podkit.loop.clock import Clock, Timer
from podkit.model import LifecycleHandler

HTTP_TIMEOUT = 86_400.0
"""Seconds that an HTTP hook waits for its answer: neither it nor a command has a time limit of its own."""
Warn = Callable[[str, str], None]
"""Tells of something odd: reason, message."""


class Hooks:
    """Runs the hooks of the containers of one node."""

    def __init__(self, actions: Actions, tasks: Tasks, clock: Clock) -> None:
        self._actions = actions
        self._tasks = tasks
        self._clock = clock
        self._sleeping: set[Timer] = set()

    def close(self) -> None:
        """Forget the hooks that sleep."""
        for timer in list(self._sleeping):
            timer.cancel()
        self._sleeping.clear()

    def start(self, handler: LifecycleHandler, target: Target, done: Callable[[str], None], warn: Warn) -> None:
        """Run a hook.

        Args:
            handler: what to do.
            target: whose hook it is.
            done: is called at its end with what went wrong, or with an empty text.
            warn: is called before that if something about its success is odd.
        """
        if handler.sleep is not None:
            self._sleep(float(handler.sleep.seconds), done)
            return

        def run() -> None:
            outcome = Outcome(False, "the hook could not be run, for a reason that the log tells")
            try:
                outcome = self._run(handler, target)
                if outcome.warning:
                    warn("LifecycleHTTPFallback", outcome.warning)
            finally:  # or its container would wait for it for ever
                done("" if outcome.success else outcome.message or "the hook failed")

        try:
            self._tasks.start(f"hook-{target.container.name}", run)
        except RuntimeError as error:
            done(f"the hook could not be run: {error}")

    def _sleep(self, seconds: float, done: Callable[[str], None]) -> None:
        if not seconds:  # a timer might run out before it is remembered
            done("")
            return

        def over() -> None:
            self._sleeping.discard(timer)
            done("")

        timer = self._clock.call_after(seconds, over)
        self._sleeping.add(timer)

    def _run(self, handler: LifecycleHandler, target: Target) -> Outcome:
        if handler.exec is not None:
            return self._actions.hook_command(target, handler.exec.command)
        if handler.http_get is not None:
            return self._actions.hook_http(target, handler.http_get, HTTP_TIMEOUT)
        return Outcome(False, "this kind of hook is not supported: use exec, httpGet or sleep")
