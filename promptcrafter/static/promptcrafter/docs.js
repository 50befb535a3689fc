"use strict";

const page = document.getElementById("description");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function followColours() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

// Who is logged in here calls by the cookie of their session, which asks for the CSRF token too.
function withCsrfToken(request) {
  const isHere = new URL(request.url, window.location).origin === window.location.origin;
  const isBearer = Object.keys(request.headers).some((name) => name.toLowerCase() === "authorization");
  if (page.dataset.csrfToken && isHere && !isBearer) {
    request.headers["X-CSRFToken"] = page.dataset.csrfToken;
  }
  return request;
}

// Of the headers those that a client reads; each answer tells browsers twenty more.
const TOLD = [
  "allow", "cache-control", "content-type", "etag", "idempotent-replayed", "link", "retry-after",
  "www-authenticate", "x-request-id",
];

function withTheHeadersThatMatter(response) {
  for (const name of Object.keys(response.headers || {})) {
    if (!TOLD.includes(name.toLowerCase())) delete response.headers[name];
  }
  return response;
}

followColours();
dark.addEventListener("change", followColours);
SwaggerUIBundle({
  domNode: page,
  url: page.dataset.url,
  deepLinking: false, // a link within each button would be out of reach of a keyboard
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  requestInterceptor: withCsrfToken,
  responseInterceptor: withTheHeadersThatMatter,
  validatorUrl: null,
});
