"""Image recognition and processing on AWS, driven from Jupyter."""

__version__ = "0.1.0"
