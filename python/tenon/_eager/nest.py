"""Structures: nested tuples, lists and dicts, whose leaves are anything else."""


def _is_named(value):
    return isinstance(value, tuple) and hasattr(value, "_fields")


def is_nested(structure):
    """Whether it is a tuple, list or dict."""
    kind = type(structure)
    if kind is tuple or kind is dict or kind is list:
        return True
    return isinstance(structure, (tuple, list, dict)) and not _is_leaf_tuple(structure)


def _is_leaf_tuple(value):
    from .shapes import Size

    return isinstance(value, Size)


def _parts(structure):
    if isinstance(structure, dict):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def flatten(structure, expand_composites=False):
    """The leaves as a list; of dicts in the order of their sorted keys."""
    if not is_nested(structure):
        return [structure]
    return [leaf for part in _parts(structure) for leaf in flatten(part)]


def _like(structure, parts):
    """A structure of the same kind with other parts."""
    if isinstance(structure, dict):
        by_key = dict(zip(sorted(structure), parts))
        made = {key: by_key[key] for key in structure}
        return made if type(structure) is dict else type(structure)(made)
    if _is_named(structure):
        return type(structure)(*parts)
    return list(parts) if isinstance(structure, list) else tuple(parts)


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """The leaves in the place of the structure's."""
    leaves = list(flat_sequence)
    wanted = len(flatten(structure))
    if wanted != len(leaves):
        raise ValueError(f"Could not pack sequence. Structure had {wanted} atoms, but "
                         f"flat_sequence had {len(leaves)} items. Structure: {structure}, "
                         f"flat_sequence: {flat_sequence}.")
    remaining = iter(leaves)

    def packed(part):
        if not is_nested(part):
            return next(remaining)
        return _like(part, [packed(one) for one in _parts(part)])

    return packed(structure)


def map_structure(func, *structure, **kwargs):
    """func of the leaves at each place, in the same structure."""
    if not structure:
        raise ValueError("map_structure() needs a structure")
    unknown = set(kwargs) - {"check_types", "expand_composites"}
    if unknown:
        raise ValueError(f"map_structure() has no argument {min(unknown)!r}")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, kwargs.get("check_types", True))
    return _mapped(func, structure)


def _mapped(func, structures):
    first = structures[0]
    if not is_nested(first):
        return func(*structures)
    parts = zip(*(_parts(structure) for structure in structures))
    return _like(first, [_mapped(func, part) for part in parts])


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    """Raises where the two differ in more than their leaves."""
    def fail(error):
        raise error(f"The two structures don't have the same nested structure.\n\nFirst structure: "
                    f"{nest1}\n\nSecond structure: {nest2}")

    if is_nested(nest1) != is_nested(nest2):
        fail(ValueError)
    if not is_nested(nest1):
        return
    if check_types and any(isinstance(nest1, kind) != isinstance(nest2, kind)
                           for kind in (dict, list)):
        fail(TypeError)
    if len(nest1) != len(nest2) or (isinstance(nest1, dict) and isinstance(nest2, dict) and
                                    set(nest1) != set(nest2)):
        fail(ValueError)
    for one, other in zip(_parts(nest1), _parts(nest2)):
        assert_same_structure(one, other, check_types)
