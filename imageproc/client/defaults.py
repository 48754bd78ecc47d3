"""The targets' names, and the stack that is meant where none is named."""

LOCAL = "local"
AWS = "aws"
DEFAULT_STACK = "imageproc"
