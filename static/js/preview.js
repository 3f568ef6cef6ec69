// Shows what a text would be classified as while it is typed: one request at a time, half a second after the last key.

const form = document.querySelector("form[data-preview]");
const target = document.querySelector("[data-preview-target]");
let waiting = 0;
let running = null;

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
    if (answer.ok) target.innerHTML = await answer.text();
  } catch {
    // Offline, or overtaken by a newer text: the last preview stays, and the server decides on submit anyway.
  }
}

form?.addEventListener("input", (event) => {
  if (!["text", "order_number", "type"].includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(preview, 500);
});

// A number found in the text goes into its field on a click, as long as nobody has typed one there.
target?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  const field = button && form.elements[button.dataset.fill];
  if (!field || field.value) return;
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  button.remove();
});
