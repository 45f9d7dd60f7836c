// The ward page's behaviour: live updates, the hands at each device, what runs
// by itself (volume, clocks), search, copying. Without it the page still shows
// the devices as they were when it was loaded.
'use strict';

const byId = (id) => document.getElementById(id);

// ---- Messages for people ---------------------------------------------------

let toastTimer;
function say(text) {
  const toast = byId('toast');
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.hidden = true; }, 7000);
}

// ---- Hands at a device -----------------------------------------------------

async function change(serial, body, button) {
  button.setAttribute('aria-busy', 'true');
  try {
    const res = await fetch('devices/' + encodeURIComponent(serial), {
      method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body,
    });
    if (!res.ok) {
      const problem = await res.json().catch(() => ({}));
      const fields = (problem.errors || []).map((e) => e.detail).join(' ');
      say(fields || problem.detail || 'That did not work.');
    }
  } catch {
    say('The demo does not answer. Is it still running?');
  } finally {
    button.removeAttribute('aria-busy');
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.hasAttribute('data-copy')) return copy(button);
  const card = button.closest('.card');
  if (!card) return;
  if (button.dataset.patch) change(card.dataset.serial, button.dataset.patch, button);
  if (button.hasAttribute('data-walk')) {
    const bssid = card.querySelector('select').value;
    change(card.dataset.serial, JSON.stringify({ bssid }), button);
  }
});

async function copy(button) {
  const text = button.parentElement.querySelector('code').textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.classList.add('copied');
    setTimeout(() => button.classList.remove('copied'), 1500);
  } catch {
    say('The browser does not let this page copy. Select the text instead.');
  }
}

// ---- Live updates ----------------------------------------------------------

function live(on) {
  const el = byId('live');
  el.classList.toggle('on', on);
  el.querySelector('span').textContent = on ? 'Live' : 'Waiting for the demo';
}

// Somebody who is choosing from a list must not have it taken away: the update
// waits until they are done.
const waiting = new Map();

function show(update) {
  const old = byId('d-' + update.serial);
  if (old && old.contains(document.activeElement) && document.activeElement.tagName === 'SELECT') {
    waiting.set(update.serial, update);
    return;
  }
  const holder = document.createElement('template');
  holder.innerHTML = update.html;
  const card = holder.content.firstElementChild;
  const focused = old && old.contains(document.activeElement) ? document.activeElement.dataset.do : '';
  if (old) {
    card.querySelectorAll('details').forEach((d) => {
      const was = old.querySelector('details[data-key="' + d.dataset.key + '"]');
      if (was && was.open) d.open = true;
    });
    if (old.dataset.ward === update.ward) {
      old.replaceWith(card);
    } else {
      old.remove();
      place(card, update.ward);
      say(update.serial + ' is now in ' + nameOf(update.ward) + '.');
    }
  } else {
    place(card, update.ward);
  }
  begin(card);
  if (focused) {
    const again = card.querySelector('[data-do="' + focused + '"]');
    if (again) again.focus({ preventScroll: true });
  }
  recount();
}

function place(card, ward) {
  const section = byId('w-' + ward);
  if (section) section.querySelector('.cards.' + card.dataset.group).append(card);
}

function nameOf(ward) {
  const head = byId('h-' + ward);
  return head ? head.textContent.trim() : ward;
}

document.addEventListener('focusout', () => {
  setTimeout(() => {
    const all = [...waiting.values()];
    waiting.clear();
    all.forEach(show);
  }, 0);
});

function listen() {
  const source = new EventSource('events' + location.search);
  source.addEventListener('open', () => live(true));
  source.addEventListener('error', () => live(false));
  source.addEventListener('device', (event) => show(JSON.parse(event.data)));
}

// ---- What runs by itself ---------------------------------------------------

const written = (v) => (v < 10 ? v.toFixed(1) : String(Math.floor(v)));

// begin notes when a card came, so that its numbers can be counted on.
function begin(root) {
  root.querySelectorAll('[data-given]').forEach((el) => { el.since = performance.now(); });
  root.querySelectorAll('time').forEach((el) => {
    const at = new Date(el.dateTime);
    el.textContent = at.toLocaleTimeString([], { hourCycle: 'h23' });
    el.title = at.toLocaleString();
  });
  tick(root);
}

function tick(root) {
  root.querySelectorAll('[data-given]').forEach((el) => {
    const { given, rate, volume } = el.dataset;
    const hours = (performance.now() - el.since) / 3.6e6;
    const now = Math.min(Number(given) + Number(rate) * hours, Number(volume));
    el.querySelector('[data-show="given"]').textContent = written(now);
    const bar = el.parentElement.querySelector('[data-bar]');
    if (bar) bar.setAttribute('width', String((now / Number(volume)) * 100));
  });
  root.querySelectorAll('[data-time]').forEach((el) => {
    const at = new Date(Date.now() + Number(el.dataset.offset) * 1000);
    el.textContent = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  });
}

// ---- One-time codes --------------------------------------------------------

async function codes() {
  let wait = 5;
  try {
    const res = await fetch('keys');
    const { items, seconds_left: left } = await res.json();
    for (const item of items || []) {
      const el = document.querySelector('[data-code="' + CSS.escape(item.username) + '"]');
      if (el) el.textContent = item.code;
    }
    wait = left;
    expires = performance.now() + left * 1000;
  } catch {
    // The live sign says it already.
  }
  setTimeout(codes, wait * 1000);
}

let expires = 0;
function countdown() {
  const el = byId('left');
  if (el && expires) el.textContent = Math.max(0, Math.ceil((expires - performance.now()) / 1000)) + ' s';
}

// ---- Search ----------------------------------------------------------------

function recount() {
  const words = (byId('q').value || '').trim().toLowerCase();
  let any = false;
  document.querySelectorAll('.ward').forEach((section) => {
    let shown = 0;
    section.querySelectorAll('.card').forEach((card) => {
      const fits = !words || (card.textContent + ' ' + section.dataset.key + ' ' + nameOf(section.dataset.key)).toLowerCase().includes(words);
      card.hidden = !fits;
      if (fits) shown++;
    });
    section.hidden = shown === 0;
    any = any || shown > 0;
    const link = document.querySelector('[data-count-of="' + section.dataset.key + '"]');
    link.querySelector('b').textContent = String(shown);
    link.classList.toggle('empty', shown === 0);
  });
  byId('none').hidden = any;
}

byId('q').addEventListener('input', recount);

begin(document);
recount();
listen();
setInterval(() => { tick(document); countdown(); }, 1000);
if (byId('left')) codes();
