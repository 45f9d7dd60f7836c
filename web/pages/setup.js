// The token stands behind the # of the link: it never reaches a log on the way.
const token = location.hash.slice(1);
const form = document.getElementById("setup");
const problem = document.getElementById("problem");

// A link for an account that an administrator made: who its person is stands
// there already.
if (new URLSearchParams(location.search).has("account")) {
  document.getElementById("who").hidden = true;
  document.getElementById("title").textContent = document.title = "Choose a password";
}

function say(text) {
  problem.textContent = text;
  problem.hidden = false;
}

if (!token) {
  say("This page is opened with the whole link that the server printed, up to the last character.");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const password = form.elements.password.value;
  if (password !== document.getElementById("again").value) {
    say("The two passwords differ.");
    return;
  }
  const body = { token, password };
  for (const key of ["username", "name"]) {
    const value = form.elements[key].value.trim();
    if (value) body[key] = value;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch("/api/v1/auth/set-up", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      const fields = (answer.errors || []).map((e) => `${e.name} ${e.detail}`);
      say([answer.detail || "The server could not do it.", ...fields].join(" "));
      return;
    }
    history.replaceState(null, "", "/setup");
    form.hidden = true;
    document.getElementById("done").hidden = false;
  } catch {
    say("The server does not answer. Nothing was set up; try again.");
  } finally {
    button.disabled = false;
  }
});
