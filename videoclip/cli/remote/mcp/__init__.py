"""`videoclip mcp`: the server's operations for agents, by the Model Context Protocol on standard input and output.

`records.py` says what tools tell, `tools.py` does them by the SDK, `server.py` declares and runs them.
"""
