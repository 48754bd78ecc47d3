"""The web app: what a visitor sees, page by page, and the address that leads there."""
