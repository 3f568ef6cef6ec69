// The desk of questions: Enter on a question goes to its answer, a tap puts a usual answer in, Ctrl+Enter sends it.

function fieldOf(element) {
  return element.closest(".ask")?.querySelector("textarea");
}

function insert(field, words) {
  const before = field.value.trimEnd();
  field.value = before ? `${before}\n${words}` : words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const quick = event.target.closest("[data-quick]");
  if (quick) {
    insert(fieldOf(quick), quick.textContent);
    if (matchMedia("(pointer: fine)").matches) fieldOf(quick).focus(); // a phone's keyboard would cover the buttons
    return;
  }
  const question = event.target.closest("[data-answer]");
  const field = question && fieldOf(question);
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest?.(".ask-form");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector(".btn.primary"));
});

// How many pictures were taken of each: the button says so, the answer carries them.
document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-photos] input[type=file]");
  if (!field) return;
  const button = field.closest("label");
  const said = field.closest("[data-photos]").dataset.textTaken.replace("{n}", field.files.length);
  button.querySelector("[data-count]").textContent = field.files.length ? said : "";
  button.classList.toggle("taken", field.files.length > 0);
});
