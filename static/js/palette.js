// The command palette: Ctrl+K, then what to do here or where to go, by a few letters or pinyin initials.
// Its pages come from /palette, once; what can be done here are the buttons of this page; the last line searches.

const dialog = document.getElementById("palette");
const box = dialog.querySelector("input");
const list = dialog.querySelector("ul");
const DOERS = "main [data-dialog], main [data-key-claim], main [data-command], .me-menu button";
let commandsHere = [];
let pages = null; // not fetched yet
let shown = [];
let chosen = 0;

const folded = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

function iconOf(element, fallback) {
  const own = element?.querySelector("svg");
  return (own ?? dialog.querySelector(`template[${fallback}]`).content.firstElementChild).cloneNode(true);
}

function nameOf(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, .visually-hidden").forEach((part) => part.remove());
  return copy.textContent.replace(/\s+/g, " ").trim();
}

// What this page offers, each name once.
function here() {
  const found = new Map();
  for (const element of document.querySelectorAll(DOERS)) {
    if (element.closest("dialog") || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
    const name = nameOf(element);
    if (name && !found.has(name)) {
      found.set(name, {
        name,
        words: name,
        group: dialog.dataset.textHere,
        icon: () => iconOf(element, "data-action-icon"),
        run: () => element.click(),
      });
    }
  }
  return [...found.values()];
}

async function fetchPages() {
  const answer = await fetch(dialog.dataset.places);
  if (!answer.ok || answer.redirected) return [];
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.querySelectorAll("#places > li")].map((item) => {
    const link = item.querySelector("a");
    const name = link.textContent.trim();
    return {
      name,
      words: item.dataset.words,
      group: dialog.dataset.textPages,
      icon: () => iconOf(link),
      run: () => location.assign(link.href),
    };
  });
}

function search(words) {
  const form = document.querySelector("form.search[role=search]");
  const field = form?.querySelector("[data-search]");
  if (!field) return [];
  const name = dialog.dataset.textSearch.replace("{words}", words);
  const run = () => {
    field.value = words;
    form.requestSubmit();
  };
  return [{ name, group: "", icon: () => iconOf(null, "data-search-icon"), run }];
}

function found() {
  const words = folded(box.value).split(" ").filter(Boolean);
  const known = [...commandsHere, ...(pages ?? [])];
  const matching = known.filter((one) => words.every((word) => folded(one.words).includes(word)));
  return words.length ? [...matching, ...search(box.value.trim())] : matching;
}

function show() {
  shown = found();
  let group = "";
  list.replaceChildren(
    ...shown.flatMap((command, place) => {
      const item = document.createElement("li");
      item.id = `palette-${place}`;
      item.role = "option";
      item.className = "menu-item";
      item.append(command.icon(), command.name);
      item.addEventListener("click", () => run(command));
      item.addEventListener("pointermove", () => choose(place));
      if (!command.group || command.group === group) return [item];
      group = command.group;
      const title = document.createElement("li");
      title.role = "presentation";
      title.className = "palette-group";
      title.textContent = group;
      return [title, item];
    }),
  );
  choose(0);
}

function choose(place) {
  const options = list.querySelectorAll("[role=option]");
  if (!options.length) return box.removeAttribute("aria-activedescendant");
  chosen = (place + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  return box.setAttribute("aria-activedescendant", options[chosen].id);
}

function run(command) {
  dialog.close();
  command?.run();
}

async function open() {
  if (dialog.open) return;
  commandsHere = here();
  box.value = "";
  dialog.showModal();
  show();
  pages ??= await fetchPages().catch(() => null);
  if (dialog.open) show();
}

const moves = {
  ArrowDown: () => choose(chosen + 1),
  ArrowUp: () => choose(chosen - 1),
  Enter: () => run(shown[chosen]),
};

box.addEventListener("input", show);
box.addEventListener("keydown", (event) => {
  const move = moves[event.key];
  if (!move || event.isComposing) return;
  event.preventDefault();
  move();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (!document.querySelector("dialog:modal")) open();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) open();
});
