"""What every control loop shares: clock, back-off, work queue."""
