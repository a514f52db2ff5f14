import * as database from './database.js';
import * as rules from './rules.js';
import { changed, model, toast } from './model.js';
import { html, ifDefined, live, nothing } from '../vendor/lit-html.js';
import { call } from './request.js';
import { submit } from './submit.js';
import { uuid7 } from './id.js';
import { ago } from './time.js';
import { t } from '../language.js';

/** @typedef {import('./types.js').Command} Command */
/** @typedef {import('./types.js').Problem} Problem */
/** @typedef {import('./types.js').View} View */

/** @typedef {{title: string, action: string, check: undefined}} Words of a form in which a draft is edited */
/** @typedef {Words & Required<Pick<Spec, 'key'|'send'|'done'>>} Instead */

/**
 * @typedef {object} Spec
 * @property {string} key under which what was typed is kept: one for each thing that can be written
 * @property {string} title
 * @property {string} action the words on the button
 * @property {Record<string, any>} values
 * @property {(values: Record<string, any>, form: Form) => Command} [toCommand]
 * @property {(form: Form) => unknown} body
 * @property {(form: Form) => Problem|undefined} [check] what keeps it from being sent, beyond the rules
 * @property {(form: Form) => unknown} [aside] what publishing will do
 * @property {(view: View) => ({version: number}|undefined)} [about] the object that is edited
 * @property {Record<string, string>} [labels] names of its fields, to show both sides of a conflict
 * @property {boolean} [danger]
 * @property {boolean} [wide]
 * @property {boolean} [remote] older than the page's state: the server decides
 * @property {string|Instead} [instead] the queued item that is edited, or what becomes of a draft that is
 * @property {boolean} [drafts] it can be kept at the server as a draft of the organisation
 * @property {Partial<{id: string, update: string, other: string}>} [ids] of what is made, when they are given already
 * @property {(values: Record<string, any>, form: Form) => Promise<any>} [send] in place of a command: something that only works online
 * @property {(form: Form) => void} [done]
 * @property {boolean} [plain] nothing in it is worth keeping
 * @property {boolean} [fresh] what was typed in it before is not offered: it begins with words from elsewhere
 */

/** What a person is filling in. It belongs to a dialog or stands in a page. */
export class Form {
  /** @type {Set<string>} */ touched = new Set();
  tried = false;
  busy = false;
  over = false; // sent: what was typed is in the queue, and no draft any more
  restored = 0;
  /** @type {Problem|null} */ problem = null;
  /** @type {() => void} */ onClose = () => {};
  #timer = 0;
  /** @type {{seq: unknown, said: any}} */ #cache = { seq: undefined, said: {} };

  /** @param {Spec} spec */
  constructor(spec) {
    this.spec = typeof spec.instead === 'object' ? { ...spec, ...spec.instead } : spec;
    this.values = { ...spec.values };
    this.ids = {
      id: spec.ids?.id ?? uuid7(),
      update: spec.ids?.update ?? uuid7(),
      other: spec.ids?.other ?? uuid7(),
      draft: uuid7(),
    };
    this.version = this.#about()?.version;
  }

  /** What is typed is not kept in this browser. */
  get #leaves() {
    return this.spec.plain || typeof this.spec.instead === 'string';
  }

  /** Offers again what was typed and not sent. */
  async restore() {
    if (this.#leaves) return;
    if (this.spec.fresh) {
      this.touched.add(''); // words from elsewhere are somebody's words: closing it keeps them
      return this.keep();
    }
    const draft = await database.get('drafts', this.spec.key).catch(() => undefined);
    if (!draft || this.touched.size) return;
    this.values = { ...this.values, ...draft.values };
    this.version = draft.version ?? this.version;
    this.restored = draft.at;
    this.#forgetVerdict();
    changed();
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.values = { ...this.values, [name]: value };
    this.touched.add(name);
    this.problem = null;
    this.#forgetVerdict();
    this.#keepSoon();
    changed();
  }

  #forgetVerdict() {
    this.#cache.seq = undefined;
  }

  #keepSoon() {
    if (this.#leaves) return;
    clearTimeout(this.#timer);
    if (!this.busy) this.#timer = setTimeout(() => this.keep(), 150);
  }

  /** Keeps what was typed. */
  keep() {
    clearTimeout(this.#timer);
    if (this.over || this.#leaves || !this.touched.size) return;
    database
      .put('drafts', { key: this.spec.key, values: this.values, version: this.version, at: Date.now() })
      .catch(() => {});
  }

  /** Starts over with what is published. */
  async discard() {
    clearTimeout(this.#timer);
    await database.remove('drafts', this.spec.key).catch(() => {});
    this.values = { ...this.spec.values };
    this.touched.clear();
    this.tried = false;
    this.restored = 0;
    this.problem = null;
    this.version = this.#about()?.version;
    this.#forgetVerdict();
    changed();
  }

  #about() {
    return model.view ? this.spec.about?.(model.view) : undefined;
  }

  /** The command as it stands. */
  command() {
    return /** @type {NonNullable<Spec['toCommand']>} */ (this.spec.toCommand)(this.values, this);
  }

  /** What the rules say to the command as it stands. @returns {{error?: Problem, view?: View, events?: any[]}} */
  verdict() {
    if (!this.spec.toCommand || this.spec.remote || this.spec.instead || !rules.ready()) return {};
    if (this.#cache.seq !== model.view) this.#cache = { seq: model.view, said: rules.decide(this.command()) };
    return this.#cache.said;
  }

  /** What is wrong with a field; names that begin with it belong to it. @param {string} name */
  error(name) {
    const all =
      this.problem?.errors ?? (this.tried || this.touched.has(name) ? this.verdict().error?.errors : undefined);
    return (
      all?.find((e) => e.field === name || e.field.startsWith(`${name}[`) || e.field.startsWith(`${name}.`))?.message ??
      ''
    );
  }

  /** Whether what is edited changed since the form was opened; null when it is gone. @returns {any} */
  overtaken() {
    if (!this.spec.about || this.version === undefined) return undefined;
    const now = this.#about();
    if (!now) return null;
    return now.version === this.version ? undefined : now;
  }

  /** Goes on over the newer version. */
  overwrite() {
    this.version = this.#about()?.version;
    this.problem = null;
    this.#forgetVerdict();
    changed();
  }

  /** @param {string[]} names */
  takeTheirs(names) {
    const now = /** @type {any} */ (this.#about());
    this.values = { ...this.values, ...Object.fromEntries(names.map((n) => [n, now[n]])) };
    this.overwrite();
  }

  async submit() {
    if (this.busy) return;
    this.tried = true;
    this.problem = null;
    changed();
    if (this.overtaken() !== undefined && !this.spec.danger) return this.#focusTrouble();
    this.busy = true;
    clearTimeout(this.#timer);
    try {
      await this.#send();
    } finally {
      this.busy = false;
      changed();
    }
  }

  async #send() {
    const { spec } = this;
    const { send } = spec;
    const refused = spec.check?.(this);
    const answer = refused
      ? { problem: refused }
      : send
        ? await this.#direct(() => send(this.values, this))
        : await submit(this.command(), {
            remote: spec.remote,
            instead: /** @type {string|undefined} */ (spec.instead),
            draft: spec.key,
          });
    if (answer.problem) {
      this.problem = answer.problem;
      changed();
      this.#focusTrouble();
      return;
    }
    this.over = true;
    this.onClose();
    spec.done?.(this);
  }

  /** Keeps it at the server, for a second person or for a time. */
  async keepAtServer() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.#timer);
    changed();
    const { problem } = await this.#direct(() =>
      call('POST', '/drafts/', { body: { id: this.ids.draft, command: this.command() } }),
    );
    this.busy = false;
    this.problem = problem ?? null;
    changed();
    if (problem) return this.#focusTrouble();
    this.over = true;
    await database.remove('drafts', this.spec.key).catch(() => {});
    this.onClose();
    toast(t`It is kept as a draft.`, 'good', { href: `/dashboard/drafts/${this.ids.draft}`, link: t`Look at it` });
  }

  /** @param {() => Promise<any>} send */
  async #direct(send) {
    try {
      await send();
      return {};
    } catch (error) {
      const e = /** @type {any} */ (error);
      return { problem: e.problem ?? { code: 'unavailable', detail: e.message } };
    }
  }

  #focusTrouble() {
    setTimeout(() => {
      const next = /** @type {any} */ (this.problem)?.second_factor
        ? document.querySelector('.form [autofocus]')
        : null; // what is asked for next
      const trouble =
        next ??
        document.querySelector('.form .conflict button') ??
        document.querySelector('.form [aria-invalid="true"]') ??
        document.querySelector('.form .problem');
      if (trouble instanceof HTMLElement) trouble.focus();
    }, 0);
  }
}

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} [of] the value that it shows, when that has another name than the server's field
 * @property {string} [type]
 * @property {string} [hint]
 * @property {boolean} [focus]
 * @property {boolean} [optional]
 * @property {number} [rows] makes it a text area
 * @property {number} [max]
 * @property {string} [placeholder]
 * @property {string} [autocomplete]
 * @property {string} [list]
 */

/** One line or a few of text, with its label, hint and error. @param {Form} form @param {Field} field */
export function field(
  form,
  {
    name,
    label,
    of = name,
    type = 'text',
    hint = '',
    focus = false,
    optional = false,
    rows = 0,
    max,
    placeholder = '',
    autocomplete = 'off',
    list,
  },
) {
  const error = form.error(name);
  const typed = (/** @type {Event} */ e) => {
    form.touched.add(name);
    form.set(of, /** @type {HTMLInputElement} */ (e.target).value);
  };
  const common = {
    id: `f-${name}`,
    value: form.values[of] ?? '',
    invalid: error ? 'true' : 'false',
  };
  return html`<div class="field">
    <label for=${common.id}>${label}${optional ? html` <span class="faint">${t`optional`}</span>` : nothing}</label>
    ${
      rows
        ? html`<textarea id=${common.id} rows=${rows} maxlength=${ifDefined(max)} ?autofocus=${focus} placeholder=${placeholder} aria-invalid=${common.invalid} aria-describedby="${common.id}-hint" .value=${live(common.value)} @input=${typed}></textarea>`
        : html`<input id=${common.id} type=${type} name=${name} maxlength=${ifDefined(max)} list=${ifDefined(list)} ?autofocus=${focus} placeholder=${placeholder} autocomplete=${autocomplete} aria-invalid=${common.invalid} aria-describedby="${common.id}-hint" .value=${live(common.value)} @input=${typed} />`
    }
    <p class="hint ${error ? 'bad' : ''}" id="${common.id}-hint">${error || hint}</p>
  </div>`;
}

/** @param {Form} form @param {{name: string, label: string, options: [string, string][], hint?: string, focus?: boolean}} select */
export function choose(form, { name, label, options, hint = '', focus = false }) {
  const error = form.error(name);
  return html`<div class="field">
    <label for="f-${name}">${label}</label>
    <select id="f-${name}" ?autofocus=${focus} aria-invalid=${error ? 'true' : 'false'} aria-describedby="f-${name}-hint" @change=${(/** @type {Event} */ e) => form.set(name, /** @type {HTMLSelectElement} */ (e.target).value)}>
      ${options.map(([value, words]) => html`<option value=${value} .selected=${live(value === (form.values[name] ?? ''))}>${words}</option>`)}
    </select>
    <p class="hint ${error ? 'bad' : ''}" id="f-${name}-hint">${error || hint}</p>
  </div>`;
}

/** @param {Form} form @param {string} name @param {string} label @param {string} [hint] */
export const tick = (form, name, label, hint = '') =>
  html`<label class="tick"><input type="checkbox" .checked=${live(!!form.values[name])} @change=${(/** @type {Event} */ e) => form.set(name, /** @type {HTMLInputElement} */ (e.target).checked)} /><span>${label}${hint ? html`<span class="faint block">${hint}</span>` : nothing}</span></label>`;

/** What stands between a form and its publication: a newer version, a refusal, text from before. @param {Form} form */
export function notices(form) {
  return [overtaken(form), refusal(form), restored(form)];
}

/** @param {Form} form */
function overtaken(form) {
  const now = form.overtaken();
  if (now === undefined) return nothing;
  if (now === null)
    return html`<div class="note conflict bad" role="alert"><p>${t`This was deleted meanwhile. What you typed is kept until you discard it.`}</p></div>`;
  const labels = form.spec.labels ?? {};
  const differ = Object.keys(labels).filter((name) => String(now[name] ?? '') !== String(form.values[name] ?? ''));
  return html`<div class="note conflict warn" role="alert">
    <p><strong>${t`Somebody changed this ${ago(now.updated_at)}, after you opened it.`}</strong> ${differ.length ? t`Both are below; nothing is overwritten before you say so.` : t`It now says the same as yours.`}</p>
    ${
      differ.length
        ? html`<table class="both"><thead><tr><th scope="col"><span class="sr">${t`Field`}</span></th><th scope="col">${t`Theirs`}</th><th scope="col">${t`Yours`}</th></tr></thead>
          <tbody>${differ.map((name) => html`<tr><th scope="row">${labels[name]}</th><td>${now[name] || '–'}</td><td>${form.values[name] || '–'}</td></tr>`)}</tbody></table>`
        : nothing
    }
    <div class="row">
      <button type="button" class="button small" @click=${() => form.overwrite()}>${t`Keep mine`}</button>
      <button type="button" class="button small" @click=${() => form.takeTheirs(Object.keys(labels))}>${t`Take theirs`}</button>
    </div>
  </div>`;
}

/** @param {Form} form */
function refusal(form) {
  const problem = form.problem ?? (form.tried ? form.verdict().error : null);
  if (!problem || form.overtaken() !== undefined) return nothing;
  const shown = problem.errors?.length === 1 && document.getElementById(`f-${problem.errors[0].field}`);
  return shown
    ? nothing
    : html`<div class="note problem bad" role="alert" tabindex="-1"><p>${problem.detail}</p></div>`;
}

/** @param {Form} form */
function restored(form) {
  if (!form.restored) return nothing;
  return html`<div class="note" role="status"><p>${t`Your text from ${ago(form.restored)} is back.`}</p>
    <button type="button" class="link" @click=${() => form.discard()}>${t`Start over`}</button></div>`;
}
