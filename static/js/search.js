// The search box completes filters: what is being typed is compared with all of them, fetched once when they are needed.

const box = document.querySelector("[data-search]");
const list = box.form.querySelector("[role=listbox]");
const MOST = 8;
let values = null; // not fetched yet
let chosen = -1;

async function fetchValues() {
  const answer = await fetch(box.dataset.values, { headers: { Accept: "application/json" } });
  return answer.ok && !answer.redirected ? (await answer.json()).values : [];
}

// The word that the caret stands behind, and where it begins; none inside quotes.
function word() {
  const before = box.value.slice(0, box.selectionStart);
  const start = before.search(/\S+$/);
  const quoted = (before.match(/"/g) ?? []).length % 2;
  return start < 0 || quoted ? null : { start, text: before.slice(start).normalize("NFKC").toLowerCase() };
}

function close() {
  list.hidden = true;
  chosen = -1;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function choose(place) {
  const options = [...list.children];
  chosen = (place + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", options[chosen].id);
}

function take(text) {
  const typed = word();
  const end = box.selectionStart;
  box.setRangeText(`${text} `, typed ? typed.start : end, end, "end");
  close();
  box.focus();
}

function fitting(typed) {
  const begins = values.filter((one) => one.text.toLowerCase().startsWith(typed));
  const found = values.filter((one) => !begins.includes(one) && one.words.includes(typed));
  return [...begins, ...found].filter((one) => one.text.toLowerCase() !== typed).slice(0, MOST);
}

async function offer() {
  const typed = word();
  if (!typed || /^[\d-]+$/.test(typed.text)) return close();
  values ??= await fetchValues().catch(() => null);
  if (!values || word()?.text !== typed.text) return close();
  const offered = fitting(typed.text);
  if (!offered.length) return close();
  list.replaceChildren(
    ...offered.map((one, place) => {
      const option = document.createElement("li");
      option.id = `search-value-${place}`;
      option.role = "option";
      option.textContent = one.text;
      option.setAttribute("aria-selected", "false");
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the box keeps the focus
        take(one.text);
      });
      return option;
    }),
  );
  chosen = -1;
  box.removeAttribute("aria-activedescendant");
  list.hidden = false;
  return box.setAttribute("aria-expanded", "true");
}

box.addEventListener("input", (event) => event.isComposing || offer());
box.addEventListener("compositionend", offer);
box.addEventListener("blur", close);
box.addEventListener("keydown", (event) => {
  if (event.isComposing || list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(event.key === "ArrowDown" ? chosen + 1 : Math.max(chosen, 0) - 1);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen].textContent);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close();
  }
});
