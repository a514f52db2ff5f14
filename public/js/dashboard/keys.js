import { busy } from './dialog.js';
import { openPalette } from './palette.js';
import { showKeys } from './key_list.js';
import { go } from './router.js';
import { mayWrite, model } from './model.js';
import { openIncident } from './views/incident_form.js';

/** @type {Record<string, string>} */
const places = {
  o: '/dashboard',
  s: '/dashboard/services',
  i: '/dashboard/incidents',
  m: '/dashboard/maintenance',
  q: '/dashboard/queue',
};

/** Whether what is pressed goes into a text. @param {EventTarget|null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** What a key does, if it does anything now. @param {string} key @param {boolean} going whether g was pressed just before @returns {(() => void)|undefined} */
function meaning(key, going) {
  if (going && places[key]) return () => go(places[key]);
  if (key === 'i' && mayWrite()) return () => openIncident();
  if (key === 'z' && model.undo) return model.undo.run;
  if (key === '?') return showKeys;
  if (key === '/') return openPalette;
  if (key === 'f')
    return () =>
      /** @type {HTMLElement|null} */ (document.querySelector('main [type=search], main .filters select'))?.focus();
  return undefined;
}

/** Keys act when they are let go: what they open must not take them for text. */
export function start() {
  let gone = 0;
  /** @type {{key: string, act: () => void}|null} */
  let held = null;
  document.addEventListener('keydown', (e) => {
    held = null;
    if (e.key === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && !busy()) {
      e.preventDefault();
      return openPalette();
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.repeat || typing(e.target) || busy()) return;
    const act = meaning(e.key, Date.now() - gone < 1200);
    gone = e.key === 'g' ? Date.now() : 0;
    if (!act) return;
    held = { key: e.key, act };
    e.preventDefault();
  });
  document.addEventListener('keyup', (e) => {
    if (held?.key !== e.key) return;
    const { act } = held;
    held = null;
    act();
  });
}
