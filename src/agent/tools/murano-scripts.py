"""Scripts of an execution plan, as its Body calls them: a program run through a shell, or what murano_tools.py has."""
import os
import stat

from murano_args import Values
from murano_plan import PlanError


class Script:
    def __init__(self, name, definition, files, on_done):
        self._name = name
        self._definition = definition
        self._files = files
        self._on_done = on_done

    def __getattr__(self, function):
        """Scripts may be called as `script.function(...)`: the name of the function says nothing to them."""
        if function.startswith('__'):
            raise AttributeError(function)
        return self

    def _load(self):
        folder = self._files.folder_of(self._name)
        os.makedirs(folder, exist_ok=True)
        for file_id in self._definition['Files']:
            self._files.put(file_id, self._name)
        return folder

    def _run(self, command, env=None, good=(0,), **paths):
        """Runs a command line; `paths` as subprocess has them. What the options say is not to be captured goes to the log."""
        import subprocess
        options = self._definition.get('Options') or {}
        pipe = lambda option: subprocess.PIPE if options.get(option, True) else None
        done = subprocess.run(command, shell=True, env=env, universal_newlines=True, encoding='utf-8', errors='replace',
                              stdout=pipe('captureStdout'), stderr=pipe('captureStderr'), **paths)
        result = Values({
            'exitCode': 0 if done.returncode in good else done.returncode,
            'stdout': done.stdout.strip() if done.stdout else None,
            'stderr': done.stderr.strip() if done.stderr else None,
        })
        self._on_done(self._name, result)
        if options.get('verifyExitcode', True) and result.exitCode != 0:
            raise PlanError(100, 'Script %s returned error code' % self._name, dict(result))
        return result


class Application(Script):
    def __call__(self, commandline='', input=None):
        folder = self._load()
        path = self._files.put(self._definition['EntryPoint'], self._name)
        os.chmod(path, stat.S_IEXEC | stat.S_IREAD)
        # The Body goes on in the folder of the script, with Murano's agent too.
        os.chdir(os.path.dirname(path))
        return self._run('./"%s" %s' % (os.path.basename(path), commandline), cwd=os.path.dirname(path))


def make_scripts(plan, files, tools, on_done):
    """The functions that a Body may call, by name."""
    scripts = {}
    for name, definition in plan['Scripts'].items():
        if definition['Type'] == 'Application':
            scripts[name] = Application(name, definition, files, on_done)
        else:
            from murano_tools import tool_scripts
            scripts[name] = tool_scripts[definition['Type']](name, definition, files, on_done, tools[name])
    return scripts
