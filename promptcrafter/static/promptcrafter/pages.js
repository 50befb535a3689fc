"use strict";

// Sends what the forms of an API page hold, and shows the answer beneath. Without it the pages can
// still be read, filtered and left.

const HOMES = { prompt: "/prompts/", log: "/logs/", key: "/auth/keys/", session: "/auth/sessions/" };

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

// What stands between backticks is code.
function mark(text, parent) {
  text.split("`").forEach((piece, n) => (n % 2 ? element("code", piece, parent) : parent.append(piece)));
}

function query(form) {
  const given = new URLSearchParams();
  for (const field of form.querySelectorAll(".fields [name]")) {
    if (field.value) given.append(field.name, field.value);
  }
  return given.size ? `?${given}` : "";
}

async function send(form) {
  const headers = {
    Accept: "application/json",
    "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
  };
  const options = { method: form.dataset.method, headers, credentials: "same-origin" };
  if (form.elements.body) {
    headers["Content-Type"] = "application/json";
    options.body = form.elements.body.value;
  }
  const started = performance.now();
  const response = await fetch(form.getAttribute("action") + query(form), options);
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  return { response, answer, milliseconds: Math.round(performance.now() - started) };
}

function show(form, { response, answer, milliseconds }) {
  const place = form.querySelector(".result");
  place.replaceChildren();
  const status = `${response.status} ${response.statusText}`;
  const line = element("p", `${status} in ${milliseconds} ms `, place);
  line.className = response.ok ? "status" : "status bad";
  if (!response.ok && answer && answer.error) showProblem(answer, place);
  if (response.ok) showLink(form, response, answer, place);
  if (answer !== null) element("pre", JSON.stringify(answer, null, 2), place).tabIndex = 0;
}

function showProblem({ error, code, fields = {} }, place) {
  const box = element("div", "", place);
  box.className = "problem";
  const sentence = element("p", "", box);
  sentence.className = "sentence";
  mark(error, sentence);
  element("code", code, element("p", "", box));
  const list = element("ul", "", box);
  for (const [name, sentences] of Object.entries(fields)) {
    const item = element("li", "", list);
    element("code", name, item);
    mark(`: ${sentences.join(" ")}`, item);
  }
  if (!list.children.length) list.remove();
}

function showLink(form, response, answer, place) {
  const id = String((answer && answer._id) || "");
  const home = HOMES[id.split("_")[0]];
  const path = response.headers.get("Location") || (home && home + id);
  const here = form.getAttribute("action");
  let [text, href] = ["Show this page anew", location.href];
  if (path && path !== here) [text, href] = ["Open it", path];
  if (form.dataset.method === "DELETE") [text, href] = ["Back", here.slice(0, here.lastIndexOf("/"))];
  if (here === "/auth/signup") [text, href] = ["Log in", "/api-auth/login/"];
  element("a", text, element("p", "", place)).href = href;
}

// The next edit is made from what this one made.
function moveBase(form, answer) {
  const body = form.elements.body;
  if (!body || !answer || !answer.version) return;
  const sent = JSON.parse(body.value);
  if (!("baseVersion" in sent)) return;
  body.value = JSON.stringify({ ...sent, baseVersion: answer.version }, null, 2);
}

// To what is gone nothing else can be done.
function removeOthers(form) {
  for (const other of document.querySelectorAll("form[data-method]")) {
    if (other !== form) other.closest("section").remove();
  }
  form.querySelector("button").remove();
}

function isMeant(form) {
  if (form.dataset.method !== "DELETE") return Promise.resolve(true);
  const dialog = document.querySelector("dialog");
  const heading = form.closest("section").querySelector("h2 .summary");
  dialog.querySelector(".asked").textContent = `${heading.textContent}?`;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue === "yes"), { once: true });
  });
}

async function submit(form, button) {
  if (button.disabled || !(await isMeant(form))) return;
  button.disabled = true;
  try {
    const sent = await send(form);
    show(form, sent);
    if (sent.response.ok) moveBase(form, sent.answer);
    if (sent.response.ok && form.dataset.method === "DELETE") removeOthers(form);
  } catch {
    form.querySelector(".result").textContent = "The server did not answer; try again.";
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-method]")) {
  const button = form.querySelector("button");
  button.addEventListener("click", () => submit(form, button));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(form, button);
  });
}
