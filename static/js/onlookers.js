// Says every five seconds that this page shows the ticket, and whether somebody writes on it; shows who else does. Hidden
// tabs say nothing, and are forgotten by the server soon after. It ends where the person may no longer ask.

const EVERY = 5_000;
const line = document.querySelector("[data-here]");
const text = document.getElementById("composer-text");
let opened = text?.value ?? "";
let timer = 0;

function told(writing) {
  const body = new FormData();
  body.set("csrf_token", line.dataset.token);
  if (writing) body.set("writing", "1");
  return body;
}

async function say() {
  clearTimeout(timer);
  if (document.hidden) return;
  const writing = text !== null && text.value.trim() !== "" && text.value !== opened;
  try {
    const headers = { "X-Requested-With": "fetch" };
    const answer = await fetch(line.dataset.here, { method: "POST", body: told(writing), headers, redirect: "manual" });
    if ([0, 401, 403, 404].includes(answer.status)) return;
    const fresh = answer.ok ? (await answer.text()).trim() : line.innerHTML;
    if (fresh !== line.innerHTML.trim()) line.innerHTML = fresh;
  } catch {
    line.replaceChildren(); // nobody knows
  }
  timer = setTimeout(say, EVERY);
}

if (line) {
  say();
  document.addEventListener("visibilitychange", say);
  addEventListener("pagehide", () => navigator.sendBeacon(line.dataset.gone, told(false)));
}
