"""The controllers of ReplicaSets and ReplicationControllers, and the decisions that they carry out."""
