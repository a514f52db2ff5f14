import { changed, model } from './model.js';
import { Form, notices } from './form.js';
import { html, keyed, nothing } from '../vendor/lit-html.js';
import { icon } from './icon.js';
import { t } from '../language.js';

/** @typedef {import('./form.js').Spec} Spec */
/** @typedef {{title: string, body: () => unknown, wide?: boolean}} Sheet something to read */

/** @type {Form|null} */
let form = null;
/** @type {Sheet|null} */
let sheet = null;
let turn = 0;
/** What stood in the dialog when it was drawn last, and in which turn. */
let stood = { turn: 0, fields: /** @type {Set<Element>} */ (new Set()) };

/** Whether a dialog is open. */
export const busy = () => form !== null || sheet !== null;

/** Opens a form in the dialog; what was typed in it before is offered again. @param {Spec} spec */
export async function openForm(spec) {
  form?.keep();
  const next = new Form(spec);
  next.onClose = close;
  // The draft is there before the first drawing, so that nothing moves under the eye.
  await next.restore();
  form = next;
  sheet = null;
  turn++;
  changed();
}

/** @param {Sheet} what */
export function openSheet(what) {
  form?.keep();
  form = null;
  sheet = what;
  turn++;
  changed();
}

/** Closes it and keeps what was typed. */
export function close() {
  form?.keep();
  form = null;
  sheet = null;
  changed();
}

/** The element tells late that it was closed: by then something else may stand in it. @param {Event} event */
function closed(event) {
  if (!(/** @type {HTMLDialogElement} */ (event.currentTarget).open)) close();
}

/** The one dialog of the page. It is always there, so that opening it moves nothing. */
export function dialog() {
  const title = form?.spec.title ?? sheet?.title ?? '';
  const wide = form?.spec.wide ?? sheet?.wide;
  return html`<dialog id="dialog" class=${wide ? 'wide' : ''} aria-labelledby="dialog-title" @toggle=${unfolded} @close=${closed} @cancel=${(/** @type {Event} */ e) => e.target === e.currentTarget && close()}>
    ${
      form || sheet
        ? keyed(
            turn,
            html`<header><h2 id="dialog-title">${title}</h2>
          <button type="button" class="quiet-button" aria-label=${t`Close`} @click=${close}>${icon('close')}</button></header>
          ${form ? formBody(form) : html`<div class="sheet" tabindex="0">${sheet?.body()}</div>`}`,
          )
        : nothing
    }
  </dialog>`;
}

/** @param {Form} open */
function formBody(open) {
  const { spec } = open;
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    open.submit();
  };
  return html`<form class="form" novalidate @submit=${submit}>
    <div class="columns">
      <div class="fields">${notices(open)}${spec.body(open)}</div>
      ${spec.aside ? html`<aside aria-label=${t`Preview`}>${spec.aside(open)}</aside>` : nothing}
    </div>
    <footer>
      <p class="faint grow">${footnote(open)}</p>
      <button type="button" class="button" @click=${close}>${t`Cancel`}</button>
      ${keepButton(open)}
      <button type="submit" class="button ${spec.danger ? 'danger' : 'primary'}" ?disabled=${open.busy} aria-keyshortcuts="Control+Enter">${open.busy ? t`Sending…` : spec.action}</button>
    </footer>
  </form>`;
}

/** @param {Form} open */
function keepButton(open) {
  const { drafts, instead } = open.spec;
  if (!drafts || instead || model.link !== 'live') return nothing;
  return html`<button type="button" class="button" ?disabled=${open.busy} @click=${() => open.keepAtServer()}> ${t`Save as draft`}</button>`;
}

/** @param {Form} open */
function footnote(open) {
  if (open.spec.plain) return nothing;
  if (model.link !== 'live')
    return open.spec.send
      ? t`Offline: this needs the server. What you typed is kept here.`
      : t`Offline: it will be kept here and sent later.`;
  return open.touched.size ? html`<span class="wide-only">${t`Kept in this browser`}</span>` : nothing;
}

/** Shows what is unfolded, whose heading keeps the focus: this event is told to the details alone. */
const unfolded = {
  capture: true,
  /** @param {Event} event */
  handleEvent({ target }) {
    const summary = document.activeElement;
    if (!(target instanceof HTMLDetailsElement) || !target.open || summary?.parentElement !== target) return;
    target.scrollIntoView({ block: 'nearest' });
    summary.scrollIntoView({ block: 'nearest' });
  },
};

/** Shows fields that came while somebody fills it in; what has the focus stays in sight. @param {Element} element */
function showNew(element) {
  const fields = new Set(element.querySelectorAll('.field, fieldset'));
  const came = stood.turn === turn ? [...fields].filter((x) => !stood.fields.has(x)) : [];
  stood = { turn, fields };
  if (!came.length || !element.contains(document.activeElement)) return;
  came[0].scrollIntoView({ block: 'nearest' });
  document.activeElement?.scrollIntoView({ block: 'nearest' });
}

/** After drawing: the element follows what should be open. */
export function settle() {
  const element = /** @type {HTMLDialogElement|null} */ (document.getElementById('dialog'));
  if (!element) return;
  if (busy() && !element.open) {
    element.showModal();
    const first =
      element.querySelector('[autofocus]') ??
      element.querySelector('input, select, textarea, button.primary, button.danger');
    if (first instanceof HTMLElement) first.focus();
  } else if (!busy() && element.open) {
    element.close();
  }
  showNew(element);
}
