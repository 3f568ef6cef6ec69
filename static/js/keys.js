// Single-key shortcuts; none while typing or while a dialog is open, or where somebody switched them off (account page).
// The list is in the help dialog (?).

const typing = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const rows = () => [...document.querySelectorAll("[data-ticket]")];
let at = -1;

function currentRow() {
  const focused = document.activeElement?.closest?.("[data-ticket]");
  return focused ?? rows()[at] ?? null;
}

// The way through a list goes on from ticket to ticket: the list last seen is kept for this window.
const WAY = "unsnag-way";
const own = document.querySelector("[data-ticket-page]")?.dataset.ticketPage;

function keepWay() {
  const numbers = rows().map((row) => row.dataset.number);
  if (numbers.length) sessionStorage.setItem(WAY, JSON.stringify({ numbers, from: location.pathname + location.search }));
}

function way() {
  try {
    return JSON.parse(sessionStorage.getItem(WAY)) ?? {};
  } catch {
    return {};
  }
}

function goOn(step) {
  const { numbers = [] } = way();
  const place = numbers.indexOf(own);
  const next = numbers[place < 0 ? 0 : place + step];
  if (next) return location.assign(location.pathname.replace(own, next));
  const announcer = document.querySelector("[data-announcer]");
  announcer.textContent = announcer.dataset.textEnd;
  return undefined;
}

function back() {
  if (own) location.assign(way().from ?? document.querySelector(".brand").href);
}

function go(step) {
  const all = rows();
  if (own) return goOn(step);
  if (!all.length) return undefined;
  const focused = document.activeElement?.closest?.("[data-ticket]");
  at = Math.max(0, Math.min(all.length - 1, (focused ? all.indexOf(focused) : at) + step));
  const link = all[at].querySelector(".ticket-link");
  link.focus({ preventScroll: true });
  return all[at].scrollIntoView({ block: "nearest" });
}

function tick() {
  currentRow()?.querySelector("input[type=checkbox]")?.click();
}

function claim() {
  const button = document.querySelector("[data-key-claim]");
  if (button) return button.click();
  const form = document.getElementById("bulk");
  const row = currentRow();
  if (!form || !(row || form.querySelector(".ticket-tick :checked"))) return undefined;
  if (!form.querySelector(".ticket-tick :checked")) row.querySelector("input[type=checkbox]").checked = true;
  return form.requestSubmit();
}

function bulk() {
  const button = document.querySelector("[data-key-bulk]");
  const row = currentRow();
  if (!button || !(row || button.form.querySelector(".ticket-tick :checked"))) return undefined;
  if (!button.form.querySelector(".ticket-tick :checked")) row.querySelector("input[type=checkbox]").checked = true;
  return button.form.requestSubmit(button);
}

function compose(mode) {
  const tab = document.querySelector(`.composer input[name=mode][value=${mode}]`);
  if (!tab) return;
  tab.click();
  document.querySelector(".composer textarea")?.focus();
}

function press(selector) {
  document.querySelector(selector)?.click();
}

const actions = {
  j: () => go(1),
  k: () => go(-1),
  x: tick,
  b: bulk,
  c: claim,
  r: () => compose("reply"),
  n: () => compose("note"),
  a: () => press("[data-dialog=panel-assign]"),
  e: () => press("[data-key-type]"),
  h: () => press("[data-dialog=panel-assist]"),
  p: () => press("[data-dialog=panel-priority]"),
  s: () => press("[data-dialog=panel-resolve]"),
  u: back,
  v: () => press("[data-dialog=panel-transfer]"),
  t: () => press("[data-key-templates]"),
  1: () => press("[data-rank='1']"),
  2: () => press("[data-rank='2']"),
  3: () => press("[data-rank='3']"),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => press("[data-dialog=keyboard-help]"),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    const composer = event.target.closest?.(".composer");
    if (event.key === "Enter" && composer) {
      event.preventDefault();
      composer.requestSubmit(composer.querySelector("[data-send]"));
    }
    return;
  }
  if (event.key === "Escape" && event.target.matches(typing) && !event.target.closest("dialog")) {
    event.target.blur();
    return;
  }
  if (event.target.matches(typing) || document.querySelector("dialog:modal")) return;
  const action = actions[event.key];
  if (!action || document.body.dataset.keys === "off") return;
  event.preventDefault();
  action();
});
if (!own) addEventListener("pagehide", keepWay);
