"""The functional core that judges: what is true about an instance, and what follows.

Belongs here: the snapshot of the world, checks of it named as facts, the policy of migration tries,
the status that results. Pure: no I/O, no clock, no chance.
Does not belong here: reading the world (kube), what should exist (desired), acting (reconcile).
"""
