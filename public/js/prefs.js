// What a visitor chooses in this browser alone, on every page: light or dark, and the zone of times. It runs before
// status.js, which reads the zone.

const root = document.documentElement;
const box = document.getElementById('prefs');

/** A browser that keeps nothing has no choices. @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // it holds until the page is left
  }
}

/** What the organisation says. */
const theirs = root.dataset.theme ?? '';

/** @param {string} scheme light, dark, or "" for what the organisation says, or else the system */
function shade(scheme) {
  const theme = scheme || theirs;
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  const media = theme === 'dark' ? 'all' : theme === 'light' ? 'not all' : '(prefers-color-scheme: dark)';
  for (const source of document.querySelectorAll('#org source')) source.setAttribute('media', media);
}

/** @param {string} choice mine "", the organisation's "org", or a zone */
function place(choice) {
  const zone = choice === 'org' ? (box?.dataset.zone ?? '') : choice;
  if (zone) root.dataset.zone = zone;
}

// Whoever saves data gets fewer requests (live.js). Pages show no picture but the logo.
const network = /** @type {any} */ (navigator).connection;
if (network?.saveData || matchMedia('(prefers-reduced-data: reduce)').matches) root.dataset.data = 'less';

shade(kept('scheme'));
place(kept('zone'));
if (box) {
  box.hidden = false;
  for (const select of box.querySelectorAll('select')) {
    select.value = kept(select.name);
    select.addEventListener('change', () => {
      keep(select.name, select.value);
      if (select.name === 'scheme') shade(select.value);
      else location.reload(); // days are dealt out anew, too
    });
  }
}
