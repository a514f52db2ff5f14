import { enhance } from './enhance.js';
import { morph } from './morph.js';

/**
 * Fetches the page as it is after an event. XMLHttpRequest hands over a parsed document, so that no text is ever made into HTML here.
 * @param {number} seq @returns {Promise<Document>}
 */
export function fetchPage(seq) {
  return new Promise((resolve, reject) => {
    const req = new XMLHttpRequest();
    req.open('GET', location.href);
    req.responseType = 'document';
    req.timeout = 10_000;
    req.setRequestHeader('Status-Min-Seq', String(seq));
    req.onload = () => {
      const page = req.status === 200 && req.response?.getElementById('page');
      if (page && Number(page.dataset.seq) >= seq) resolve(req.response);
      else reject();
    };
    req.onerror = req.ontimeout = reject;
    req.send();
  });
}

/** Puts a newer copy of the page in the place of what is shown. @param {Document} doc */
export function showPage(doc) {
  if (outdated(doc)) return location.reload();
  enhance(doc);
  for (const id of ['org', 'icon']) swap(id, doc);
  for (const el of swap('page', doc)) {
    el.classList.remove('glow');
    void (/** @type {HTMLElement} */ (el).offsetWidth); // so that it glows again
    el.classList.add('glow');
  }
  document.title = doc.title;
}

/** @param {string} id @param {Document} doc */
function swap(id, doc) {
  const [have, want] = [document, doc].map((d) => d.getElementById(id));
  return have && want ? morph(have, want) : [];
}

/** Another release has other scripts and styles. Nobody who is typing is interrupted. @param {Document} doc */
function outdated(doc) {
  const assets = (/** @type {Document} */ d) =>
    [...d.querySelectorAll('script, link[rel=stylesheet]')].map((e) => e.outerHTML).join();
  return assets(doc) !== assets(document) && !document.activeElement?.closest('form');
}
