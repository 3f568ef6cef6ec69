// Keeps SLA rings, bars, words and levels going between two answers of the server.
// An element with data-late-after (ISO instant) is a running clock; it is late after that instant, and the words count down
// to it. Ring and bar show the share of data-target (seconds of working time) that is left: data-working-left at the instant
// data-as-of, and less only between data-opens-at and data-closes-at. A data-resting clock says when it is due instead:
// nobody works now, and there is time. data-text says it in other words than those of the page.

const SOON = 3600; // amber: due within the hour, as on the key figure
const body = document.body;
const sentAt = Date.parse(body.dataset.now || "");
let offset = Number.isNaN(sentAt) ? 0 : sentAt - Date.now();

// The same as `duration` on the server: the two greatest units, minutes rounded down.
function words(seconds) {
  const minutes = Math.floor(seconds / 60);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  const part = (pattern, n) => pattern.replace("{n}", n);
  const parts = [];
  if (days) parts.push(part(body.dataset.textDays, days));
  if (hours) parts.push(part(body.dataset.textHours, hours));
  if (!days && (rest || !hours)) parts.push(part(body.dataset.textMinutes, rest));
  return parts.join(document.documentElement.lang.startsWith("zh") ? "" : " ");
}

function level(left) {
  if (left < 0) return "over";
  return left <= SOON ? "warn" : "ok";
}

function setLevel(element, now) {
  if (!element || element.classList.contains(now)) return;
  element.classList.remove("ok", "warn", "over");
  element.classList.add(now);
}

// NaN where nothing ever opens: comparisons are false, nothing is counted.
function counted({ asOf, opensAt, closesAt }, now) {
  const from = Math.max(Date.parse(asOf), Date.parse(opensAt));
  const to = Math.min(now, Date.parse(closesAt));
  return to > from ? (to - from) / 1000 : 0;
}

function share(data, now) {
  const percent = ((Number(data.workingLeft) - counted(data, now)) / Number(data.target)) * 100;
  return Math.max(0, Math.min(100, Math.floor(percent))) || 0;
}

function rests(element, now, present) {
  const resting = element.hasAttribute("data-resting") && present === "ok" && now < Date.parse(element.dataset.opensAt);
  if (!resting) element.removeAttribute("data-resting");
  return resting;
}

function draw(element) {
  const moment = Date.now() + offset;
  const left = (Date.parse(element.dataset.lateAfter) - moment) / 1000;
  const now = level(left);
  const percent = left < 0 ? 100 : share(element.dataset, moment);
  const pattern = element.dataset.text ?? (left < 0 ? body.dataset.textOver : body.dataset.textLeft);
  const text = pattern.replace("{time}", words(Math.abs(left)));

  setLevel(element, now);
  const label = element.querySelector("[data-clock-text]");
  if (label && !rests(element, moment, now) && label.textContent !== text) label.textContent = text;
  const dash = `${percent} 100`;
  const ring = element.querySelector(".ring .left");
  if (ring && ring.getAttribute("stroke-dasharray") !== dash) ring.setAttribute("stroke-dasharray", dash);

  setLevel(element.closest("[data-ticket]"), now);
  const bar = element.closest(".clock")?.querySelector(".bar");
  if (bar) {
    setLevel(bar, now);
    bar.value = left < 0 ? 0 : percent;
  }
}

function drawAll() {
  for (const element of document.querySelectorAll("[data-late-after]")) draw(element);
}

function tick() {
  if (!document.hidden) drawAll();
  setTimeout(tick, 5000);
}

// live.js hears the server's time again with every answer.
document.addEventListener("live:time", (event) => {
  offset = event.detail - Date.now();
});
document.addEventListener("live:merged", drawAll);
document.addEventListener("visibilitychange", () => document.hidden || drawAll());
tick();
