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

// An amount that the customer named goes into the offer that is chosen, or else into the first that may be made.
document.addEventListener("click", (event) => {
  const amount = event.target.closest("[data-offer-amount]")?.dataset.offerAmount;
  const chosen = form?.querySelector("[name=policy]:checked") ?? form?.querySelector("[name=policy]:not(:disabled)");
  if (!amount || !chosen) return;
  chosen.checked = true;
  const field = form.elements[`amount-${chosen.value}`];
  field.value = amount;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

if (form) check();
