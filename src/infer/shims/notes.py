"""For weft infer: notes what is read and written, one line of JSON each, in the file that WEFT_NOTES names."""
import json
import os

#: What stands for a value that nobody gave.
stand_in = 1


def note(**what):
    line = json.dumps(what, default=str) + '\n'
    # One write, appended whole: several processes note.
    file = os.open(os.environ['WEFT_NOTES'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
