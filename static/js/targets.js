// After a test message was sent: asks every two seconds, for two minutes, what became of it.

const EVERY = 2_000;
const MOST = 60;
const place = document.querySelector("[data-test-url]");

const isSending = () => place.querySelector("[data-test-state=sending]");

async function watch(tries) {
  if (!isSending() || tries === MOST) return;
  try {
    const answer = await fetch(place.dataset.testUrl, { headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
    if (!answer.ok) return;
    const text = await answer.text();
    if (!text.includes('data-test-state="sending"')) place.innerHTML = text;
  } catch {
    // the next try may get through
  }
  setTimeout(watch, EVERY, tries + 1);
}

if (place) {
  setTimeout(watch, EVERY, 0);
  // A reload, or the way back, shows the page without an old result.
  const url = new URL(location.href);
  url.searchParams.delete("test");
  history.replaceState(null, "", url);
}
