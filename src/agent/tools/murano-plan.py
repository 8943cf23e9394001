"""A package's template -> an execution plan, as Murano's engine makes it; and whether a plan is one that can be run."""
import binascii
import os
import re


class PlanError(Exception):
    """What the result's ErrorCode, Message and AdditionalInfo tell of a failure."""

    def __init__(self, code, message, details=None):
        super().__init__(message)
        self.error_code = code
        self.additional_data = details


def complete(plan, resources):
    """Puts what a template only names into its Files, and ids of these into its scripts. A plan stays as it is."""
    check_version(plan)
    plan.setdefault('ID', make_id())
    plan.setdefault('Action', 'Execute')
    for section in ('Parameters', 'Scripts', 'Files'):
        if not isinstance(plan.setdefault(section, {}), dict):
            raise PlanError(2, '%s is not a dictionary' % section)
    files = plan['Files']
    ids = {definition.get('Name'): file_id for file_id, definition in files.items() if isinstance(definition, dict)}

    def place(file, script):
        if isinstance(file, str) and file in files:
            return file
        name, value = name_and_value(file)
        if name not in ids:
            ids[name] = make_id()
            files[ids[name]] = define(name, value, resources, script)
        return ids[name]

    for script, definition in plan['Scripts'].items():
        if not isinstance(definition, dict) or not all(isinstance(definition.get(key), str) for key in ('Type', 'EntryPoint')):
            raise PlanError(2, 'script %s needs a Type and an EntryPoint' % script)
        if definition['Type'] == 'Application':
            definition['EntryPoint'] = place(definition['EntryPoint'], script)
        definition['Files'] = [place(file, script) for file in definition.get('Files') or []]
    validate(plan)
    return plan


def make_id():
    return os.urandom(16).hex()


def name_and_value(file):
    """A script names a file by its name, by `<name>` where it is binary, by its URL, or by a map of name to URL."""
    if isinstance(file, dict):
        return next(iter(file.items()))
    if is_url(file):
        return file.rstrip('/').rsplit('/', 1)[1], file
    return (file[1:-1] if is_binary(file) else file), file


def define(name, value, resources, script):
    if is_url(value):
        return {'Name': name, 'URL': value, 'Type': 'Downloadable'}
    if resources is None:
        raise PlanError(2, 'script %s names the file %s: the option "resources" must say where the package\'s Resources are'
                        % (script, name))
    path = os.path.join(resources, 'scripts', value[1:-1] if is_binary(value) else value)
    try:
        with open(path, 'rb') as file:
            body = file.read()
        if is_binary(value):
            return {'Name': name, 'BodyType': 'Base64', 'Body': binascii.b2a_base64(body, newline=False).decode()}
        return {'Name': name, 'BodyType': 'Text', 'Body': body.decode()}
    except OSError as error:
        raise PlanError(2, 'script %s names the file %s, which cannot be read: %s' % (script, name, error))
    except UnicodeDecodeError:
        raise PlanError(2, 'script %s names the file %s, which is no text: write <%s>' % (script, name, name))


def is_url(file):
    return re.match(r'[A-Za-z][A-Za-z0-9+.-]*://[^/?#]', file) is not None


def is_binary(file):
    return file.startswith('<') and file.endswith('>')


def check_version(plan):
    version = str(plan.get('FormatVersion', '1.0.0'))
    if version.startswith('1.'):
        raise PlanError(9, 'plans of format 1 are for the agent of Windows and cannot be run: FormatVersion must be 2.0.0 to 2.2.0')
    if not re.match(r'2\.([01]\.\d+|2\.0)$', version):
        raise PlanError(9, 'Unsupported format version %s (2.0.0 to 2.2.0 can be run)' % version)


def validate(plan):
    """The rules of the plan's own version; says what is wrong as Murano's agent does."""
    minor = int(plan['FormatVersion'].split('.')[1])
    if not isinstance(plan.get('Body'), str):
        raise PlanError(2, 'Body is not in the execution plan')
    for name, script in plan['Scripts'].items():
        kind = script['Type']
        if kind not in (['Application'] if minor == 0 else ['Application', 'Chef', 'Puppet']):
            raise PlanError(2, 'Type %s is not valid for format %s' % (kind, plan['FormatVersion']))
        if kind != 'Application' and '::' not in script['EntryPoint']:
            raise PlanError(2, 'Wrong EntryPoint %s for Puppet/Chef executors. :: needed' % script['EntryPoint'])
        for option in ('useBerkshelf', 'berksfilePath'):
            if option in (script.get('Options') or {}) and (minor < 2 or kind != 'Chef'):
                raise PlanError(2, 'Script %s has an option %s, which scripts of type Chef have from format 2.2.0 on' % (name, option))
    for name, file in plan['Files'].items():
        needed = ('Name', 'URL') if isinstance(file, dict) and 'Type' in file else ('Name', 'BodyType', 'Body')
        for key in needed:
            if not isinstance(file, dict) or key not in file:
                raise PlanError(2, 'Incorrect %s entry in file %s' % (key, name))
        if minor == 0 and ('Type' in file or 'URL' in file):
            raise PlanError(2, 'Download file is %s not valid for this version %s' % (name, plan['FormatVersion']))
        if 'Type' not in file and file['BodyType'] not in ('Text', 'Base64'):
            raise PlanError(2, 'Incorrect BodyType in file %s' % name)
