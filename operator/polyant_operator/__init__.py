"""The operator: turns a PolyantInstance into running workloads and keeps it so."""
