// Writing a template: placeholders are put in by a click. What the customer would read is shown by preview.js.

const form = document.querySelector("form[data-template-form]");
let last = form.elements.body_zh;

form.addEventListener("focusin", (event) => {
  if (event.target.matches("[name=body_zh], [name=body_en]")) last = event.target;
});

// execCommand keeps the browser's own undo working; there is no successor for textareas.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-placeholder]");
  if (!button) return;
  last.focus();
  if (document.execCommand("insertText", false, button.dataset.placeholder)) return;
  last.setRangeText(button.dataset.placeholder, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});
