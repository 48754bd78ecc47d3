"""Photos put into words and pictures for people. Pure: no AWS, and nothing of Jupyter or the terminal."""
