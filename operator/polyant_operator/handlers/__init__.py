"""What makes the operator act: watches, the queue, the resync, the election, the process itself.

Belongs here: kopf registration of three lines each, the keyed work queue, liveness, start and stop.
Does not belong here: anything about what an instance needs; that begins in `reconcile`.
"""
