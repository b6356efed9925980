"""The modelling language, building blocks for protocols (patterns), and the DNS protocol."""

if __name__ == "model":  # a second copy would have terms and errors of its own
    raise ImportError(
        "'model' is a package of planrace, and it is imported as planrace.model: "
        "write `from planrace import …` for the language, the properties and the checker, "
        "and `from planrace.model import …` for everything else",
        name="model",
    )
