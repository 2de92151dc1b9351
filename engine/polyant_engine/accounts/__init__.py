"""People: who they are, how they prove it, what they did.

Here belong users and roles, passwords, sessions, sign-in limits, and the audit log (`audit.record`,
which every feature calls inside its own transaction). What a role may do is `core.permissions`;
API keys of agents are the agents' business.
"""
