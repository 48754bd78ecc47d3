"""Adapters to AWS that the functions, the client and the deployment share: errors, items, records."""
