// The picture of a sound.

/** The samples of a 16-bit mono WAV file. */
function samples(buffer) {
  const { byteOffset, byteLength } = chunk(new DataView(buffer), "data");
  const view = new DataView(buffer, byteOffset, byteLength);
  return Int16Array.from({ length: Math.floor(byteLength / 2) }, (_, at) => view.getInt16(at * 2, true));
}

/** Milliseconds of such a file. */
function lengthOfWav(buffer) {
  const view = new DataView(buffer);
  const { byteOffset } = chunk(view, "fmt ");
  return Math.round((samples(buffer).length * 1000) / view.getUint32(byteOffset + 4, true));
}

/** The loudest of each of `count` equal parts, from 0 to 1. */
function peaks(sound, count) {
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [part, part + 1].map((edge) => Math.floor((edge * sound.length) / count));
    return sound.subarray(from, to).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) / 32768;
  });
}

/** The content of a chunk of a RIFF file. */
function chunk(view, wanted) {
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)));
    const length = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8);
    if (name === wanted) return { byteOffset: view.byteOffset + at + 8, byteLength: length };
    at += 8 + length + (length % 2);
  }
  return { byteOffset: 0, byteLength: 0 };
}

/** Bars of a picture 100 wide and 24 high, as the outline of an SVG path. */
function waveOutline(loudness) {
  const width = 100 / loudness.length;
  return loudness.map((peak, at) => {
    const half = Math.max(0.5, Math.sqrt(peak) * 12);
    const [left, right] = [at * width, at * width + width * 0.7].map((x) => x.toFixed(2));
    return `M${left} ${(12 - half).toFixed(2)}H${right}V${(12 + half).toFixed(2)}H${left}Z`;
  }).join("");
}

/** Draws the sound of these files, one after the other. */
function drawWave(svg, buffers) {
  const parts = buffers.map(samples);
  const whole = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", waveOutline(peaks(whole, 60)));
  svg.replaceChildren(path);
}
