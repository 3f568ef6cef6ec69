// Shows next week as it would be, while hours are typed: one request at a time, half a second after the last key.

const form = document.querySelector("form[data-hours]");
const target = document.querySelector("[data-hours-preview]");
let waiting = 0;
let running = null;

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
    // Offline, or overtaken by a newer text: the last preview stays, and the server decides on saving anyway.
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 500);
});
