"""The MCP server, ``check mcp``: the calls of ``checker/api`` as tools for agents. It needs ``planrace[mcp]``.

``server`` speaks the protocol, ``inputs`` and ``outputs`` are the schemas, ``tools`` the table of tools. Each call runs
in a process of its own (``process``, ``worker``, ``calls``), which a time limit or a cancellation can end whatever it
does, and which sees the model file as it is now.
"""
