// Refreshes the list every 15 seconds. ETag: an unchanged list costs an empty 304. Rows are merged by key, so that ticks and
// focus stay; hidden tabs wait; failures back off up to four minutes. A row may itself hold rows (a lane of the board): then
// those are merged in turn, and of the row itself only what stands in data-live-inner is replaced.

const EVERY = 15_000;
const box = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
const announcer = document.querySelector("[data-announcer]");

const COUNTING = ["workingLeft", "asOf", "opensAt", "closesAt"]; // see clock.js

// What the server said about a row, without what merely follows from the time of day: that is clock.js's business.
function fingerprint(row) {
  const copy = row.cloneNode(true);
  copy.classList.remove("ok", "warn", "over", "fresh");
  for (const clock of copy.querySelectorAll("[data-late-after]")) {
    clock.className = "";
    clock.textContent = "";
    for (const name of COUNTING) delete clock.dataset[name];
  }
  for (const ago of copy.querySelectorAll("[data-ago]")) ago.textContent = "";
  return copy.outerHTML;
}

// Remembered when a row arrives: extensions and the clock change what stands in the page.
const arrived = new WeakMap();
for (const row of box?.querySelectorAll("[data-key]") ?? []) arrived.set(row, fingerprint(row));

function passTime(old, fresh) {
  const ago = old.querySelector("[data-ago]");
  const now = fresh.querySelector("[data-ago]");
  if (ago && now && ago.textContent !== now.textContent) ago.textContent = now.textContent;
  const clock = old.querySelector("[data-late-after]");
  const next = fresh.querySelector("[data-late-after]");
  if (clock && next) for (const name of COUNTING) clock.dataset[name] = next.dataset[name];
}

// Somebody writes in this row: what he typed outlives what others did meanwhile; the server says so when he sends it.
function isWrittenIn(row) {
  const fields = [...row.querySelectorAll("textarea, input:not([type=checkbox], [type=radio], [type=hidden])")];
  return fields.some((field) => field === document.activeElement || field.value !== field.defaultValue);
}

function replaceRow(old, fresh) {
  const wasTicked = old.querySelector("input[type=checkbox]")?.checked;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const selector = focused?.matches("input") ? "input" : "a";
  const tick = fresh.querySelector("input[type=checkbox]");
  if (tick && wasTicked) tick.checked = true;
  old.replaceWith(fresh);
  if (focused) fresh.querySelector(selector)?.focus({ preventScroll: true });
  fresh.classList.add("fresh");
}

const inside = (row) => row.querySelector(":scope > [data-live-rows]");

// Both are a row that holds rows. What the person is using right now stays as it is until the next time.
function mergeInside(old, fresh) {
  for (const part of fresh.querySelectorAll(":scope > [data-live-inner]")) {
    const present = old.querySelector(`:scope > [data-live-inner="${part.dataset.liveInner}"]`);
    if (!present || present.contains(document.activeElement) || present.innerHTML === part.innerHTML) continue;
    const opened = present.querySelector("details[open]");
    present.replaceChildren(...part.childNodes);
    if (opened) present.querySelector("details")?.setAttribute("open", "");
  }
  return mergeRows(inside(old), [...inside(fresh).children]);
}

function mergeRows(box, rows) {
  const old = new Map([...box.querySelectorAll(":scope > [data-key]")].map((row) => [row.dataset.key, row]));
  for (const other of box.querySelectorAll(":scope > :not([data-key])")) other.remove();
  let added = 0;
  let at = box.firstElementChild;
  for (const row of rows) {
    arrived.set(row, fingerprint(row));
    const key = row.dataset?.key;
    let current = old.get(key);
    old.delete(key);
    if (current && inside(current) && inside(row)) {
      added += mergeInside(current, row);
    } else if (!current) {
      if (key) {
        row.classList.add("fresh");
        added += 1;
      }
      current = row;
    } else if (arrived.get(current) === arrived.get(row) || isWrittenIn(current)) {
      passTime(current, row);
    } else {
      if (at === current) at = row;
      replaceRow(current, row);
      current = row;
    }
    if (at === current) at = at.nextElementSibling;
    else moveBefore(box, current, at);
  }
  for (const gone of old.values()) if (!isWrittenIn(gone)) gone.remove();
  return added;
}

function moveBefore(box, row, at) {
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  box.insertBefore(row, at);
  focused?.focus({ preventScroll: true });
}

function mergeParts(templates) {
  for (const template of templates) {
    const part = document.querySelector(`[data-live-part="${template.dataset.liveFor}"]`);
    if (part && !part.contains(document.activeElement)) part.replaceChildren(template.content.cloneNode(true));
  }
}

function merge(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const children = [...holder.content.children];
  const added = mergeRows(box, children.filter((child) => child.localName !== "template"));
  mergeParts(children.filter((child) => child.localName === "template"));
  if (added && announcer) announcer.textContent = box.dataset.textNews.replace("{n}", added);
  document.dispatchEvent(new CustomEvent("live:merged"));
}

function show(connected) {
  if (!state) return;
  const text = state.querySelector("span");
  const now = connected ? state.dataset.textOn : state.dataset.textOff;
  if (text.textContent !== now) text.textContent = now;
}

let etag = box?.dataset.etag ?? "";
let failures = 0;
let timer = 0;

async function refresh() {
  const headers = { "X-Requested-With": "fetch" };
  if (etag) headers["If-None-Match"] = etag;
  const answer = await fetch(box.dataset.live, { headers, cache: "no-store", redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
    location.reload(); // signed out meanwhile
    return;
  }
  const date = Date.parse(answer.headers.get("Date") ?? "");
  if (!Number.isNaN(date)) document.dispatchEvent(new CustomEvent("live:time", { detail: date }));
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag") ?? "";
  merge(await answer.text());
}

async function run() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      await refresh();
      failures = 0;
    } catch {
      failures += 1;
    }
    show(failures === 0);
  }
  timer = setTimeout(run, EVERY * 2 ** Math.min(failures, 4));
}

// A phone shows three tabs at a time; the open one is among them.
document.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });

if (box) {
  timer = setTimeout(run, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || run());
}
