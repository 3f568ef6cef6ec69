// The composer: insert a template, keep a draft, refuse unfilled placeholders, copy and mark as sent, count the seconds
// in which a message can be taken back.

const form = document.querySelector("form[data-composer]");
const text = form?.querySelector("textarea");
const hint = form?.querySelector("[data-composer-hint]");
const placeholder = /\{[a-z][a-z0-9_]*\}/;

// -- drafts: by ticket and mode, in this browser only

const draftKey = () => `draft:${form.dataset.composer}:${form.elements.mode.value}`;

function storage(action) {
  try {
    return action(localStorage);
  } catch {
    return null; // storage is switched off: the draft is a convenience
  }
}

function saveDraft() {
  storage((store) => (text.value.trim() ? store.setItem(draftKey(), text.value) : store.removeItem(draftKey())));
}

function restoreDraft() {
  if (text.value) return;
  const draft = storage((store) => store.getItem(draftKey()));
  if (!draft) return;
  text.value = draft;
  hint.textContent = form.dataset.textRestored;
}

// A draft is dropped when the next page shows that the text arrived, not when it was sent.
function dropArrived() {
  const sent = storage((store) => store.getItem("draft:sent"));
  if (!sent) return;
  storage((store) => store.removeItem("draft:sent"));
  const { key, value, number } = JSON.parse(sent);
  const here = form?.dataset.composer === number;
  const refused = here && (text.value === value || form.querySelector(".notice.problem"));
  if (!refused) storage((store) => store.removeItem(key));
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
  hint.setAttribute("role", "alert");
  text.setAttribute("aria-invalid", "true");
  text.focus();
  selectUnresolved();
}

if (form) {
  dropArrived();
  restoreDraft();
  let waiting = 0;
  text.addEventListener("input", () => {
    text.removeAttribute("aria-invalid");
    clearTimeout(waiting);
    waiting = setTimeout(saveDraft, 400);
  });
  let mode = form.elements.mode.value;
  form.addEventListener("change", (event) => {
    if (event.target.name !== "mode") return;
    // The typed words go along to the other tab; they are saved under the one they are sent from.
    storage((store) => store.removeItem(`draft:${form.dataset.composer}:${mode}`));
    mode = form.elements.mode.value;
    if (text.value) saveDraft();
    else restoreDraft();
  });
  form.addEventListener("submit", (event) => {
    refuseUnresolved(event);
    if (event.defaultPrevented) return;
    saveDraft();
    const sent = JSON.stringify({ key: draftKey(), value: text.value, number: form.dataset.composer });
    storage((store) => store.setItem("draft:sent", sent));
    // Two clicks are one message. Enabled again if the page comes back from the cache.
    form.querySelector("[data-send]").disabled = true;
  });
  addEventListener("pageshow", () => {
    form.querySelector("[data-send]").disabled = false;
  });
  addEventListener("pagehide", () => {
    if (!form.querySelector("[data-send]").disabled) saveDraft();
  });
} else {
  dropArrived();
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
  const words = document.getElementById(source)?.textContent.trim() ?? "";
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    copyBySelection(source);
  }
  event.target.dataset.copied = "1";
  event.target.requestSubmit();
});

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
  if (!button) return;
  const words = document.getElementById(button.dataset.copyText)?.textContent.trim() ?? "";
  navigator.clipboard?.writeText(words).catch(() => copyBySelection(button.dataset.copyText));
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
