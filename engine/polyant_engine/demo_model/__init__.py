"""A model that follows a script: an OpenAI-compatible server driven by a rules file.

It is the default model of the demonstration, the double of every provider in the tests and the
load target of the benchmark. Here belong its rules, its wire format and its server.
Nothing of the engine itself does: the engine reaches this server over HTTP like any other model.
"""
