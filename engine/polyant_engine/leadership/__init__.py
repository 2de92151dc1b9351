"""Who of the replicas is the leader, and how an old leader is kept from writing.

Belongs here: the election, the fence, the type through which every leader-only write goes, and the
hooks with which features start and stop what only the leader does. What the leader does is theirs.
"""
