"""Maps in which declared entries are asked for when they are first used."""
from collections.abc import MutableMapping

#: In place of an entry that has no value of its own.
UNKNOWN = object()


class LazyMap(MutableMapping, dict):
    """Which entries there are is known without asking. One that turns out to be absent keeps its own value, or was never there."""

    def __init__(self, values):
        dict.__init__(self, {key: self.wrap(value) for key, value in values.items()})
        object.__setattr__(self, '_asks', {})

    def lend(self, path, ask):
        """Lets `ask` give the entry at `path`; the maps on the way are made."""
        *parents, last = path
        at = self
        for key in parents:
            if not isinstance(dict.get(at, key), LazyMap):
                dict.__setitem__(at, key, self.wrap({}))
            at = dict.__getitem__(at, key)
        dict.setdefault(at, last, UNKNOWN)
        at._asks[last] = ask

    def wrap(self, value):
        if isinstance(value, dict) and not isinstance(value, LazyMap):
            return type(self)(value)
        if isinstance(value, list):
            return [self.wrap(item) for item in value]
        return value

    def __getitem__(self, key):
        ask = self._asks.get(key)
        if ask is not None:
            value = ask()
            if value is not None:
                dict.__setitem__(self, key, self.wrap(value))
            self._asks.pop(key, None)
        value = dict.__getitem__(self, key)
        return self.absent(key) if value is UNKNOWN else value

    def absent(self, key):
        raise KeyError(key)

    def __setitem__(self, key, value):
        self._asks.pop(key, None)
        dict.__setitem__(self, key, value)

    def __delitem__(self, key):
        self._asks.pop(key, None)
        dict.__delitem__(self, key)

    __len__ = dict.__len__

    def __contains__(self, key):
        return dict.__contains__(self, key) and (key in self._asks or dict.__getitem__(self, key) is not UNKNOWN)

    def __iter__(self):
        return iter([key for key in dict.keys(self) if key in self])

    def items(self):
        found = []
        for key in self:
            try:
                found.append((key, self[key]))
            except KeyError:
                continue
        return found

    def values(self):
        return [value for _, value in self.items()]

    def __repr__(self):
        return repr(dict(self.items()))

    def peek(self, key):
        """What is known of an entry without asking: None for one that is to be asked for."""
        value = dict.get(self, key)
        return None if value is UNKNOWN or key in self._asks else value

    def is_lazy(self):
        return bool(self._asks) or any(isinstance(value, LazyMap) and value.is_lazy() for value in dict.values(self))
