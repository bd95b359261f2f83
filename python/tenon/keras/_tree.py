"""Structures: lists, tuples and dicts, in each other, of anything else."""


def flatten(structure):
    """The values of a structure in order; dicts by their sorted keys."""
    if isinstance(structure, (list, tuple)):
        return [value for item in structure for value in flatten(item)]
    if isinstance(structure, dict):
        return [value for key in sorted(structure) for value in flatten(structure[key])]
    return [structure]


def map_structure(function, structure, *others):
    """The same structure of `function` of its values; of those of several structures of one form
    where there are others."""
    if isinstance(structure, dict):
        return {key: map_structure(function, value, *(other[key] for other in others))
                for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        made = [map_structure(function, *items) for items in zip(structure, *others)]
        if hasattr(structure, "_fields"):
            return type(structure)(*made)
        return made if isinstance(structure, list) else tuple(made)
    return function(structure, *others)


def pack_as(structure, values):
    """The structure with these values in the order of `flatten`."""
    values = iter(values)

    def pack(item):
        if isinstance(item, dict):
            packed = {key: pack(item[key]) for key in sorted(item)}
            return {key: packed[key] for key in item}
        if isinstance(item, (list, tuple)):
            made = [pack(one) for one in item]
            return made if isinstance(item, list) else tuple(made)
        return next(values)

    return pack(structure)


def is_shape(value):
    """Whether this is one shape, not a structure of shapes."""
    return isinstance(value, (tuple, list)) and all(
        size is None or isinstance(size, int) for size in value)


def map_shapes(function, structure):
    """The structure of `function` of each shape in it."""
    if is_shape(structure):
        return function(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shapes(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        made = [map_shapes(function, value) for value in structure]
        return made if isinstance(structure, list) else tuple(made)
    return structure
