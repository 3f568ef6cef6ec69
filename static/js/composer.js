// The composer: insert a template, keep a draft, refuse unfilled placeholders, copy and mark as sent, count the seconds
// in which a message can be taken back.

const form = document.querySelector("form[data-composer]");
const text = form?.querySelector("textarea");
const hint = form?.querySelector("[data-composer-hint]");
const placeholder = /\{[a-z][a-z0-9_]*\}/;

// -- drafts: one per ticket, with the tab it was written under, in this browser only

const draftKey = () => `draft:${form.dataset.composer}`;

function storage(action) {
  try {
    return action(localStorage);
  } catch {
    return null; // storage is switched off: the draft is a convenience
  }
}

function saveDraft() {
  const draft = JSON.stringify({ mode: form.elements.mode.value, text: text.value, at: Date.now() });
  storage((store) => (text.value.trim() ? store.setItem(draftKey(), draft) : store.removeItem(draftKey())));
}

// The conversation itself says whether a draft has arrived: a lost session or a dead network loses no words.
function hasArrived(words) {
  const plain = (value) => value.replace(/\s+/g, " ").trim();
  return [...document.querySelectorAll(".bubble")].some((bubble) => plain(bubble.textContent) === plain(words));
}

function restoreDraft() {
  if (text.value) return;
  const draft = storage((store) => JSON.parse(store.getItem(draftKey())));
  if (!draft) return;
  if (hasArrived(draft.text)) {
    storage((store) => store.removeItem(draftKey()));
    return;
  }
  const tab = form.querySelector(`input[name=mode][value="${draft.mode}"]`);
  if (!tab) return; // the right to write under that tab is gone
  tab.checked = true;
  text.value = draft.text;
  hint.textContent = form.dataset.textRestored;
}

function forgetOldDrafts() {
  const oldest = Date.now() - 7 * 24 * 3600 * 1000;
  storage((store) => {
    for (const key of Object.keys(store)) {
      if (key.startsWith("draft:") && !(JSON.parse(store.getItem(key)).at > oldest)) store.removeItem(key);
    }
  });
}

// -- templates

function insert(link) {
  const { insert: words, template, title, solution, status } = link.dataset;
  form.elements.mode.value = "reply";
  const empty = !text.value.trim();
  text.focus();
  if (empty) text.select();
  else text.setSelectionRange(text.value.length, text.value.length);
  // execCommand keeps the browser's own undo working; there is no successor for textareas.
  const all = empty ? words : `\n${words}`;
  if (!document.execCommand("insertText", false, all)) text.value = empty ? words : text.value + all;
  form.elements.template_id.value = template;
  if (solution) form.elements.solution.checked = true;
  if (status) form.elements.status.value = status;
  hint.textContent = title;
  selectUnresolved();
  saveDraft();
}

function selectUnresolved() {
  const found = placeholder.exec(text.value);
  if (found) text.setSelectionRange(found.index, found.index + found[0].length);
  return found !== null;
}

function refuseUnresolved(event) {
  if (form.elements.mode.value !== "reply" || !placeholder.test(text.value)) return;
  event.preventDefault();
  const names = [...new Set(text.value.match(new RegExp(placeholder, "g")))].join(" ");
  hint.textContent = `${form.dataset.textUnresolved} ${names}`;
  text.setAttribute("aria-invalid", "true");
  text.focus();
  selectUnresolved();
}

if (form) {
  form.querySelector(".notice.problem")?.scrollIntoView({ block: "center" });
  forgetOldDrafts();
  restoreDraft();
  let waiting = 0;
  text.addEventListener("input", () => {
    text.removeAttribute("aria-invalid");
    hint.textContent = "";
    clearTimeout(waiting);
    waiting = setTimeout(saveDraft, 400);
  });
  form.addEventListener("change", (event) => event.target.name === "mode" && saveDraft());
  form.addEventListener("submit", (event) => {
    refuseUnresolved(event);
    if (event.defaultPrevented) return;
    saveDraft();
    // Two clicks are one message. Enabled again if the page comes back from the cache.
    form.querySelector("[data-send]").disabled = true;
  });
  addEventListener("pageshow", () => {
    form.querySelector("[data-send]").disabled = false;
  });
  addEventListener("pagehide", () => {
    if (!form.querySelector("[data-send]").disabled) saveDraft();
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-insert]");
  if (!link || !form || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  link.closest("dialog")?.close();
  insert(link);
});

// -- copy and mark as sent

document.addEventListener("submit", async (event) => {
  const source = event.target.dataset.copy;
  if (!source || event.target.dataset.copied) return;
  event.preventDefault();
  await copy(source);
  event.target.dataset.copied = "1";
  event.target.requestSubmit();
});

async function copy(id) {
  const words = document.getElementById(id)?.textContent.trim() ?? "";
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    copyBySelection(id); // no clipboard without https, or not allowed
  }
}

function copyBySelection(id) {
  const range = document.createRange();
  range.selectNodeContents(document.getElementById(id));
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  document.execCommand("copy");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-text]");
  if (button) copy(button.dataset.copyText);
});

// -- take back

for (const takeBack of document.querySelectorAll("form[data-until]")) {
  const until = Date.parse(takeBack.dataset.until);
  const sentAt = Date.parse(document.body.dataset.now || "");
  const offset = Number.isNaN(sentAt) ? 0 : sentAt - Date.now();
  const seconds = takeBack.querySelector("[data-seconds]");
  const count = () => {
    const left = Math.ceil((until - Date.now() - offset) / 1000);
    if (left <= 0) takeBack.remove();
    else {
      seconds.textContent = left;
      setTimeout(count, 500);
    }
  };
  count();
}

// -- the newest message is in sight

const timeline = document.getElementById("timeline");
if (timeline && !location.hash.startsWith("#message-")) timeline.scrollTop = timeline.scrollHeight;
