"""The admission plugins that have a say in Pods, one module each, under the names that they have in Kubernetes.

A plugin fills in, or refuses, what depends on other objects: a Pod names its priority class, its runtime class, its service
account. What there is of those it asks `Known`; so it is a function of objects like the rest of admission.
"""

from podkit.admission.plugins.known import NOTHING, Known
from podkit.admission.plugins.pod import admit_pod, admit_pod_update

__all__ = ["NOTHING", "Known", "admit_pod", "admit_pod_update"]
