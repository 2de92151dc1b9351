"""One pass over one instance: named steps, run by one loop, ending in a written status.

Belongs here: the order of steps and what each does with what was read, built and judged.
Does not belong here: HTTP (kube), manifests (desired), judgement (verdicts), when to run (handlers).
"""
