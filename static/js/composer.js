// The composer: keep a draft, light and refuse unfilled placeholders, copy and mark as sent, count the seconds in which a
// message can be taken back. Templates are put into it by templates.js.

const form = document.querySelector("form[data-composer]");
const text = form?.querySelector("textarea");
const hint = form?.querySelector("[data-composer-hint]");
const gapLine = form?.querySelector("[data-gaps]");
const placeholder = /[{｛] ?([A-Za-z][A-Za-z_]{0,39}) ?[}｝]/g; // as the program reads them

// -- drafts: one per ticket, with the tab it was written under: on the server, so that another device goes on with it, and
// in this browser, which keeps it while the network or the login is gone

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

let saving = new AbortController();
let kept = form ? [form.elements.mode.value, text.value].join() : "";

function sendDraft() {
  const now = [form.elements.mode.value, text.value].join();
  if (now === kept) return;
  kept = now;
  const body = new FormData();
  for (const name of ["csrf_token", "mode", "text"]) body.set(name, form.elements[name].value);
  const { signal } = (saving = new AbortController());
  const headers = { "X-Requested-With": "fetch" };
  fetch(form.dataset.draft, { method: "POST", body, keepalive: true, headers, signal }).catch(() => {
    kept = ""; // tried again with the next letter
  });
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

// -- placeholders that nobody filled: lit above the text, the first one marked; Tab goes on to the next

const gaps = () => [...text.value.matchAll(placeholder)].map((found) => [found.index, found.index + found[0].length]);

function select([start, end]) {
  text.focus();
  text.setSelectionRange(start, end);
}

function lightGaps() {
  if (!gapLine) return;
  const open = form.elements.mode.value === "reply" ? gaps() : [];
  gapLine.querySelectorAll("button").forEach((button) => button.remove());
  gapLine.hidden = !open.length;
  for (const gap of open) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tag gap";
    button.textContent = text.value.slice(...gap);
    button.addEventListener("click", () => select(gap));
    gapLine.append(button);
  }
}

function goToGap(event) {
  if (event.key !== "Tab" || event.altKey || event.ctrlKey || event.metaKey) return;
  if (form.elements.mode.value !== "reply") return;
  const { selectionStart: start, selectionEnd: end } = text;
  const next = event.shiftKey ? gaps().findLast((gap) => gap[1] <= start) : gaps().find((gap) => gap[0] >= end);
  if (!next) return; // the last one is passed: Tab leaves the field as ever
  event.preventDefault();
  select(next);
}

function refuseUnresolved(event) {
  const open = gaps();
  if (form.elements.mode.value !== "reply" || !open.length) return;
  event.preventDefault();
  const names = [...new Set(open.map((gap) => text.value.slice(...gap)))].join(" ");
  hint.textContent = `${form.dataset.textUnresolved} ${names}`;
  text.setAttribute("aria-invalid", "true");
  select(open[0]);
}

if (form) {
  form.querySelector(".notice.problem")?.scrollIntoView({ block: "center" });
  forgetOldDrafts();
  restoreDraft();
  let waiting = 0;
  let sending = 0;
  text.addEventListener("input", () => {
    text.removeAttribute("aria-invalid");
    hint.textContent = "";
    lightGaps();
    clearTimeout(waiting);
    waiting = setTimeout(saveDraft, 400);
    clearTimeout(sending);
    sending = setTimeout(sendDraft, 1500);
  });
  text.addEventListener("keydown", goToGap);
  text.addEventListener("templateinserted", (event) => {
    hint.textContent = event.detail;
    lightGaps();
    const [first] = gaps();
    if (first) select(first);
    saveDraft();
  });
  form.querySelector("[data-unresolved]")?.remove(); // said in place
  lightGaps();
  if (text.getAttribute("aria-invalid")) select(gaps()[0] ?? [0, 0]);
  form.addEventListener("change", (event) => {
    if (event.target.name !== "mode") return;
    lightGaps();
    saveDraft();
  });
  form.addEventListener("submit", (event) => {
    refuseUnresolved(event);
    if (event.defaultPrevented) return;
    saveDraft();
    clearTimeout(sending); // what is sent is no draft
    saving.abort();
    // Two clicks are one message. Enabled again if the page comes back from the cache.
    form.querySelector("[data-send]").disabled = true;
  });
  addEventListener("pageshow", () => {
    form.querySelector("[data-send]").disabled = false;
  });
  addEventListener("pagehide", () => {
    if (form.querySelector("[data-send]").disabled) return;
    saveDraft();
    sendDraft();
  });
}

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
