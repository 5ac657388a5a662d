"""The cluster: what wires all the rest together and carries the user's verbs."""
