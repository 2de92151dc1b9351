"""How the panel shows its work: JSON logs, metrics, probes, a request id on every line.

Nothing here knows pages or the engine's interface.
"""
