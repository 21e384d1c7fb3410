"""Lets schemathesis hand in real packages: a schema cannot say what a ZIP is.

    dfab serve-lite --listen 127.0.0.1:8080          # with DATA_FABRICATION_SHARED_TOKEN=sesame
    cd tests/tools/schemathesis
    schemathesis run http://127.0.0.1:8080/openapi.json --checks all
"""

import base64
import io
import zipfile

import schemathesis
from hypothesis import strategies as st

HARNESS = """\
import json
for n in range({lines}):
    print(json.dumps({{"messages": [
        {{"role": "user", "content": f"please fix bug {{n}} of {name}"}},
        {{"role": "assistant", "content": f"patch {{n}} adds a test"}}]}}))
"""


def package(lines, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("harness.py", HARNESS.format(lines=lines, name=name))
    return out.getvalue()


names = st.text("abcdefgh", min_size=1, max_size=8)
packages = st.builds(package, st.integers(0, 3), names)

schemathesis.openapi.media_type("application/zip", packages)
schemathesis.openapi.format("byte", packages.map(lambda zip: base64.b64encode(zip).decode()))
