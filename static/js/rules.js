// Lists of rules: lines come and go without a round trip, and stages are told in words while they are typed.

const form = document.querySelector("form[data-rules]");
const rows = form?.querySelector("[data-rows]");
const pattern = form?.querySelector("template[data-pattern]");
const target = form?.querySelector("[data-rules-preview]");
let waiting = 0;
let running = null;

function nextNumber() {
  const numbers = [...rows.querySelectorAll("[name^='row-']")].map((field) => Number(field.name.split("-")[1]));
  return Math.max(-1, ...numbers) + 1;
}

function addRow() {
  const holder = document.createElement("div");
  holder.innerHTML = pattern.innerHTML.replaceAll("row-9999-", `row-${nextNumber()}-`).replaceAll("remove-9999", "remove");
  const row = holder.firstElementChild;
  rows.append(row);
  return row;
}

function removeRow(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (!rows.children.length) addRow();
  (next ?? rows.lastElementChild)?.querySelector("select, input:not([type=hidden])")?.focus();
}

async function preview() {
  running?.abort();
  running = new AbortController();
  const body = new FormData(form);
  body.set("do", "preview");
  try {
    const answer = await fetch(location.href, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "fetch" },
      signal: running.signal,
    });
    if (answer.ok) target.innerHTML = await answer.text();
  } catch {
    // Offline, or overtaken by a newer line: the last preview stays, and the server decides on saving anyway.
  }
}

function previewSoon() {
  if (!target) return;
  clearTimeout(waiting);
  waiting = setTimeout(preview, 400);
}

form?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-add-row]")) {
    event.preventDefault();
    addRow().querySelector("select, input:not([type=hidden])").focus();
  } else if (button?.matches("[data-remove-row]")) {
    event.preventDefault();
    removeRow(button.closest("[data-row]"));
    previewSoon();
  }
});

form?.addEventListener("input", (event) => {
  if (event.target.name?.endsWith("-action")) event.target.closest("[data-row]").dataset.action = event.target.value;
  previewSoon();
});
