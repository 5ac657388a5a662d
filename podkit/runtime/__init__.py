"""What runs containers: the interface, Podman behind it, and a simulation."""
