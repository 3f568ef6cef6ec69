// Writing a template: what the customer would read is shown while it is typed, and placeholders are put in by a click.

const form = document.querySelector("form[data-template-form]");
const shown = form.querySelector("[data-template-preview]");
const SHOWN_BY = ["body_zh", "body_en", "ticket"];
let waiting = 0;
let running = null;
let last = form.elements.body_zh;

async function preview() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.preview, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
      signal: running.signal,
    });
    if (answer.ok && !answer.redirected) shown.innerHTML = await answer.text();
  } catch {
    // Offline, or overtaken by a newer text: the last preview stays, and the server decides on saving anyway.
  }
}

form.addEventListener("input", (event) => {
  if (!SHOWN_BY.includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(preview, 300);
});

form.addEventListener("focusin", (event) => {
  if (event.target.matches("[name=body_zh], [name=body_en]")) last = event.target;
});

// execCommand keeps the browser's own undo working; there is no successor for textareas.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-placeholder]");
  if (!button) return;
  last.focus();
  if (document.execCommand("insertText", false, button.dataset.placeholder)) return;
  last.setRangeText(button.dataset.placeholder, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});
