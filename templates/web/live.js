// The preview while one types. Without scripts, the "try" button does the same.
"use strict";

const form = document.querySelector("form[data-live]");
const lines = document.querySelector("[data-lines]");
const week = document.querySelector("[data-week]");
let asked = 0;
let waiting = null;

async function preview() {
  const mine = ++asked;
  const typed = new FormData(form);
  const strictness = typed.get("strictness");
  const body = { interests: typed.get("interests") };
  if (strictness) body.strictness = strictness;
  let answer;
  try {
    answer = await fetch("/api/v1/preview/fragment", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) return;
    answer = await answer.json();
  } catch {
    return; // what was shown last stays
  }
  if (mine !== asked) return; // something newer has been asked since
  lines.innerHTML = answer.lines;
  offer();
  week.innerHTML = answer.week;
  for (const place of form.querySelectorAll("[data-means]")) {
    if (answer.strictness[place.dataset.means]) place.textContent = answer.strictness[place.dataset.means];
  }
}

// a suggestion can be pressed, and takes the place of the line that it is for
function offer() {
  for (const place of lines.querySelectorAll("[data-to]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = place.textContent;
    button.addEventListener("click", () => {
      const field = form.querySelector("#interests");
      field.value = field.value.replace(place.dataset.from, () => place.dataset.to);
      preview();
    });
    place.replaceWith(button);
  }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 150);
}

if (form) {
  form.querySelector("#interests").addEventListener("input", soon);
  for (const one of form.querySelectorAll("[name=strictness]")) one.addEventListener("change", soon);

  for (const one of form.querySelectorAll("[data-try]")) one.hidden = true;
  const zone = form.querySelector("[data-timezone]");
  if (zone && zone.value === zone.defaultValue) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
  }
  if (form.querySelector("#interests").value) preview();
}
