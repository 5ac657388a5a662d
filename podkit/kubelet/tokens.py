"""Service account tokens: what a projected volume gives a container to say who it is (`pkg/kubelet/token`).

A token is a JSON Web Token with the claims that an API server would give it, signed by the node's own key. That is made anew by
each kubelet and is told to nobody: a token cannot be guessed, and since there is no API server, nobody checks one. It is renewed
when four fifths of its time are over, and once a day at the latest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from podkit.loop.clock import Clock
from podkit.model import Pod, ServiceAccountTokenProjection

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who issues tokens, and whom they are for if nobody says otherwise."""
DEFAULT_SECONDS = 3600
LONGEST = timedelta(hours=24)
"""How old a token may get before it is renewed (`maxTTL`)."""
_SPENT = 0.8


@frozen
class _Token:
    content: bytes
    renew_at: datetime


class TokenIssuer:
    """Issues the tokens of the Pods of one node.

    Args:
        node_name: the name of the node.
        clock: what time it is.
    """

    def __init__(self, node_name: str, clock: Clock) -> None:
        self._node_name = node_name
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._tokens: dict[str, dict[tuple[str, int], _Token]] = {}
        self._lock = threading.Lock()

    def token(self, pod: Pod, source: ServiceAccountTokenProjection) -> bytes:
        """The token of a Pod for an audience: the same one until it is time to renew it."""
        now = self._clock.now()
        key = (source.audience or ISSUER, source.expiration_seconds or DEFAULT_SECONDS)
        with self._lock:
            known = self._tokens.setdefault(pod.metadata.uid or "", {})
            if key not in known or now >= known[key].renew_at:
                known[key] = self._issue(pod, *key, now)
            return known[key].content

    def renew_at(self, uid: str) -> datetime | None:
        """When the first of a Pod's tokens is to be renewed; None: it has none."""
        with self._lock:
            return min((token.renew_at for token in self._tokens.get(uid, {}).values()), default=None)

    def forget(self, uid: str) -> None:
        """Forget a Pod that has gone."""
        with self._lock:
            self._tokens.pop(uid, None)

    def _issue(self, pod: Pod, audience: str, seconds: int, now: datetime) -> _Token:
        meta, account = pod.metadata, pod.spec.service_account_name or "default"
        issued = int(now.timestamp())
        claims = {
            "aud": [audience],
            "exp": issued + seconds,
            "iat": issued,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {
                "namespace": meta.namespace,
                "node": {"name": self._node_name},
                "pod": {"name": meta.name, "uid": meta.uid},
                "serviceaccount": {"name": account},
            },
            "nbf": issued,
            "sub": f"system:serviceaccount:{meta.namespace}:{account}",
        }
        signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = hmac.digest(self._key, signed.encode(), hashlib.sha256)
        life = min(timedelta(seconds=seconds * _SPENT), LONGEST)
        return _Token(f"{signed}.{_text(signature)}".encode(), now + life)


def _part(content: dict[str, Any]) -> str:
    return _text(json.dumps(content, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
