"""Files of an execution plan: each script has a folder of links to its own."""
import binascii
import os

from murano_plan import PlanError


class Files:
    def __init__(self, definitions, folder, digests):
        self.definitions = definitions
        self.folder = folder
        self.digests = digests

    def folder_of(self, script):
        return os.path.join(self.folder, 'scripts', script)

    def put(self, file_id, script):
        """Links a file into the folder of a script; returns the link."""
        definition = self.definitions.get(file_id)
        if definition is None:
            raise PlanError(2, 'Script %s misses file %s' % (script, file_id))
        link = os.path.join(self.folder_of(script), definition['Name'])
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(self.fetch(file_id, definition), link)
        return link

    def fetch(self, file_id, definition):
        path = os.path.join(self.folder, 'files', file_id)
        if os.path.exists(path):
            return path
        if definition.get('Type') == 'Downloadable':
            from murano_download import download
            os.makedirs(path)
            download(definition['URL'], path, self.digests.get(definition['Name']))
            return path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        body = definition['Body']
        with open(path, 'wb') as file:
            file.write(binascii.a2b_base64(body) if definition['BodyType'] == 'Base64' else body.encode())
        return path
