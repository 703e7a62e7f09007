"""Commands against a server, over the SDK alone: who one is there, jobs, files, people. They need no server part here.

The main road: `commands.py` declares them; `session.py` finds the server and who asks; `follow.py` shows a job.
"""
