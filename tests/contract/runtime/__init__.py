"""What every runtime promises; one suite for all of them. What Podman does not do, the simulation may not do either."""
