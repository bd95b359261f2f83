"""Optional: a value, or none."""

from ..._eager.errors import InvalidArgumentError


class Optional:
    """What `Iterator.get_next_as_optional` gives."""

    def __init__(self, value, of=None):
        self._value, self._of = value, of

    @classmethod
    def from_value(cls, value):
        """With this value."""
        from ._elements import as_element

        return cls(as_element(value))

    @classmethod
    def empty(cls, element_spec):
        """Without a value."""
        return cls(None, element_spec)

    def has_value(self, name=None):
        """Whether there is one, as a tensor."""
        from ..._eager.convert import constant

        return constant(self._value is not None)

    def get_value(self, name=None):
        """The value; InvalidArgumentError where there is none."""
        if self._value is None:
            raise InvalidArgumentError("The given optional does not have a value. "
                                       "[Op:OptionalGetValue]")
        return self._value

    @property
    def element_spec(self):
        from ._elements import spec_of

        if self._value is not None:
            return spec_of(self._value)
        return getattr(self._of, "element_spec", self._of)
