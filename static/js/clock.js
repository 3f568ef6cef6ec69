// Keeps SLA rings, bars, words and levels going between two answers of the server.
// An element with data-late-after (ISO instant) and data-target (seconds) is a running clock; it is late after that instant.

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

function draw(element) {
  const left = (Date.parse(element.dataset.lateAfter) - Date.now() - offset) / 1000;
  const target = Number(element.dataset.target);
  const now = level(left);
  const percent = left < 0 || !target ? 100 : Math.min(100, Math.round((left / target) * 100));
  const text = (left < 0 ? body.dataset.textOver : body.dataset.textLeft).replace("{time}", words(Math.abs(left)));

  setLevel(element, now);
  const label = element.querySelector("[data-clock-text]");
  if (label && label.textContent !== text) label.textContent = text;
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
