// Asks every 15 seconds whether the ticket has moved on from this page, and says so beside the composer. It never reloads by
// itself: somebody may be writing. ETag: while nothing is new an answer costs an empty 304; hidden tabs wait; failures back
// off up to four minutes; it ends where the person may no longer ask.

const EVERY = 15_000;
const place = document.querySelector("[data-pulse]");
let etag = "";
let failures = 0;
let timer = 0;

async function ask() {
  const headers = { "X-Requested-With": "fetch" };
  if (etag) headers["If-None-Match"] = etag;
  const answer = await fetch(place.dataset.pulse, { headers, cache: "no-store", redirect: "manual" });
  if (answer.status === 304) return true;
  if ([401, 403, 404].includes(answer.status)) return false;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag") ?? "";
  place.innerHTML = await answer.text();
  return true;
}

async function run() {
  clearTimeout(timer);
  let goesOn = true;
  if (!document.hidden) {
    try {
      goesOn = await ask();
      failures = 0;
    } catch {
      failures += 1;
    }
  }
  if (goesOn) timer = setTimeout(run, EVERY * 2 ** Math.min(failures, 4));
  else document.removeEventListener("visibilitychange", whenSeen);
}

function whenSeen() {
  if (!document.hidden) run();
}

if (place) {
  timer = setTimeout(run, EVERY);
  document.addEventListener("visibilitychange", whenSeen);
}
