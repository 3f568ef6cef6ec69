// The bell on every page: asks every 20 seconds whether there is anything new (once a minute in a tab that nobody looks at,
// where the count stands in the title), and fills its menu when it opens. ETag: while nothing changes an answer costs an empty
// 304; failures back off up to five minutes; it ends where the person is signed out.

const SEEN = 20_000;
const HIDDEN = 60_000;
const MOST = 300_000;

const bell = document.querySelector("[data-bell]");
const menu = bell?.querySelector("[data-bell-menu]");
const announcer = document.querySelector("[data-announcer]");
const title = document.title;
const headers = { "X-Requested-With": "fetch" };

const sign = () => bell.querySelector("[data-bell-sign]");
let etag = "";
let failures = 0;
let timer = 0;

function showTitle() {
  const unread = Number(sign().dataset.unread);
  document.title = unread ? `(${unread < 100 ? unread : "99+"}) ${title}` : title;
}

// What has come since the last answer is said; of what was there when the page opened, nothing is.
function announce(before, now) {
  const newer = before.newest ? Number(now.newest) > Number(before.newest) : Number(now.unread) > Number(before.unread);
  if (newer && now.news && announcer) announcer.textContent = now.news;
  return newer;
}

function wire(text) {
  const before = { ...sign().dataset };
  sign().outerHTML = text;
  showTitle();
  if (announce(before, sign().dataset) && bell.open) fill();
}

// Whether to go on asking.
async function ask() {
  const answer = await fetch(bell.dataset.bell, {
    headers: etag ? { ...headers, "If-None-Match": etag } : headers,
    cache: "no-store",
    redirect: "manual",
  });
  if (answer.status === 304) return true;
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return false;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag") ?? "";
  wire(await answer.text());
  return true;
}

async function run() {
  clearTimeout(timer);
  let goesOn = true;
  try {
    goesOn = await ask();
    failures = 0;
  } catch {
    failures += 1;
  }
  const every = document.hidden ? HIDDEN : SEEN;
  if (goesOn) timer = setTimeout(run, Math.min(every * 2 ** failures, MOST));
}

async function fill() {
  try {
    const answer = await fetch(bell.dataset.bellLatest, { headers, cache: "no-store", redirect: "manual" });
    if (answer.ok && !menu.contains(document.activeElement)) menu.innerHTML = await answer.text();
  } catch {
    // the link to the page stays
  }
}

// Without a page load: somebody may be writing below.
async function readAll(event) {
  event.preventDefault();
  const form = event.target;
  try {
    await fetch(form.action, { method: "POST", body: new FormData(form), headers });
  } catch {
    return;
  }
  bell.querySelector("summary").focus();
  await run();
  fill();
}

if (bell) {
  showTitle();
  timer = setTimeout(run, SEEN);
  bell.addEventListener("toggle", () => bell.open && fill());
  menu.addEventListener("submit", readAll);
  document.addEventListener("visibilitychange", () => document.hidden || run());
  addEventListener("pageshow", (event) => event.persisted && run());
}
