"""Nested tuples, lists and dicts, and what is in them."""

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple

__all__ = ["LeafSpec", "PyTree", "TreeSpec", "register_pytree_node", "tree_all", "tree_any",
           "tree_flatten", "tree_leaves", "tree_map", "tree_map_", "tree_map_only",
           "tree_structure", "tree_unflatten"]

PyTree = object
_registered = {}


def register_pytree_node(cls, flatten_fn, unflatten_fn, **_):
    """From here on objects of the class are nodes: flatten_fn(object) gives (parts, context), and
    unflatten_fn(parts, context) the object."""
    _registered[cls] = flatten_fn, unflatten_fn


_register_pytree_node = register_pytree_node
register_pytree_node(tuple, lambda x: (list(x), None), lambda parts, _: tuple(parts))
register_pytree_node(list, lambda x: (x, None), lambda parts, _: list(parts))
register_pytree_node(dict, lambda x: (list(x.values()), list(x)),
                     lambda parts, keys: dict(zip(keys, parts)))
register_pytree_node(OrderedDict, lambda x: (list(x.values()), list(x)),
                     lambda parts, keys: OrderedDict(zip(keys, parts)))
register_pytree_node(
    defaultdict, lambda x: (list(x.values()), [x.default_factory, list(x)]),
    lambda parts, context: defaultdict(context[0], zip(context[1], parts)))
register_pytree_node(deque, lambda x: (list(x), x.maxlen), deque)
register_pytree_node(namedtuple, lambda x: (list(x), type(x)), lambda parts, kind: kind(*parts))


def _kind_of(tree):
    """The class under which it is registered; None for leaves."""
    kind = type(tree)
    if kind in _registered:
        return kind
    is_named = isinstance(tree, tuple) and hasattr(tree, "_fields")
    return namedtuple if is_named else None


@dataclasses.dataclass(frozen=True)
class TreeSpec:
    """The form of a tree: the kind of node, its context, and the forms of its parts. Of leaves the
    kind is None."""

    type: object
    context: object
    children_specs: list

    @property
    def num_leaves(self):
        """How many leaves there are."""
        return 1 if self.type is None else sum(one.num_leaves for one in self.children_specs)

    @property
    def num_nodes(self):
        """How many nodes and leaves there are."""
        return 1 + sum(one.num_nodes for one in self.children_specs)

    @property
    def num_children(self):
        """How many parts the outermost node has."""
        return len(self.children_specs)

    def is_leaf(self):
        """Whether it is the form of one leaf."""
        return self.type is None


def LeafSpec():
    """The form of one leaf."""
    return TreeSpec(None, None, [])


def tree_flatten(tree, is_leaf=None):
    """(leaves, form)."""
    kind = _kind_of(tree)
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        return [tree], LeafSpec()
    parts, context = _registered[kind][0](tree)
    leaves, specs = [], []
    for part in parts:
        found, spec = tree_flatten(part, is_leaf)
        leaves += found
        specs.append(spec)
    return leaves, TreeSpec(kind, context, specs)


def tree_unflatten(leaves, treespec):
    """The tree of this form with these leaves."""
    if not isinstance(treespec, TreeSpec):
        raise TypeError("tree_unflatten(leaves, treespec): Expected `treespec` to be instance of "
                        f"TreeSpec but got item of type {type(treespec)}.")
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten(leaves, treespec): `leaves` has length {len(leaves)} but "
                         f"the spec refers to a pytree that holds {treespec.num_leaves} items")
    rest = iter(leaves)

    def built(spec):
        if spec.type is None:
            return next(rest)
        return _registered[spec.type][1]([built(one) for one in spec.children_specs], spec.context)

    return built(treespec)


def tree_leaves(tree, is_leaf=None):
    """The leaves."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree, is_leaf=None):
    """The form."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func, tree, *rests, is_leaf=None):
    """The same form with `func` of each leaf, or of the leaves at each place of several trees."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = []
    for rest in rests:
        found, other = tree_flatten(rest, is_leaf)
        if other != spec:
            raise ValueError(f"tree_map: the trees differ in form: {spec} and {other}")
        others.append(found)
    return tree_unflatten([func(*values) for values in zip(leaves, *others)], spec)


def tree_map_(func, tree, *rests, is_leaf=None):
    """As `tree_map`, for what `func` does: the tree itself."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_only(type_or_types, func, tree=None, is_leaf=None):
    """As `tree_map`, of leaves of a type; others stay."""
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, type_or_types) else leaf, tree,
                    is_leaf=is_leaf)


def tree_any(pred, tree, is_leaf=None):
    """Whether it holds of any leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_all(pred, tree, is_leaf=None):
    """Whether it holds of all leaves."""
    return all(map(pred, tree_leaves(tree, is_leaf)))
