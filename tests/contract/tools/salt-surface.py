"""Runs the plug-ins of the tool salt as plain Python, against as much of Salt as they touch: what Salt would do with them is written out here.

Salt itself is in no registry of ours: the contract suite runs over it wherever salt-call is installed.
"""
import copy
import importlib.util
import json
import os
import sys
import types

tools = sys.argv[1]


def fake(name, **members):
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


class CommandExecutionError(Exception):
    pass


def merge(one, other, *args, **kwargs):
    """salt.utils.dictupdate.merge: deep copies the first, asks the second for each entry."""
    return dict(copy.deepcopy(one), **{key: other[key] for key in other.keys()})


yaml = fake('salt.utils.yaml', safe_load=json.load)
pillar_module = fake('salt.pillar', merge=merge)
utils = fake('salt.utils', yaml=yaml)
fake('salt', pillar=pillar_module, utils=utils)
fake('salt.exceptions', CommandExecutionError=CommandExecutionError)


def load(file, name, **dunders):
    spec = importlib.util.spec_from_file_location(name, os.path.join(tools, file))
    module = importlib.util.module_from_spec(spec)
    vars(module).update(dunders)
    spec.loader.exec_module(module)
    return module


asked = []
written = {}
values = {'db:host': 'h', 'db:port': 3306, 'PORT': 80, 'gone': None, 'mine.app[0].network.ip_addrs': ['10.0.0.1'], 'mine.lb.addrs': ['10.0.0.2']}


class AgentError(Exception):
    pass


def read(name):
    asked.append(name)
    if name == 'bad':
        raise AgentError('input bad: db.mysql failed')
    return values[name]


def write(output, value):
    if output['name'] == 'refused':
        raise AgentError('output refused: conflict')
    written[output['name']] = value


def output(name, source, type='string'):
    return {'name': name, 'from': source, 'type': type}


client = fake('weft_client', AgentError=AgentError, read=read, write=write, job={'deferred': ['key']},
              inputs=list(values) + ['key', 'bad'], outputs=[])
lazy = load('lazy.py', 'weft_lazy')
sys.modules['weft_lazy'] = lazy


def seen(do):
    """What `do` comes to, and what it asked for."""
    del asked[:]
    try:
        result = do()
    except Exception as error:
        result = '%s: %s' % (type(error).__name__, error)
    return [result, list(asked)]


plugin = load('salt-pillar.py', 'pillar_weft')
load('salt-pillar.py', 'pillar_weft_again')
report = {}
made = []
report['compiled'] = seen(lambda: made.append(
    pillar_module.merge({'db': {'user': 'u', 'port': 1}, 'own': 5, 'gone': 'stands'}, plugin.ext_pillar('web', {}), 'smart')))
pillar = made[0]
report['known'] = seen(lambda: [sorted(pillar), 'PORT' in pillar, 'none' in pillar, sorted(pillar['db']), 'host' in pillar['db']])
report['copied'] = seen(lambda: [copy.deepcopy(pillar) is pillar, len(dict(pillar))])
report['own'] = seen(lambda: [pillar['own'], pillar['db']['user']])
report['nested'] = seen(lambda: pillar['db']['port'] + 1)
report['root'] = seen(lambda: pillar.get('PORT'))
report['again'] = seen(lambda: pillar['PORT'])
report['absent'] = seen(lambda: pillar['gone'])
report['missing'] = seen(lambda: pillar.get('none', 'default'))
report['deferred'] = seen(lambda: pillar['key'])
report['failed'] = seen(lambda: pillar['bad'])
report['whole'] = seen(lambda: json.loads(json.dumps(pillar['db'])))
report['plain'] = seen(lambda: pillar_module.merge({'a': 1}, {'b': 2}))

mine = load('salt-mine.py', 'mine')
report['mine'] = seen(lambda: mine.get('app[[]*', 'network.ip_addrs'))
report['mine by name'] = seen(lambda: mine.get('app[0]', 'network.ip_addrs'))
report['mine of many'] = seen(lambda: mine.get('app[0],lb', ['network.ip_addrs', 'addrs'], 'list'))
report['mine of none'] = seen(lambda: mine.get('web', 'network.ip_addrs'))

module = load('salt-module.py', 'weft')
client.outputs = [output('url', 'url'), output('refused', 'refused')]
report['get'] = seen(lambda: module.get('db:host'))
report['get failed'] = seen(lambda: module.get('bad'))
report['put'] = seen(lambda: [module.put('url', {'a': 1}), dict(written)])
report['put undeclared'] = seen(lambda: module.put('other', 1))
report['put refused'] = seen(lambda: module.put('refused', 1))

with open(os.path.join(sys.argv[2], 'grains'), 'w') as file:
    json.dump({'role': {'name': ['db']}}, file)
returner = load('salt-returner.py', 'returner', __opts__={'conf_file': os.path.join(sys.argv[2], 'minion')},
                __grains__={'kernel': 'Linux', 'role': 'stale'})


def returned(states, *outputs):
    written.clear()
    client.outputs = list(outputs)
    returner.returner({'return': states})
    return dict(written)


states = {
    'cmd_|-made_|-echo_|-run': {'__id__': 'made', '__run_num__': 0, 'result': True, 'changes': {'stdout': '42', 'list': [{'a': 1}]}},
    'file_|-/etc/a:b_|-x_|-managed': {'__id__': '/etc/a:b', '__run_num__': 1, 'result': None, 'changes': {'diff': 'New'}},
}
wanted = [output('text', 'made:stdout'), output('deep', 'made:list:0:a'), output('whole', '/etc/a:b', 'json'),
          output('file', '/etc/a:b:diff'), output('set', 'grains.role:name:0'), output('kernel', 'grains.kernel'),
          output('none', 'made:nope'), output('other', 'other:stdout')]
report['returned'] = seen(lambda: returned(states, *wanted))
states['bad'] = {'__id__': 'later', '__run_num__': 3, 'result': False, 'comment': 'of the first'}
states['worse'] = {'__id__': 'bad', '__run_num__': 2, 'result': False, 'comment': 'no\nspace'}
report['returned failed'] = seen(lambda: returned(states, *wanted))
report['returned unrendered'] = seen(lambda: returned(['SLS failed: Jinja error: x\nTraceback (most recent']))
json.dump(report, sys.stdout)
