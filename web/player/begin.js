/*
 * The langdu (朗读) player: reads a part of this page aloud when somebody presses its button.
 *
 *   <script src="https://your-langdu/player.js" defer></script>
 *   <article data-langdu-region> … </article>
 *
 * A click: 1. collect the region's text, 2. submit it, 3. fetch its clips ahead, 4. sound one after the other, 5. mark
 * the sentence being heard.
 *
 * Attributes:
 *   data-langdu-region   on the element to read: a button is put before it; on a button: the id or CSS selector of what
 *                        to read, or empty for the region, article or main around it
 *   data-langdu-skip     on anything inside that is not to be read
 *   data-langdu-service  on the script: where the service is, if not beside it
 *   data-langdu-voice    on the script: the name of a voice, if not the service's first
 *   data-langdu-auto     on the script: "off", where a page that marks nothing is to have no button
 *
 * langdu.read(element), .stop(), .scan(), .speed; .play(manifest): see Reading. A region gets `langdu:state` events
 * with detail {state, sentence}. Stored is only the speed that the reader chose.
 */
if (!window.langdu) (() => {
"use strict";

