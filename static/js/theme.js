// The theme switch without a page load. The server reads the same choice from the cookie, so nothing flashes.

const root = document.documentElement;

function current() {
  if (root.dataset.theme) return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

for (const form of document.querySelectorAll("form[data-theme-form]")) {
  const button = form.querySelector("button[name=theme]");
  button.value = current() === "dark" ? "light" : "dark";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = current() === "dark" ? "light" : "dark";
    const body = new FormData(form);
    body.set("theme", theme);
    fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {});
    const apply = () => {
      root.dataset.theme = theme;
      button.value = theme === "dark" ? "light" : "dark";
    };
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (document.startViewTransition && !calm) document.startViewTransition(apply);
    else apply();
  });
}
