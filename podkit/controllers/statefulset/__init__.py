"""StatefulSets: Pods with an identity."""
