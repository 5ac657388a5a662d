"""What becomes of each field of a Pod here: honoured, accepted with a warning that says what will not happen, or refused.

A field that is ignored in silence is worse than one that is refused. So there is one table, `podkit.kubelet.support.table.TABLE`,
that names every field of every class that a Pod consists of; a test walks the model and fails on a field that it does not name.
What becomes of a field may depend on its value, on the rest of the Pod, and on what the container engine says of itself.

Three readers share the table: the kubelet, which refuses and warns; `support`, which tells a user beforehand; and the page
``docs/support.md``, which is written from it (``python -m podkit.kubelet.support``).
"""

from podkit.kubelet.support.judge import refusal, shortcomings, support
from podkit.kubelet.support.verdict import Support, Verdict

__all__ = ["Support", "Verdict", "refusal", "shortcomings", "support"]
