"""What notebooks and the command line talk to: a target, its stack, albums, photos, uploads, executions."""
