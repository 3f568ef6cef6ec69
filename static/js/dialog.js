// Dialogs as modals, menus that close by themselves, notices that can be dismissed, filter forms that submit on change.
// Without script the same dialogs are rendered open by ?panel=. A ticket's panels come with that address only: they are
// fetched from it when the first of them is asked for.

function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog) return false;
  if (dialog.open) dialog.close();
  dialog.showModal();
  if (!matchMedia("(pointer: fine)").matches) return true; // the keyboard of a phone would cover the sheet
  const wanted = [
    "[aria-invalid=true]",
    "[data-filter]",
    ".dialog-body input[type=radio]:checked",
    ".dialog-body :is(input:not([type=hidden]), select, textarea, button)",
  ];
  for (const selector of wanted) {
    const field = dialog.querySelector(selector);
    if (!field) continue;
    field.focus();
    break;
  }
  return true;
}

// A panel the server opened becomes a modal too.
for (const dialog of document.querySelectorAll("dialog[open]")) open(dialog.id);

// What a fetched panel does is still done to the ticket as this page shows it.
function adopt(dialog) {
  const version = document.querySelector("[data-version]")?.dataset.version;
  dialog.removeAttribute("open");
  for (const field of dialog.querySelectorAll("input[name=version]")) field.value = version ?? field.value;
  document.querySelector("main").append(dialog);
  prepare(dialog);
}

async function fetchPanels(address) {
  const answer = await fetch(address);
  if (!answer.ok || answer.redirected) throw new Error(`no panels: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const dialog of page.querySelectorAll("dialog[id^=panel-]")) {
    if (!document.getElementById(dialog.id)) adopt(dialog);
  }
}

async function openFetched(opener) {
  if (opener.ariaBusy === "true") return;
  opener.ariaBusy = "true";
  try {
    await fetchPanels(opener.href);
    if (!open(opener.dataset.dialog)) throw new Error("not among them");
  } catch {
    location.assign(opener.href); // the page says what has changed: the ticket, or the login
  } finally {
    opener.ariaBusy = null;
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey) {
    if (open(opener.dataset.dialog)) event.preventDefault();
    else if (opener.href) {
      event.preventDefault();
      openFetched(opener);
    }
  }

  // A click on the backdrop hits the dialog element itself.
  if (event.target instanceof HTMLDialogElement && event.target.matches(":modal")) {
    const box = event.target.getBoundingClientRect();
    const outside =
      event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside) event.target.close();
  }

  event.target.closest("[data-dismiss]")?.closest("[data-flash]")?.remove();

  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// Filter chips apply at once; empty fields don't clutter the address.
for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.addEventListener("change", () => form.requestSubmit());
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && !field.value) field.disabled = true;
    }
  });
}

// The back button may bring the page back with its fields still disabled.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-auto-submit]")) {
    for (const field of form.elements) field.disabled = false;
  }
});

function prepare(dialog) {
  dialog.addEventListener("close", forgetPanel);
  dialog.querySelectorAll("input[data-filter]").forEach(filterList);
}

// A closed panel should not open again on reload.
function forgetPanel() {
  const url = new URL(location.href);
  if (!url.searchParams.has("panel")) return;
  url.searchParams.delete("panel");
  history.replaceState(null, "", url);
}

// Search boxes inside dialogs: every word must occur.
function filterList(box) {
  const list = document.getElementById(box.dataset.filter);
  const none = list?.parentElement.querySelector("[data-filter-none]");
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of list.children) {
      const text = `${item.dataset.words ?? ""} ${item.textContent}`.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
    }
    if (none) none.hidden = shown > 0;
  });
}

document.querySelectorAll("dialog").forEach(prepare);
