"""The engine: hosts agents, answers turns, owns the database."""
