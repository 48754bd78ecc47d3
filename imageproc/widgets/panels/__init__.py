"""Panels: widgets that work with a `Workbench`. Each can be used alone in anyone's notebook."""
