// The machine: media keys, lock screen, other windows of the site.

const session = window.MediaMetadata && navigator.mediaSession;

let neighbours = null;
try {
  neighbours = new BroadcastChannel("langdu");
  neighbours.onmessage = () => stop();
} catch (denied) {
  // One voice in this page, then.
}

function claimVoice() {
  if (neighbours) neighbours.postMessage("reading");
}

function holdMedia(reading) {
  if (!session) return;
  session.metadata = new MediaMetadata({ title: reading.title || document.title, artist: location.hostname });
  setKeys({
    play: () => reading.resume(),
    pause: () => reading.pause(),
    stop: () => { reading.stop(); releaseMedia(); },
    previoustrack: () => reading.previous(),
    nexttrack: () => reading.next(),
  });
  session.playbackState = "playing";
}

/** The keys stay ours, so that "play" goes on. */
function pauseMedia() {
  if (session) session.playbackState = "paused";
}

function releaseMedia() {
  if (!session) return;
  session.metadata = null;
  setKeys({});
  session.playbackState = "none";
}

function setKeys(keys) {
  for (const key of ["play", "pause", "stop", "previoustrack", "nexttrack"]) {
    try {
      session.setActionHandler(key, keys[key] || null);
    } catch (unknown) {
      // An older browser.
    }
  }
}
