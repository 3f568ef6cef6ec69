// Says what an amount would mean while it is typed: how much is left, and who has to agree. The server decides on submit.

const form = document.querySelector("form[data-offer]");
const target = form?.querySelector("[data-offer-answer]");
let waiting = 0;
let running = null;

async function check() {
  const policy = form.querySelector("[name=policy]:checked")?.value;
  if (!policy) return;
  running?.abort();
  running = new AbortController();
  const amount = form.elements[`amount-${policy}`]?.value ?? "";
  try {
    const answer = await fetch(`${form.dataset.offer}?${new URLSearchParams({ policy, amount })}`, {
      headers: { "X-Requested-With": "fetch" },
      signal: running.signal,
    });
    if (answer.ok) target.innerHTML = await answer.text();
  } catch {
    // Offline, or overtaken by the next figure: what stands there stays.
  }
}

form?.addEventListener("input", (event) => {
  if (event.target.name !== "policy" && !event.target.name.startsWith("amount-")) return;
  clearTimeout(waiting);
  waiting = setTimeout(check, event.target.name === "policy" ? 0 : 250);
});

// A second press while the first is on its way is the same offer; the button says that it was heard.
form?.addEventListener("submit", () => form.querySelector("[type=submit]").setAttribute("aria-disabled", "true"));
if (form) check();
