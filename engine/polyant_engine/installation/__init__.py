"""What the database says about itself: whose it is, its schema, its write key.

Here belong the installation's identity and owner, `schema_compat` and the check of a process against
it, the active key id, and the fence row's home. Secrets are the vault's, people are the accounts'.
"""
