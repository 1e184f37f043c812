"""The pages and the API: each route reads what was asked, calls the rooms below, and answers.

No GET or HEAD changes anything. Pages work without scripts, and ask nobody else for anything.
"""
