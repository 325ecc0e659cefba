#!/usr/bin/env python3
"""Prints the licences of all crates that the program is made of, each text once.

    python3 packaging/licences.py | gzip -9n >target/licences.txt.gz
"""

import collections
import json
import pathlib
import re
import subprocess

# That of this machine, for which the package is built.
about = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
target = re.search(r"^host: (.+)$", about, re.MULTILINE)[1]
metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

# What is linked: not what only tests and build scripts need.
root = metadata["resolve"]["root"]
linked, left = set(), [root]
while left:
    found = left.pop()
    if found in linked:
        continue
    linked.add(found)
    for dep in nodes[found]["deps"]:
        if any(kind["kind"] is None for kind in dep["dep_kinds"]):
            left.append(dep["pkg"])
linked.discard(root)

texts = collections.defaultdict(list)
without = []
for package in sorted((packages[found] for found in linked), key=lambda package: package["name"]):
    name = f"{package['name']} {package['version']} ({package['license']})"
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.is_file() and re.match(r"(licen[cs]e|copying|notice|unlicense)", file.name, re.IGNORECASE)
    ]
    for file in files:
        texts[file.read_text(errors="replace").strip()].append(name)
    if not files:
        without.append(f"{name} {package['repository'] or ''}".strip())

print("langdu is made of these crates, each under its licence.\n")
for text, names in texts.items():
    print("\n".join(names))
    print("\n" + text + "\n\n" + "-" * 80 + "\n")
if without:
    print("These bring no text of their own; the licence is the one that is named:\n")
    print("\n".join(without))
