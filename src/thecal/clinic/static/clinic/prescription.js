// Shows only the fields of the chosen kind of program. Without it all fields stand there, each saying which kind it is for.
"use strict";

(function () {
  const fields = { simple_continuous: ["dose"], periodic_bolus: ["bolus", "every", "over", "basal"], multi_rate: ["steps"], stopped: [] };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-program-form]");
    if (!form) return;
    function update() {
      const chosen = form.querySelector("input[name=program]:checked");
      const wanted = fields[chosen ? chosen.value : "simple_continuous"];
      for (const name of Object.values(fields).flat()) {
        const box = form.querySelector(`[name=${name}]`).closest(".field");
        box.hidden = !wanted.includes(name);
      }
    }
    form.addEventListener("change", update);
    update();
  });
})();
