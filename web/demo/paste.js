/* The paste page: what stands in the text field is shown below it, where the player reads it. */
(() => {
  "use strict";

  const EXAMPLE =
    "停水通知\n" +
    "因管网检修，定于2026年11月25日（星期三）8:00至17:00，对和平小区1至6号楼停水，请提前储水。\n" +
    "抢修电话：0300-8623456。\n";

  const field = document.getElementById("paste");
  const shown = document.getElementById("pasted");

  function show() {
    // What is being read must not change under the reader.
    window.langdu.stop();
    shown.textContent = field.value;
  }

  field.addEventListener("input", show);
  field.form.addEventListener("reset", () => setTimeout(show));
  document.getElementById("example").addEventListener("click", () => {
    field.value = EXAMPLE;
    show();
  });
  show(); // a browser may have kept the text from an earlier visit
})();
