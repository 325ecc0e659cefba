"""Has schemathesis ask for what is there, too: what it makes up itself is hardly ever the name of anything."""

import json
import os
import zlib

import schemathesis

KNOWN = json.loads(os.environ["LANGDU_KNOWN"])
FORMATS = ["wav", "16k.wav", "8k.wav", "wav16", "alaw", "ulaw", "opus", "exe"]


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@schemathesis.serializer(DOCX)
def serialize_docx(context, value):
    """What is made up is no document, whatever it is: it is sent as it is."""
    return {"data": value if isinstance(value, bytes) else str(value).encode()}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters:
        return path_parameters
    number = zlib.crc32(repr(sorted(path_parameters.items())).encode())
    if number % 2:
        return path_parameters
    number //= 2
    extension = FORMATS[number % len(FORMATS)]
    there = {
        "id": KNOWN["notice"],
        "file": f"audio.{extension}",
        "clip": KNOWN["clips"][number // 8 % len(KNOWN["clips"])] + ("." + extension if number % 5 else ""),
    }
    return {name: there.get(name, value) for name, value in path_parameters.items()}
