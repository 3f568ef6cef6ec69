// Counts the ticked rows; the bar itself appears by CSS. Shift ticks a range.

const bar = document.querySelector("[data-bulk-text]");
const ticks = () => [...document.querySelectorAll(".ticket-tick input")];
let last = null;

function count() {
  const n = ticks().filter((tick) => tick.checked).length;
  if (bar && n) bar.textContent = bar.dataset.bulkText.replace("{n}", n);
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest?.(".ticket-tick input");
  if (!tick) return;
  if (event.shiftKey && last?.isConnected) {
    const all = ticks();
    const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
    for (const other of all.slice(from, to + 1)) other.checked = tick.checked;
  }
  last = tick;
  count();
});
document.addEventListener("change", count);
document.addEventListener("reset", () => setTimeout(count));
document.addEventListener("live:merged", count);
count();
