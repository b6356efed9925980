"""Random systems, judged by an oracle that shares no code with planrace.

A system is drawn as a *description*: plain data that says what the protocol means (``description.py``, drawn by
``draw.py``). Two things are made of it. ``write.py`` writes it as a file in the public language, as an author would;
``plain.py`` writes it as plain Python functions over tuples and frozensets, which ``truth.py`` searches by itself.
``judge.py`` asks every engine and every form about the former and compares their answers with the latter.

``python -m tests.random_systems SEED`` shows one system and what is wrong with it, made smaller (``shrink.py``).
"""
