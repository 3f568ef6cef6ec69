// Long work that is watched: the page asks for itself every two seconds, until the work is at its end.

const EVERY = 2000;
const shown = () => document.querySelector("[data-progress]");

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-progress]");
  if (fresh && !shown().contains(document.activeElement)) shown().replaceWith(fresh);
  else if (fresh?.dataset.progress === "over") location.reload();
}

async function watch() {
  while (shown()?.dataset.progress === "going") {
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    await look().catch(() => {});
  }
}

watch();
