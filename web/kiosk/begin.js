/*
 * The page of a touch terminal in a service hall: the published notices as a list of large rows, and each of them
 * read aloud. Nobody has a keyboard there, visitors come one after the other, and nobody is near who could help.
 *
 *   /kiosk/?title=…      what is written above, 公告朗读 if nothing is given
 *          &category=…   only notices of this category
 *          &idle=…       seconds without a touch after which the page asks whether anybody is there; 90, 15 at least
 *
 * ask        what is asked of the service, and what is told and done while it does not answer
 * settings   size of the text, contrast, volume, speed
 * list       the published notices, page by page
 * notice     one notice, sentence by sentence, and the buttons that read it
 * idle       who has gone leaves nothing behind
 *
 * worker.js keeps what was heard for when the service cannot be reached. This script is put together from
 * web/kiosk/*.js and uses the player of the service.
 */
(() => {
"use strict";

const query = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);

/** Tells something to eyes and to screen readers, in an element with the role of a status. */
function tell(id, words) {
  if (at(id).textContent !== words) at(id).textContent = words;
}

/** An element with a class and a text. */
function make(name, style = "", text = "") {
  const element = document.createElement(name);
  if (style) element.className = style;
  element.textContent = text;
  return element;
}
