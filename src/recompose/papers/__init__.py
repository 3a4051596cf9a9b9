"""One package per paper: the method as the paper writes it, its baselines, experiments and figures.

A paper's package never imports another paper's; what two papers need moves down to the shared rooms.
"""
