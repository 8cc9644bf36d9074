"""Who keeps an object alive: the shortest way to it from where everything hangs, in names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain as joined
from typing import Final, NamedTuple, TypeAlias

from ..meters.naming import type_name
from ..meters.originals import gc
from .edges import EdgeNamer
from .reach import Reach
from .roots import Root, RootKind, home_entries, hub_ids, loader_roots, module_roots, running_roots
from .route import Route, RouteWriter
from .strays import stray_chains

_Way: TypeAlias = "tuple[Root, list[object]]"

_UNSEEN: Final = "held outside Python (C code, or a reference count that is one too high)"


class Holder(NamedTuple):
    """What keeps an object alive; names only, so it keeps nothing alive itself.

    Attributes:
        path: for people: ``app.cache._BY_ID['user'].items[3]``.
        normal: the same for every key and index: ``app.cache._BY_ID[*].items[*]``.
        type: the full name of the type of the object.
        owner: the nearest thing on the path that source code has a name for: ``app.cache._BY_ID``.
        root: what kind of thing that is.
        bound: the most elements that a container near the end of the path can hold; ``None`` where nothing bounds it.
    """

    path: str
    normal: str
    type: str
    owner: str
    root: RootKind
    bound: int | None


def find_holders(targets: Sequence[object], *, ignore: Collection[int] = ()) -> dict[int, Holder]:
    """What keeps each of ``targets`` alive, by the identity of the target.

    Looked at in this order, the shortest way each time: modules; then threads, the current context, the running
    event loop and local variables of running functions; then what loaded the modules; then, backwards, whatever refers
    to the target. No code of the objects on the way is run. The search costs about as much as a full collection.

    Args:
        targets: the objects. The sequence itself is never named.
        ignore: identities of objects that no path leads through, such as a list that the caller keeps them in.
    """
    was_enabled = gc.isenabled()
    gc.disable()  # the lists made below would trigger collections that find nothing
    try:
        return _find({id(one): one for one in targets}, {*ignore, id(targets)})
    finally:
        if was_enabled:
            gc.enable()


def _find(objects: dict[int, object], blocked: set[int]) -> dict[int, Holder]:
    missing = set(objects)
    modules = module_roots()
    loaders = loader_roots(modules)
    passed_by = {id(root.entry) for root in loaders} - blocked
    seen = (blocked | hub_ids() | {id(objects)} | passed_by) - missing
    only_tracked = all(map(gc.is_tracked, objects.values()))
    ways: dict[int, _Way] = {}
    if missing:
        ways |= _search(modules, missing, seen, only_tracked=only_tracked)
    if missing:
        ways |= _search(running_roots(), missing, seen, only_tracked=only_tracked)
    if missing:
        seen -= passed_by
        ways |= _search(loaders, missing, seen, only_tracked=only_tracked)
    if missing:
        chains = stray_chains({number: objects[number] for number in missing}, seen)
        ways |= {number: (_stray_root(chain), chain) for number, chain in chains.items()}
    writer = RouteWriter(EdgeNamer(set(map(id, joined.from_iterable(chain for _, chain in ways.values())))))
    return {number: _holder(writer.write(chain, root), chain[-1]) for number, (root, chain) in ways.items()}


def _search(roots: list[Root], missing: set[int], seen: set[int], *, only_tracked: bool) -> dict[int, _Way]:
    reach = Reach([root.entry for root in roots], seen, only_tracked=only_tracked)
    reach.look_for(missing)
    by_entry = {id(root.entry): root for root in reversed(roots)}
    chains = reach.chains(lambda wanted: home_entries(roots, wanted))
    # a chain that begins elsewhere was cut while it was followed, by another thread
    return {number: (by_entry.get(id(chain[0])) or _stray_root(chain), chain) for number, chain in chains.items()}


def _holder(route: Route, target: object) -> Holder:
    return Holder(route.path, route.normal, type_name(type(target)), route.owner, route.kind, route.bound_count)


def _stray_root(chain: list[object]) -> Root:
    label = f"<{type_name(type(chain[0]))}>" if len(chain) > 1 else _UNSEEN
    return Root(RootKind.OUTSIDE, chain[0], label, label)
