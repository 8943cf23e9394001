"""What a Body knows as `args`: a plan's Parameters, in which declared inputs block where they are used."""
from collections.abc import MutableMapping

from murano_plan import PlanError


class Values(MutableMapping, dict):
    """A map whose entries are attributes too. What `given` holds is asked for at first use, by a function for each key."""

    def __init__(self, values, given=None):
        dict.__init__(self, {key: wrap(value) for key, value in values.items()})
        object.__setattr__(self, '_given', dict(given or {}))
        for key in self._given:
            dict.setdefault(self, key, None)

    def __getitem__(self, key):
        ask = self._given.get(key)
        if ask is not None:
            value = ask()
            # What is absent leaves the plan's own value.
            if value is not None:
                dict.__setitem__(self, key, wrap(value))
            self._given.pop(key, None)
        return dict.__getitem__(self, key)

    def __setitem__(self, key, value):
        self._given.pop(key, None)
        dict.__setitem__(self, key, value)

    def __delitem__(self, key):
        self._given.pop(key, None)
        dict.__delitem__(self, key)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        del self[name]

    # Which keys there are is known without waiting.
    __contains__ = dict.__contains__
    __len__ = dict.__len__

    def __iter__(self):
        return dict.__iter__(self)

    def __repr__(self):
        return repr(dict(self))

    def copy(self):
        copied = Values({})
        dict.update(copied, {key: dict.__getitem__(self, key) for key in self})
        copied._given.update(self._given)
        return copied

    def leaves(self):
        """Paths of what can be asked for one by one, without asking."""
        for key in self:
            value = dict.__getitem__(self, key)
            if key not in self._given and isinstance(value, Values) and value.is_lazy():
                for path in value.leaves():
                    yield [key] + path
            else:
                yield [key]

    def is_lazy(self):
        return bool(self._given) or any(isinstance(value, Values) and value.is_lazy() for value in dict.values(self))


def wrap(value):
    if isinstance(value, dict) and not isinstance(value, Values):
        return Values(value)
    if isinstance(value, list):
        return [wrap(item) for item in value]
    return value


def make_args(parameters, inputs, read, is_template):
    """`inputs` are paths in the parameters. A template's `$name`, which Murano's engine would replace, must be one of them."""
    args = Values(parameters)
    for name in inputs:
        *path, last = name.split('.')
        at = args
        for key in path:
            if key not in at or dict.__getitem__(at, key) is None or is_placeholder(dict.__getitem__(at, key)):
                dict.__setitem__(at, key, Values({}))
            at = dict.__getitem__(at, key)
            if not isinstance(at, Values):
                raise PlanError(2, 'input %s: %s is no map in Parameters' % (name, key))
        if is_template and is_placeholder(dict.get(at, last)):
            dict.__setitem__(at, last, None)
        dict.setdefault(at, last, None)
        at._given[last] = lambda name=name: read(name)
    if is_template:
        check_placeholders(args, [])
    return args


def check_placeholders(args, path):
    for key in args:
        value = dict.__getitem__(args, key)
        if isinstance(value, Values):
            check_placeholders(value, path + [key])
        elif is_placeholder(value):
            name = '.'.join(path + [key])
            raise PlanError(2, 'Parameters.%s is %s: no input "%s" of the role gives its value' % (name, value, name))


def is_placeholder(value):
    return isinstance(value, str) and value.startswith('$')
