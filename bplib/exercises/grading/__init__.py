"""Grading a folder of notebooks: the command, the processes it starts, and what they say to each other."""
