"""The door: one object that wires the rest and carries the user's verbs."""
