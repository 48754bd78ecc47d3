"""Photos, values and errors put into words and pictures. Pure: no AWS, and nothing of the terminal.

Of Jupyter there is only how its cells show errors (`problems.py`).
"""
