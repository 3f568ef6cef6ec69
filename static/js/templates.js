// Templates in the composer: inserting one, what it does along with the reply, and the search that opens with '/'.

const form = document.querySelector("form[data-templates]");
const text = form.querySelector("#composer-text");
const staged = form.querySelector("[data-staged]");
const rows = staged.querySelector(".staged-rows");
const finder = form.querySelector("[data-template-search]");
const box = finder.querySelector("input");
const list = finder.querySelector("[role=listbox]");
const status = finder.querySelector("[role=status]");
const MOST = 20;
let shelf = null;
let busy = false; // text is being put in by us

// -- all templates, filled for this ticket: asked for once, when they are needed

function templates() {
  shelf ??= fetch(form.dataset.templates, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then((answer) => answer.templates)
    .catch((error) => {
      shelf = null; // the next try asks again
      throw error;
    });
  return shelf;
}

// -- inserting

// execCommand keeps the browser's own undo working; there is no successor for textareas.
function put(words) {
  busy = true;
  if (!document.execCommand("insertText", false, words)) text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  busy = false;
}

function insert(template, rank, here) {
  form.elements.mode.value = "reply";
  const empty = !text.value.trim();
  text.focus();
  if (empty) text.select();
  else if (!here) text.setSelectionRange(text.value.length, text.value.length);
  put(empty || here ? template.text : `\n${template.text}`);
  form.elements.template_id.value = template.code;
  form.elements.template_version.value = template.version;
  form.elements.rank.value = rank;
  rows.innerHTML = template.staged;
  if (template.solution) form.elements.solution.checked = true;
  const choice = form.elements.status;
  if ([...choice.options].some((option) => template.status && option.value === template.status)) choice.value = template.status;
  mirror(template);
  text.dispatchEvent(new CustomEvent("templateinserted", { bubbles: true, detail: template.title }));
}

// A suggestion stands on the page as it is; of the others the page knows the name only.
function onPage(link) {
  const { template, templateVersion, title, solution, status: after } = link.dataset;
  const card = link.closest(".suggestion");
  return {
    code: template,
    version: templateVersion,
    title,
    solution: Boolean(solution),
    status: after,
    text: card.querySelector("p").textContent,
    staged: card.querySelector("template")?.innerHTML ?? "",
  };
}

async function insertLinked(link) {
  if (link.dataset.rank) {
    insert(onPage(link), link.dataset.rank, false);
    return;
  }
  try {
    const found = (await templates()).find((one) => one.code === link.dataset.template);
    link.closest("dialog")?.close();
    if (found) insert(found, "", false);
  } catch {
    link.closest("dialog")?.close();
    finder.hidden = false;
    status.textContent = status.dataset.textFailed;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-insert]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  insertLinked(link);
});

// -- what goes along: status and solution stand at the foot of the composer, and here as ticks

const mirrors = {
  status: {
    shown: () => form.elements.status.value !== "",
    label: () => form.elements.status.selectedOptions[0]?.textContent ?? "",
    set: (on, tick) => {
      if (!on) tick.dataset.was = form.elements.status.value;
      form.elements.status.value = on ? (tick.dataset.was ?? "") : "";
    },
  },
  solution: {
    shown: () => form.elements.solution.checked,
    set: (on) => {
      form.elements.solution.checked = on;
    },
  },
};

function mirror(template) {
  for (const [name, one] of Object.entries(mirrors)) {
    const line = staged.querySelector(`[data-mirror=${name}]`);
    line.hidden = !(template[name] && one.shown());
    update(name);
  }
  staged.hidden = !rows.childElementCount && !staged.querySelector("[data-mirror]:not([hidden])");
}

function update(name) {
  const line = staged.querySelector(`[data-mirror=${name}]`);
  const one = mirrors[name];
  line.querySelector("input").checked = one.shown();
  if (one.label && one.shown()) line.querySelector("b").textContent = one.label();
}

form.addEventListener("change", (event) => {
  const line = event.target.closest("[data-mirror]");
  if (line) mirrors[line.dataset.mirror].set(event.target.checked, event.target);
  else if (event.target.name in mirrors) update(event.target.name);
});

// What the reply says of the amount and what is proposed stay the same figure.
rows.addEventListener("input", (event) => {
  if (event.target.name !== "amount") return;
  const { said, room } = event.target.dataset;
  const typed = event.target.value.trim();
  if (!/^\d{1,7}(\.\d{1,2})?$/.test(typed)) return;
  const over = event.target.closest(".staged-row").querySelector("[data-over-room]");
  if (over) over.hidden = Number(typed) * 100 <= Number(room);
  const now = `¥${Number(typed).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
  if (!said || !text.value.includes(said)) return;
  text.value = text.value.replaceAll(said, now);
  event.target.dataset.said = now;
});

mirror({ status: form.elements.template_id.value !== "", solution: form.elements.template_id.value !== "" });

// -- the search: a slash at the beginning of the text or of a line opens it. A Chinese keyboard gives 、 for it.

const options = () => [...list.children];
const current = () => list.querySelector("[aria-selected=true]");

function openAtSlash() {
  const at = text.selectionStart;
  if (busy || form.elements.mode.value !== "reply" || !"/／、".includes(text.value[at - 1] || "x")) return;
  if (at > 1 && text.value[at - 2] !== "\n") return;
  text.setSelectionRange(at - 1, at);
  busy = true;
  if (!document.execCommand("delete")) text.setRangeText("", at - 1, at, "end");
  busy = false;
  finder.hidden = false;
  box.value = "";
  box.focus();
  find();
}

text.addEventListener("input", (event) => {
  if (!event.isComposing && event.inputType?.startsWith("insert") && event.inputType !== "insertFromPaste") openAtSlash();
});
text.addEventListener("compositionend", openAtSlash);

function close(back = true) {
  finder.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
  list.replaceChildren();
  list.hidden = true;
  if (back) text.focus();
}

// The same fields in the same order as the program's own search.
function place([shortcut, title, words, sounds, body], word) {
  if (shortcut.startsWith(word)) return 5;
  if (title.includes(word)) return 4;
  if (words.includes(word)) return 3;
  if (word.length > 1 && /^[\x00-\x7f]+$/.test(word) && sounds.includes(word)) return 2;
  return body.includes(word) ? 1 : 0;
}

function matching(all, query) {
  const words = query.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  return all
    .map((one) => ({ one, at: Math.min(5, ...words.map((word) => place(one.fields, word))) }))
    .filter(({ at }) => at > 0)
    .sort((a, b) => b.at - a.at)
    .slice(0, MOST)
    .map(({ one }) => one);
}

async function find() {
  const query = box.value;
  if (!shelf) status.textContent = status.dataset.textLoading;
  let all;
  try {
    all = await templates();
  } catch {
    status.textContent = status.dataset.textFailed;
    return;
  }
  if (finder.hidden || query !== box.value) return;
  const found = matching(all, query);
  list.replaceChildren(...found.map(option));
  list.hidden = !found.length;
  box.setAttribute("aria-expanded", String(found.length > 0));
  status.textContent = found.length ? `${found.length} ${status.dataset.textFound}` : status.dataset.textNone;
  choose(0);
}

function option(template, at) {
  const line = document.createElement("li");
  line.id = `template-option-${at}`;
  line.setAttribute("role", "option");
  line.template = template;
  const part = (tag, words, name = "") => {
    if (!words) return;
    const made = document.createElement(tag);
    made.textContent = words;
    made.className = name;
    line.append(made);
  };
  part("b", template.title);
  part("code", template.shortcut && `/${template.shortcut}`, "sub");
  part("small", template.type, "push sub");
  part("span", template.text, "template-words");
  template.offers.forEach((offer) => part("small", offer, "tag accent"));
  return line;
}

function choose(at) {
  const all = options();
  current()?.setAttribute("aria-selected", "false");
  const chosen = all[(at + all.length) % all.length];
  if (!chosen) {
    box.removeAttribute("aria-activedescendant");
    return;
  }
  chosen.setAttribute("aria-selected", "true");
  chosen.scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", chosen.id);
}

function take(line) {
  if (!line) return;
  close();
  insert(line.template, "", true);
}

const keys = {
  ArrowDown: () => choose(options().indexOf(current()) + 1),
  ArrowUp: () => choose(options().indexOf(current()) - 1),
  Home: () => choose(0),
  End: () => choose(-1),
  Enter: () => take(current()),
  Escape: () => close(),
};

box.addEventListener("keydown", (event) => {
  event.stopPropagation(); // none of the page's own keys while searching
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const literal = event.key === "/" && !box.value; // a second slash is meant as a slash
  if (!(event.key in keys) && !literal && !(event.key === "Backspace" && !box.value)) return;
  event.preventDefault();
  if (event.key in keys) keys[event.key]();
  else close();
  if (literal) put("/");
});
box.addEventListener("input", (event) => {
  if (!event.isComposing) find();
});
box.addEventListener("compositionend", find);
finder.addEventListener("focusout", (event) => {
  if (!finder.contains(event.relatedTarget)) close(false);
});
list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
list.addEventListener("click", (event) => take(event.target.closest("[role=option]")));
