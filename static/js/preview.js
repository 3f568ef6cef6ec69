// Shows what a form would make of what is typed: one request at a time, a moment after the last key.
// <form data-preview="address" data-preview-by="names of fields" data-preview-after="milliseconds">

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
    if (answer.ok && !answer.redirected) target.innerHTML = await answer.text();
  } catch {
    // Offline, or overtaken by a newer text: the last preview stays, and the server decides on submit anyway.
  }
}

form?.addEventListener("input", (event) => {
  if (!form.dataset.previewBy.split(" ").includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(preview, Number(form.dataset.previewAfter));
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
