"""What every control loop shares: clock, back-off, work queue, informer, and the loop itself.

Nothing here knows a store or a container engine.
"""
