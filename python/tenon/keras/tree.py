"""keras.tree: structures, which are lists, tuples and dicts, in each other, of anything else."""

from ._tree import flatten, map_structure as _map  # noqa: F401
from ._tree import pack_as as pack_sequence_as  # noqa: F401


def is_nested(structure):
    """Whether this is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def _form(structure):
    if isinstance(structure, dict):
        return "dict", tuple((key, _form(structure[key])) for key in sorted(structure))
    if isinstance(structure, (list, tuple)):
        return type(structure).__name__, tuple(map(_form, structure))
    return None


def assert_same_structure(a, b, check_types=None):
    """Raises where two structures have different forms."""
    if _form(a) != _form(b):
        raise ValueError(f"`a` and `b` don't have the same structure. Received: structure of a="
                         f"{a!r}, structure of b={b!r}")


def map_structure(func, *structures, none_is_leaf=True):
    """The structure of `func` of the values, which come from several of one form."""
    if not structures:
        raise ValueError("Must provide at least one structure")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    if none_is_leaf:
        return _map(func, *structures)
    return _map(lambda first, *rest: None if first is None else func(first, *rest), *structures)


def map_structure_up_to(shallow_structure, func, *structures):
    """As `map_structure`, of what stands in the places of `shallow_structure`."""
    return _map(lambda _, *parts: func(*parts), shallow_structure, *structures)


def flatten_with_path(structure):
    """(path, value) of each value: keys and numbers on the way to it."""
    if isinstance(structure, dict):
        items = [(key, structure[key]) for key in sorted(structure)]
    elif isinstance(structure, (list, tuple)):
        items = list(enumerate(structure))
    else:
        return [((), structure)]
    return [((key, *path), value) for key, part in items for path, value in flatten_with_path(part)]


def lists_to_tuples(structure):
    """With tuples in the place of lists."""
    if isinstance(structure, dict):
        return {key: lists_to_tuples(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return tuple(map(lists_to_tuples, structure))
    return structure


def map_shape_structure(func, structure):
    """The structure of `func` of each shape in it."""
    from ._tree import map_shapes

    return map_shapes(func, structure)


def traverse(func, structure, top_down=True):
    """`func` of each structure and value, from the outermost (or innermost) on: what it gives takes
    the place; with None a structure is gone into, with MAP_TO_NONE it becomes None."""
    if top_down:
        found = func(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
    if isinstance(structure, dict):
        structure = {key: traverse(func, value, top_down) for key, value in structure.items()}
    elif isinstance(structure, (list, tuple)):
        structure = type(structure)(traverse(func, value, top_down) for value in structure)
    if top_down:
        return structure
    found = func(structure)
    return structure if found is None else None if found is MAP_TO_NONE else found


class MAP_TO_NONE:
    """What a function for `traverse` gives for None."""
