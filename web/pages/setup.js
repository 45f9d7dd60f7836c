// English stands in the page itself, and what is said only now and then stands here.
const english = {
  titleKnown: "Choose a password",
  noToken: "This page is opened with the whole link that the server printed, up to the last character.",
  differ: "The two passwords differ.",
  failed: "The server could not do it.",
  silent: "The server does not answer. Nothing is known to have been set up; try again.",
  other: "Deutsch",
};
for (const element of document.querySelectorAll("[data-words]")) english[element.dataset.words] = element.textContent;

const german = {
  title: "Name und Passwort wählen",
  titleKnown: "Passwort wählen",
  about: "Dieser Link gilt einmal. Das Konto gehört Ihnen allein.",
  username: "Benutzername",
  usernameHint: "Leer lassen, wenn Sie schon ein Konto haben und nur ein neues Passwort wählen.",
  name: "Ihr Name",
  password: "Passwort",
  passwordHint: "Mindestens 12 Zeichen. Ein Satz ist gut.",
  again: "Dasselbe Passwort noch einmal",
  submit: "Einrichten",
  done: "Fertig. Melden Sie sich mit Ihrem Benutzernamen und diesem Passwort an und fügen Sie dann in Ihrem Konto einen zweiten Faktor hinzu: Ohne ihn können Sie nichts bestätigen.",
  signIn: "Anmelden",
  noToken: "Diese Seite wird mit dem ganzen Link geöffnet, den der Server ausgegeben hat, bis zum letzten Zeichen.",
  differ: "Die beiden Passwörter sind verschieden.",
  failed: "Der Server konnte es nicht tun.",
  silent: "Der Server antwortet nicht. Ob etwas eingerichtet wurde, ist nicht bekannt; versuchen Sie es noch einmal.",
  other: "English",
};

// The console keeps its language under this name: the choice is one for both.
const kept = "wardline.language";
const known = (tag) => ["en", "de"].find((language) => tag === language || tag?.startsWith(language + "-"));
let language = known(localStorage.getItem(kept)) ?? known(navigator.languages.find(known)) ?? "en";
const words = () => (language === "de" ? german : english);

// The token stands behind the # of the link: it never reaches a log on the way.
const token = location.hash.slice(1);
const form = document.getElementById("setup");
const problem = document.getElementById("problem");
const other = document.getElementById("language");

// A link for an account that an administrator made: who its person is stands
// there already.
const account = new URLSearchParams(location.search).has("account");
if (account) document.getElementById("who").hidden = true;

function draw() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-words]")) {
    const key = element.dataset.words === "title" && account ? "titleKnown" : element.dataset.words;
    element.textContent = words()[key];
  }
  document.title = `${words()[account ? "titleKnown" : "title"]} · Wardline`;
  other.textContent = words().other;
  other.lang = language === "de" ? "en" : "de";
  other.hidden = false;
  problem.hidden = true;
  if (!token && !form.hidden) say(words().noToken);
}

function say(text) {
  problem.textContent = text;
  problem.hidden = false;
}

other.addEventListener("click", () => {
  language = language === "de" ? "en" : "de";
  localStorage.setItem(kept, language);
  draw();
});
draw();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const password = form.elements.password.value;
  if (password !== document.getElementById("again").value) {
    say(words().differ);
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
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      const fields = (answer.errors || []).map((e) => `${e.name} ${e.detail}`);
      say([answer.detail || words().failed, ...fields].join(" "));
      return;
    }
    history.replaceState(null, "", "/setup");
    form.hidden = true;
    document.getElementById("done").hidden = false;
  } catch {
    say(words().silent);
  } finally {
    button.disabled = false;
  }
});
