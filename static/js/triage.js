// Triage by keyboard: 1-3 choose, Enter confirms, s skips, u undoes, / looks for another type.
// A decision is one request; its answer brings the card that moves up at the end. The next card is on the page already,
// so nobody waits. Requests go one after the other: each says which card is the last one shown.

const page = document.querySelector("[data-triage-page]");
const cards = page.querySelector("[data-cards]");
const finished = page.querySelector("[data-finished]");
const told = page.querySelector("[data-told]");
const undoButton = told.querySelector("[data-undo]");
const dialog = document.getElementById("triage-types");
const filter = dialog.querySelector("[data-filter]");
const progress = document.querySelector("[data-progress]");
const typing = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const done = []; // {card, undo}: what can be taken back, the last one last
let sending = Promise.resolve();

const current = () => cards.querySelector("details[open]");
const waiting = () => [...cards.querySelectorAll("details:not([hidden])")];

function show(card) {
  finished.hidden = Boolean(card);
  if (!card) return;
  card.hidden = false;
  card.open = true;
  card.querySelector("input[name=type]:checked")?.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function after(card) {
  const all = waiting();
  return all[all.indexOf(card) + 1];
}

function leave(card) {
  const next = after(card);
  card.open = false;
  card.hidden = true;
  show(next ?? waiting()[0]);
}

function tell(answer) {
  told.hidden = false;
  told.classList.toggle("problem", Boolean(answer.problem));
  told.querySelector("[data-told-text]").textContent = answer.text;
  undoButton.hidden = !done.length;
  if (answer.left === undefined) return;
  progress.textContent = progress.dataset.text.replace("{left}", answer.left).replace("{done}", answer.done);
}

function append(html) {
  if (!html) return;
  const piece = document.createElement("template");
  piece.innerHTML = html;
  const card = piece.content.firstElementChild;
  if (cards.querySelector(`[data-card="${CSS.escape(card.dataset.card)}"]`)) return;
  cards.append(card);
  if (!current()) show(card);
}

async function post(address, fields) {
  const answer = await fetch(address, { method: "POST", body: fields, headers: { "X-Triage": "1", Accept: "application/json" } });
  if (answer.redirected || !answer.headers.get("Content-Type")?.includes("json")) throw new Error("not an answer");
  const body = await answer.json();
  return { text: body.detail ?? "", problem: !answer.ok, ...body };
}

async function send(card, address, fields) {
  fields.set("last", cards.lastElementChild.dataset.cursor);
  try {
    const answer = await post(address, fields);
    if (answer.undo) done.push({ card, undo: answer.undo });
    tell(answer);
    append(answer.card);
  } catch {
    location.reload(); // the session has ended, or the network: the page says which
  }
}

function decide(form) {
  const card = form.closest("[data-card]");
  const fields = new FormData(form);
  leave(card);
  sending = sending.then(() => send(card, form.action, fields));
}

async function takeBack() {
  const last = done.pop();
  if (!last) return;
  const fields = new FormData();
  fields.set("csrf_token", last.card.querySelector("[name=csrf_token]").value);
  try {
    const answer = await post(last.undo, fields);
    tell(answer);
    if (answer.problem) return;
    last.card.querySelector("[name=version]").value = answer.version;
    cards.prepend(last.card);
    show(last.card);
  } catch {
    location.reload();
  }
}

const undo = () => (sending = sending.then(takeBack));

function choose(place) {
  const choice = current()?.querySelectorAll("input[name=type]")[place - 1];
  if (!choice) return;
  current().querySelector("[name=other]").value = "";
  choice.checked = true;
  choice.focus({ preventScroll: true });
}

function openSearch() {
  if (!current()) return;
  filter.value = "";
  filter.dispatchEvent(new Event("input"));
  dialog.showModal();
  filter.focus();
}

function take(button) {
  dialog.close();
  const form = current()?.querySelector("form");
  if (!form || !button) return;
  form.elements.other.value = button.dataset.type;
  decide(form);
}

const actions = {
  1: () => choose(1),
  2: () => choose(2),
  3: () => choose(3),
  Enter: () => current() && decide(current().querySelector("form")),
  s: () => current() && leave(current()),
  u: undo,
  "/": openSearch,
};

// In front of the page-wide shortcuts, of which / is one.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches(typing) || document.querySelector("dialog:modal")) return;
    if (document.body.dataset.keys === "off") return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    const action = actions[event.key];
    if (!action || event.repeat) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    action();
  },
  true,
);

filter.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  take(dialog.querySelector("li:not([hidden]) [data-type]"));
});
dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-type]");
  if (button) take(button);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-triage]")) return;
  event.preventDefault();
  decide(event.target);
});
cards.addEventListener("click", (event) => {
  if (event.target.closest("[data-search-types]")) openSearch();
  if (!event.target.closest("[data-skip]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  leave(event.target.closest("[data-card]"));
});
undoButton.addEventListener("click", undo);
show(current());
