"""Memory regression testing for Python: measure every test, fail those that break a limit, name the culprit.

Every pytest run imports this package, so it loads nothing: a public name comes from its module when it is first asked for
(`public_names`), and type checkers find them in the stub beside this file.
"""


def __getattr__(name):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - the stub has the types, and typing is not loaded
    """Load a public name from its module."""
    from .public_names import public_name

    return public_name(name)


def __dir__():  # type: ignore[no-untyped-def] # noqa: ANN202
    """The public names, loaded or not."""
    from .public_names import ALL

    return ALL
