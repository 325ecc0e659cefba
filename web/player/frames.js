// Frames: an <iframe> of this site is read like a part of the page.

function rootOf(region) {
  if (region.localName !== "iframe") return region;
  return region.contentDocument && region.contentDocument.body;
}

function isInside(region, node) {
  const root = rootOf(region);
  return Boolean(root) && root.contains(node);
}

function openFrame(region) {
  const root = rootOf(region);
  if (root && root !== region) listenTo(root.ownerDocument);
  if (region.localName === "iframe") region.addEventListener("load", openFrames);
}

const openFrames = ({ target }) => openFrame(target);

function enterFrame(root) {
  addStyle(root.ownerDocument);
  viewOf(root).addEventListener("pagehide", leaveFrame);
}

function leaveFrame({ target }) {
  if (active && active.region.contentDocument === target) stop();
}
