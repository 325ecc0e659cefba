/*
 * The editor's page: what a notice will sound like, before anybody hears it.
 *
 * The way of a notice:
 *   1. key      what the editor may do here; kept in memory alone;
 *   2. text     pasted, typed, or taken out of a file;
 *   3. view     every sentence with what is said for it, why, and what is left out;
 *   4. listen   any sentence, with the player of /player.js;
 *   5. correct  a word that is read wrongly, for the whole site;
 *   6. publish  under a name, replace, withdraw; download.
 *
 * This file and those named in src/http/web.rs are one script: they share one scope, and nothing is inline. What came
 * from a notice reaches the page as text nodes alone.
 */
(() => {
"use strict";

/** What the page knows now. All of it goes when the page goes. */
const now = {
  /** The key and what it is good for; null without one. */
  key: null,
  may: [],
  /** What was sent last: {text} or {html}, with voice and speed. */
  submission: null,
  /** Whether the text, the voice or the speed was changed since. */
  isStale: false,
  /** The service's answers to it. */
  manifest: null,
  spoken: null,
  /** The site's lexicon with its ETag, as it was when the notice was sent. */
  lexicon: null,
};
