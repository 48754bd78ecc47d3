"""What notebooks, the command line and scripts talk to.

`Workbench` (workbench.py) is the one door: a target (target.py), a stack in it (stack.py), and a resource for
each kind of thing: albums, photos/, uploads/, executions/, bulk, logs, dead_letters, metrics, privacy, costs.
Nothing here prints or draws; what takes its time yields typed events and takes a `Cancellation`.
"""
