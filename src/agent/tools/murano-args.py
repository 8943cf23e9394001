"""What a Body knows as `args`: a plan's Parameters, in which declared inputs block where they are used."""
from murano_plan import PlanError
from weft_lazy import UNKNOWN, LazyMap


class Values(LazyMap):
    """A map whose entries are attributes too. An absent entry is None."""

    def absent(self, key):
        dict.__setitem__(self, key, None)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        del self[name]

    def copy(self):
        copied = Values({})
        dict.update(copied, {key: dict.__getitem__(self, key) for key in self})
        copied._asks.update(self._asks)
        return copied


def make_args(parameters, inputs, read, is_template):
    """`inputs` are paths in the parameters. A template's `$name`, which Murano's engine would replace, must be one of them."""
    args = Values(parameters)
    for name in inputs:
        path = name.split('.')
        at = args
        for key in path[:-1]:
            value = at.peek(key)
            if isinstance(value, Values):
                at = value
            elif value is None or is_template and is_placeholder(value):
                break
            else:
                raise PlanError(2, 'input %s: %s is no map in Parameters' % (name, key))
        else:
            if is_template and is_placeholder(at.peek(path[-1])):
                dict.__setitem__(at, path[-1], UNKNOWN)
        args.lend(path, lambda name=name: read(name))
    if is_template:
        check_placeholders(args, [])
    return args


def check_placeholders(args, path):
    for key in args:
        value = args.peek(key)
        if isinstance(value, Values):
            check_placeholders(value, path + [key])
        elif is_placeholder(value):
            name = '.'.join(path + [key])
            raise PlanError(2, 'Parameters.%s is %s: no input "%s" of the role gives its value' % (name, value, name))


def is_placeholder(value):
    return isinstance(value, str) and value.startswith('$')
