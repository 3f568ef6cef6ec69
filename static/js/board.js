// The board's dialogs know which card they were opened from; the wall tells the time and fills the screen.

const assign = document.getElementById("panel-assign");
const answer = document.getElementById("panel-answer");

// Only members of the card's queue can take it. For ticked cards all are offered: the server says what can't be.
function offer(queue) {
  for (const person of assign.querySelectorAll("[data-queues]")) {
    const own = person.dataset.queues.split(" ").includes(queue);
    person.hidden = Boolean(queue && person.dataset.queues && !own);
    if (person.hidden) person.querySelector("input").checked = false;
  }
}

function prepareAssign({ only = "", queue = "" }) {
  assign.querySelector("[data-target]").value = only;
  const said = assign.querySelector("[data-assign-target]");
  said.textContent = only ? said.dataset.textOne.replace("{number}", only) : said.dataset.textMany;
  offer(queue);
}

function prepareAnswer({ answer: action, question, version }) {
  const form = answer.querySelector("[data-answer-form]");
  if (form.getAttribute("action") !== action) form.elements.text.value = "";
  form.action = action;
  form.elements.version.value = version;
  form.querySelector("[data-question-text]").textContent = question;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener?.dataset.dialog === "panel-assign" && assign) prepareAssign(opener.dataset);
  if (opener?.dataset.dialog === "panel-answer" && answer) prepareAnswer(opener.dataset);
});

// Enter in a tick would press the form's first button.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".ticket-tick input")) event.preventDefault();
});

// The shop's clock: the wall's time as the server said it, going on by the browser's.
const time = document.querySelector("[data-wall-time]");
if (time) {
  const [, hours, minutes, seconds] = time.dataset.wallTime.match(/T(\d+):(\d+):(\d+)/).map(Number);
  const started = performance.now() / 1000 - (hours * 3600 + minutes * 60 + seconds);
  const tell = () => {
    const now = Math.floor(performance.now() / 1000 - started) % 86400;
    const text = [now / 3600, (now % 3600) / 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
    if (time.textContent !== text) time.textContent = text;
  };
  setInterval(tell, 1000);
}

document.querySelector("[data-full-screen]")?.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
});
