"""The first door: the commands. main.py puts them together; each of the others holds a few that belong together."""
