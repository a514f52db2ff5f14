// The dialog in which somebody subscribes: the form of the page that is there for it, with the same tabs, which are radio buttons.
import { t } from './status/words.js';

import * as push from './push.js';

/** @param {string} method @param {string} url @param {URLSearchParams} [body] @returns {Promise<Document>} */
function page(method, url, body) {
  return new Promise((resolve, reject) => {
    const req = new XMLHttpRequest();
    req.open(method, url);
    req.responseType = 'document'; // so that no text is made into HTML here
    req.timeout = 15_000;
    req.onload = () => (req.response?.getElementById('page') ? resolve(req.response) : reject());
    req.onerror = req.ontimeout = reject;
    req.send(body);
  });
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} name @param {Partial<HTMLElementTagNameMap[K]>} what @param {(Node|string)[]} children */
const make = (name, what, ...children) => {
  const el = Object.assign(document.createElement(name), what);
  el.append(...children);
  return el;
};

/** What a page says became of a form. @param {Document} doc */
const note = (doc) => doc.querySelector('#page .note');

/** The stylesheet of the form, on pages that do without. @param {Document} doc */
async function dress(doc) {
  for (const sheet of /** @type {NodeListOf<HTMLLinkElement>} */ (doc.querySelectorAll('link[rel=stylesheet]'))) {
    const href = sheet.getAttribute('href') ?? '';
    if (document.querySelector(`link[rel=stylesheet][href="${CSS.escape(href)}"]`)) continue;
    const link = make('link', { rel: 'stylesheet', href });
    const here = new Promise((done) => (link.onload = link.onerror = done));
    document.head.append(link);
    await here;
  }
}

/** What is to be heard of. @param {FormData} data */
function about(data) {
  const services = data.get('whole') === '0' ? data.getAll('services') : [];
  return {
    ...(services.length ? { services } : {}),
    ...(data.get('incident') ? { incident: data.get('incident') } : {}),
  };
}

/** This browser is asked, and asks. @param {HTMLFormElement} form @param {FormData} data */
async function browser(form, data) {
  if (data.get('whole') === '0' && !data.has('services'))
    return make('p', { className: 'card note', role: 'alert' }, push.words(form, 'what'));
  const [said, good] = await push.subscribe(form, about(data));
  return make('p', { className: 'card note', role: good ? 'status' : 'alert' }, said);
}

/** A program is told its secret, this once. @param {HTMLFormElement} form */
async function program(form) {
  const data = new FormData(form);
  const wish = { webhook_url: data.get('address'), ...about(data) };
  const res = await fetch(form.action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(wish),
  });
  const answer = await res.json();
  if (!res.ok)
    return make('p', { className: 'card note', role: 'alert' }, answer.errors?.[0]?.message ?? answer.detail);
  return make('div', { className: 'card note', role: 'status' }, answer.detail, make('output', {}, answer.secret));
}

/** Opens the dialog. @param {string} address of the page with the form */
export async function ask(address) {
  const doc = await page('GET', address);
  const form = /** @type {HTMLFormElement | null} */ (doc.getElementById('ways'));
  if (!form) throw new Error('there is no form');
  await dress(doc);
  const close = make('button', { type: 'button', className: 'button', textContent: t('Close') });
  const title = make('h2', { id: 'asking', textContent: doc.querySelector('h1')?.textContent ?? '' });
  const dialog = make('dialog', { className: 'asking' }, make('header', {}, title, close), document.adoptNode(form));
  dialog.setAttribute('aria-labelledby', title.id);
  close.onclick = () => dialog.close();
  dialog.addEventListener('click', (e) => e.target === dialog && dialog.close());
  dialog.onclose = () => dialog.remove();
  form.onsubmit = (e) => {
    e.preventDefault();
    send(dialog, form);
  };
  document.body.append(dialog);
  if (push.possible(form)) push.offer(form);
  dialog.showModal();
  /** @type {HTMLElement | null} */ (form.querySelector('input:checked'))?.focus();
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form */
async function send(dialog, form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('.way > .button'));
  button.disabled = true;
  let told;
  try {
    const data = new FormData(form);
    if (data.get('channel') === 'push') told = await browser(form, data);
    else if (data.get('channel') === 'webhook') told = await program(form);
    else told = note(await page('POST', form.action, new URLSearchParams(/** @type {any} */ (data))));
  } catch {
    told = make('p', { className: 'card note', role: 'alert' }, t('We could not reach the server. Please try again.'));
  }
  button.disabled = false;
  dialog.querySelector('.note')?.remove();
  if (!told) return;
  form.before(told.ownerDocument === document ? told : document.adoptNode(told));
  if (told.getAttribute('role') !== 'alert') form.remove();
}
