// The reference of the API: the addresses that have to do with what is typed.
const search = document.getElementById("api-search");
const none = document.getElementById("api-none");
const cards = [...document.querySelectorAll("[data-operation]")];

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const card of cards) {
    const text = card.textContent.toLowerCase();
    const fits = words.every((word) => text.includes(word));
    card.hidden = !fits;
    document.querySelector(`[data-entry="${card.dataset.operation}"]`).hidden = !fits;
    found += fits;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-entry]:not([hidden])");
  }
  none.hidden = found > 0;
}

search?.addEventListener("input", show);
