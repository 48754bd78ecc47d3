"""Widgets that show what they are given and know nothing of AWS; each can be used alone."""
