"""Clean but noisy: types, classes and functions that are made in the test."""
# ruff: noqa: PYI024, RUF012 - classes are made in every way that users make them

from __future__ import annotations

import abc
import collections
import dataclasses
import enum
import functools
import gc
import typing
import weakref

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)

Kind = typing.TypeVar("Kind")


def test_dataclass():
    """A dataclass made in the test."""

    @dataclasses.dataclass
    class Point:
        x: int
        y: int = 0

    assert Point(1) == Point(1, 0)


def test_dataclass_frozen_slots():
    """A frozen dataclass with slots, replaced and taken apart."""

    @dataclasses.dataclass(frozen=True, slots=True, order=True)
    class Point:
        x: int
        y: list = dataclasses.field(default_factory=list)

    assert dataclasses.asdict(dataclasses.replace(Point(1), x=2)) == {"x": 2, "y": []}


def test_make_dataclass():
    """A dataclass by function."""
    made = dataclasses.make_dataclass("Made", [("a", int), ("b", str, "x")])
    assert made(1).b == "x"


def test_enum():
    """An enum made in the test."""

    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    assert Color(1) is Color.RED


def test_flag():
    """A flag with combined members."""

    class Mode(enum.Flag):
        READ = enum.auto()
        WRITE = enum.auto()
        RUN = enum.auto()

    assert len({Mode(number) for number in range(8)}) == 8


def test_enum_functional():
    """An enum by function."""
    names = enum.IntEnum("Names", [f"N{number}" for number in range(50)])
    assert names.N49.value == 50


def test_namedtuple():
    """A named tuple made in the test."""
    pair = collections.namedtuple("pair", "left right")
    assert pair(1, 2)._replace(left=3) == (3, 2)


def test_typed_namedtuple():
    """A typed named tuple made in the test."""

    class Pair(typing.NamedTuple):
        left: int
        right: str = "r"

    assert Pair(1).right == "r"


def test_typed_dict():
    """A typed dictionary made in the test."""

    class Movie(typing.TypedDict, total=False):
        name: str

    assert Movie(name="x") == {"name": "x"}


def test_protocol():
    """A protocol checked at run time."""

    @typing.runtime_checkable
    class Closer(typing.Protocol):
        def close(self) -> None: ...

    class Door:
        def close(self):
            pass

    assert isinstance(Door(), Closer)


def test_abstract_class():
    """An abstract class and its implementation."""

    class Base(abc.ABC):
        @abc.abstractmethod
        def run(self): ...

    class Concrete(Base):
        def run(self):
            return 1

    assert Concrete().run() == 1
    with pytest.raises(TypeError):
        Base()


def test_abstract_virtual_subclass():
    """A virtual subclass by registration."""

    class Base(abc.ABC):  # noqa: B024
        pass

    class Other:
        pass

    Base.register(Other)
    assert isinstance(Other(), Base)


def test_generic_class():
    """A generic class made in the test."""

    class Box(typing.Generic[Kind]):
        def __init__(self, value: Kind) -> None:
            self.value = value

    assert Box(1).value == 1


def test_builtin_generics():
    """Generic aliases of builtins over a local class."""

    class Local:
        pass

    assert typing.get_origin(dict[str, list[Local]]) is dict


def test_type_hints():
    """Annotations are resolved."""

    def function(value: int, *names: str) -> dict[str, int]: ...

    assert typing.get_type_hints(function)["value"] is int


def test_class_body():
    """A class with much in its body."""

    class Large:
        table = [number * 2 for number in range(1000)]
        locals().update({f"attribute_{number}": number for number in range(100)})

    assert Large.table[1] == 2


def test_many_classes():
    """Two hundred classes by type()."""
    made = [type(f"Made{number}", (), {"number": number}) for number in range(200)]
    assert made[199]().number == 199


def test_subclasses_of_global():
    """A global base class has subclasses for a while."""

    class Sub(collections.OrderedDict):
        pass

    assert Sub in collections.OrderedDict.__subclasses__()


def test_metaclass():
    """A metaclass with a hook."""

    class Meta(type):
        def __new__(cls, name, bases, body):
            return super().__new__(cls, name, bases, body | {"made_by": cls})

    class Made(metaclass=Meta):
        pass

    assert Made.made_by is Meta


def test_init_subclass():
    """Subclasses registered in their own base."""

    class Base:
        known = []

        def __init_subclass__(cls):
            Base.known.append(cls)

    class One(Base):
        pass

    assert Base.known == [One]


def test_slots_and_descriptors():
    """Slots, properties and descriptors."""

    class Celsius:
        __slots__ = ("_degrees",)

        def __init__(self, degrees):
            self._degrees = degrees

        @property
        def degrees(self):
            return self._degrees

    assert [Celsius(number).degrees for number in range(100)][99] == 99


def test_closures():
    """Closures over a large local."""
    ballast = list(range(10_000))

    def outer(number):
        def inner():
            return ballast[number]

        return inner

    assert sum(outer(number)() for number in range(100)) == 4950


def test_recursive_closure():
    """A function that refers to itself: a cycle."""

    def factorial(number):
        return number * factorial(number - 1) if number else 1

    assert factorial(20) == 2432902008176640000


def test_partial_and_wraps():
    """Partial functions and decorators."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    assert decorate(functools.partial(max, 1))(2) == 2


def test_cycles():
    """Ten thousand objects in one ring."""

    class Node:
        pass

    first = last = Node()
    for _ in range(10_000):
        last.next = Node()
        last = last.next
    last.next = first


def test_cycles_with_finalizers():
    """Rings whose members have finalizers."""
    closed = []

    class Node:
        def __del__(self):
            closed.append(1)

    for _ in range(100):
        one, two = Node(), Node()
        one.other, two.other = two, one
    del one, two
    gc.collect()
    assert len(closed) == 200


def test_weak_callbacks():
    """Weak references with callbacks."""

    class Node:
        pass

    gone = []
    nodes = [Node() for _ in range(100)]
    watchers = [weakref.ref(node, gone.append) for node in nodes]
    nodes.clear()
    del watchers
    gc.collect()


def test_finalize():
    """A finalizer that has run."""

    class Node:
        pass

    node, log = Node(), []
    weakref.finalize(node, log.append, 1)
    del node
    gc.collect()
    assert log == [1]


def test_generators():
    """Generators left in the middle."""
    streams = [iter(number for number in range(1000)) for _ in range(100)]
    assert [next(stream) for stream in streams] == [0] * 100


def test_context_managers():
    """Context managers of contextlib."""
    import contextlib

    @contextlib.contextmanager
    def opened(log):
        log.append("in")
        yield
        log.append("out")

    log = []
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(opened(log))
    assert len(log) == 100


def test_exec_and_compile():
    """Code compiled in the test."""
    space = {}
    exec(compile("def f(x):\n    return x + 1\n", "<made>", "exec"), space)
    assert space["f"](1) == 2


def test_eval_many():
    """Five hundred expressions."""
    assert sum(eval(f"{number} + 1") for number in range(500)) == 125250


def test_ast():
    """A tree parsed, walked, changed and printed."""
    import ast

    tree = ast.parse("\n".join(f"x{number} = {number}" for number in range(200)))
    assert len(list(ast.walk(tree))) > 600
    assert ast.unparse(tree).startswith("x0 = 0")


def test_inspect():
    """Signatures, source and members."""
    import inspect
    import json

    assert "skipkeys" in inspect.signature(json.dumps).parameters
    assert inspect.getsource(json.dumps)
    assert inspect.getmembers(json)
    assert inspect.stack()


def test_dis():
    """Bytecode of a function, disassembled."""
    import dis
    import json

    assert list(dis.get_instructions(json.dumps))


def test_monkeypatched_module(monkeypatch):
    """Functions of a module replaced for the test."""
    import json

    monkeypatch.setattr(json, "dumps", lambda value: "patched")
    monkeypatch.setattr(json, "brand_new", [1] * 1000, raising=False)
    assert json.dumps(1) == "patched"


def test_monkeypatched_environment(monkeypatch, tmp_path):
    """Environment, directory and dictionaries replaced for the test."""
    import os

    monkeypatch.setenv("CLEAN_VALUE", "v" * 1000)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.__dict__, "clean_item", 1)
    assert os.environ["CLEAN_VALUE"]


def test_monkeypatched_class(monkeypatch):
    """A method of a class of the standard library replaced: its type's caches are dropped."""
    monkeypatch.setattr(collections.Counter, "most_common", lambda self: [])
    assert collections.Counter("aab").most_common() == []


def test_mock():
    """A mock with calls and children."""
    from unittest import mock

    thing = mock.MagicMock()
    for number in range(50):
        thing.method(number).other[number].final()
    assert thing.method.call_count == 50


def test_mock_patch():
    """A patch as context manager, with a specification."""
    import json
    from unittest import mock

    with mock.patch("json.loads", autospec=True, return_value=1) as loads:
        assert json.loads("2") == 1
    loads.assert_called_once()


def test_mock_create_autospec():
    """A mock made after a class."""
    from unittest import mock

    made = mock.create_autospec(collections.OrderedDict, instance=True)
    made.popitem.return_value = (1, 2)
    assert made.popitem() == (1, 2)
