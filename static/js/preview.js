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
