"""Changed copies of the package's values, whether they are named tuples or dataclasses."""

import dataclasses


def replace(value, **changes):
    """A copy of ``value`` with ``changes``, as ``copy.replace`` does from Python 3.13 on."""
    return value._replace(**changes) if isinstance(value, tuple) else dataclasses.replace(value, **changes)


def names_of(kind):
    """The names of the fields of ``kind``."""
    return kind._fields if issubclass(kind, tuple) else tuple(each.name for each in dataclasses.fields(kind))
