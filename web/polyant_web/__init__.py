"""The web panel: server-rendered pages over the HTTP interface of the engine."""
