"""Conversations and the turns that answer in them.

Here belong messages and their order, the life of a turn (open, run, commit, cancel, abandon), its
lease, the assembly of the prompt, and the log of model calls. How a caller is answered does not:
`completions` and the channels watch a turn through the events it emits.
"""
