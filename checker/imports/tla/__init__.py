"""A subset of TLA⁺ read into planrace code: ``reader.read_specification`` is the entry.

The pipeline: ``parsing`` (text to syntax), ``modules`` (names of a specification and of its ``.cfg``), ``evaluation``
and the modules beside it (expressions to terms, with the types of variables found on the way), ``steps``, ``starts``
and ``temporal`` (actions, initial states, properties), ``writing`` (the text of a protocol).
"""
