// Files of a ticket: picked, dragged or pasted into the composer and sent at once, one after the other; pictures of the
// conversation in a viewer. Without script a file field goes with the form, and pictures open by themselves.

const form = document.querySelector("form[data-composer]");
const box = form?.querySelector("[data-files]");
const list = box?.querySelector("[data-files-list]");
const state = box?.querySelector("[data-files-state]");
const bar = box?.querySelector("progress");
let waiting = Promise.resolve();
let underWay = 0;

function post(address, fields, told) {
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch can't tell how far it is
    request.open("POST", address);
    request.setRequestHeader("X-Requested-With", "fetch");
    if (told) request.upload.addEventListener("progress", (event) => event.lengthComputable && told(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? resolve(request.responseText) : reject(new Error(reason(request)))));
    request.addEventListener("error", () => reject(new Error(box.dataset.textFailed)));
    request.send(body);
  });
}

function reason(request) {
  try {
    return JSON.parse(request.responseText).detail || box.dataset.textFailed;
  } catch {
    return box.dataset.textFailed;
  }
}

function show(fragment) {
  list.innerHTML = fragment; // rendered by our own server
  list.hidden = !list.querySelector("li");
}

async function send(file) {
  bar.hidden = false;
  bar.value = 0;
  state.textContent = box.dataset.textSending.replace("{name}", file.name);
  try {
    show(await post(box.dataset.files, { file }, (part) => (bar.value = part)));
    state.textContent = box.dataset.textDone;
  } catch (problem) {
    state.textContent = problem.message;
  } finally {
    bar.hidden = true;
    underWay -= 1;
  }
}

function add(files) {
  for (const file of files) {
    underWay += 1;
    waiting = waiting.then(() => send(file));
  }
}

async function remove(button) {
  button.disabled = true;
  try {
    await post(button.dataset.remove, {});
    button.closest("[data-staged-file]").remove();
    list.hidden = !list.querySelector("li");
    box.querySelector("input[type=file]").focus();
  } catch (problem) {
    button.disabled = false;
    state.textContent = problem.message;
  }
}

if (box) {
  for (const field of box.querySelectorAll("input[type=file]")) {
    field.addEventListener("change", () => {
      add([...field.files]);
      field.value = ""; // sent already: not once more with the form
    });
  }
  form.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    add(files);
  });
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("dropping");
  });
  form.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form.classList.remove("dropping");
    add([...event.dataTransfer.files]);
  });
  form.addEventListener(
    "submit",
    (event) => {
      if (!underWay) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      state.textContent = box.dataset.textWait;
    },
    true,
  );
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (button) remove(button);
  });
  list.addEventListener("change", (event) => {
    const field = event.target.closest("[data-relabel]");
    if (field) post(field.dataset.relabel, { label: field.value }).catch((problem) => (state.textContent = problem.message));
  });
}

// -- the viewer

const viewer = document.getElementById("viewer");
let pictures = [];
let place = 0;

function turn(to) {
  place = (to + pictures.length) % pictures.length;
  const link = pictures[place];
  const image = viewer.querySelector("[data-picture]");
  image.src = link.href;
  image.alt = link.querySelector("img").alt;
  viewer.querySelector("[data-picture-name]").textContent = image.alt;
  viewer.querySelector("[data-picture-place]").textContent = `${place + 1} / ${pictures.length}`;
  viewer.querySelector("[data-picture-file]").href = link.href;
  for (const button of viewer.querySelectorAll("[data-step]")) button.hidden = pictures.length < 2;
}

if (viewer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    pictures = [...document.querySelectorAll("a[data-view]")];
    turn(pictures.indexOf(link));
    viewer.showModal();
  });
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) turn(place + Number(button.dataset.step));
  });
  viewer.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    turn(place + step);
  });
}
