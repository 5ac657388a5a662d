"""The controller of Deployments, and the decisions that it carries out.

A Deployment has one ReplicaSet for each template that it has had: the *new* one for the present template, and *old* ones. A rollout
moves Pods from the old ones to the new one, by no more than changing how many replicas each of them shall have.
"""
