// Copy the text of an element that a button names, and say so on the button.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-text]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyText);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch {
    getSelection().selectAllChildren(source); // no clipboard without https, or not allowed: one more key does it
    return;
  }
  button.querySelector("span").textContent = button.dataset.textDone;
});
