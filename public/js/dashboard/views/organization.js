import { html, live, nothing } from '../../vendor/lit-html.js';
import { Form, field, notices } from '../form.js';
import { fromInput, toInput } from '../time.js';
import { heading, mark } from './list.js';
import { call } from '../request.js';
import { door } from '../door.js';
import { openForm } from '../dialog.js';
import { face, icon } from '../icon.js';
import { changed, mayWrite, toast } from '../model.js';
import { linkLines, linksOf, look } from './look.js';
import { access } from './access.js';
import { embeds } from './snippets.js';
import { destinations } from './destination.js';
import { security } from './security.js';
import { labels } from '../setting.js';
import { stateName } from '../words.js';
import { locale, t } from '../../language.js';

/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Organization} Organization */

const texts = /** @type {(keyof typeof labels)[]} */ (Object.keys(labels));
const weighed = ['degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'];

/** @type {Form|null} */
let form = null;

/** What the form shows of an organisation. @param {any} org */
const valuesOf = (org) => ({
  ...Object.fromEntries(texts.map((n) => [n, org[n] ?? ''])),
  until: org.announcement_until ? toInput(org.announcement_until) : '',
  weights: { ...org.uptime_weights },
  links: typeof org.links === 'string' ? org.links : linkLines(org),
  indexing: org.indexing ?? true,
});

/** Only what was changed is sent, so that two people can change two things. @param {any} v @param {any} was */
function difference(v, was) {
  const out = /** @type {Record<string, any>} */ ({});
  for (const n of texts) if (v[n] !== was[n]) out[n] = v[n];
  if (v.links !== was.links) out.links = linksOf(v.links);
  if (v.indexing !== was.indexing) out.indexing = v.indexing;
  const until = fromInput(v.until);
  // A new announcement stays until it is taken off, unless it says until when.
  if (until && (v.until !== was.until || out.announcement !== undefined) && v.announcement)
    out.announcement_until = until;
  if (weighed.some((s) => Number(v.weights[s] ?? 0) !== Number(was.weights[s] ?? 0))) {
    out.uptime_weights = Object.fromEntries(weighed.map((s) => [s, Math.round(Number(v.weights[s] ?? 0))]));
  }
  if (v.until !== was.until && !v.until && v.announcement && out.announcement === undefined)
    out.announcement = v.announcement;
  return out;
}

/** @param {Organization} org @param {any} [from] a queued command to edit @param {string} [instead] */
function make(org, from, instead) {
  const was = valuesOf(org);
  const next = new Form({
    key: 'edit_page',
    title: t`Settings`,
    action: t`Save`,
    values: from ? valuesOf({ ...org, ...from }) : was,
    labels,
    instead,
    about: (view) => view.org,
    toCommand: (v, f) => ({ kind: 'edit_page', version: f.version ?? org.version, ...difference(v, was) }),
    body: () => null,
    done: () => (form = null),
  });
  next.restore();
  return next;
}

/** Leaving the view keeps what was typed, and starts from what is published the next time. */
export function leaveSettings() {
  form?.keep();
  form = null;
}

/** Edits queued settings. @param {View} view @param {any} command @param {string} instead */
export function editQueuedSettings(view, command, instead) {
  const { kind, version, ...values } = command;
  form = make(view.org, values, instead);
}

/** @param {View} view */
export function settings(view) {
  if (!mayWrite())
    return html`${heading(t`Settings`)}<dl class="facts-list">${texts.map((n) => html`<div><dt>${labels[n]}</dt><dd>${view.org[n] || '–'}</dd></div>`)}</dl>`;
  // A form that nobody has touched shows what is published.
  if (!form || (!form.touched.size && !form.restored && !form.busy && form.version !== view.org.version))
    form = make(view.org);
  const f = form;
  const dirty = Object.keys(difference(f.values, valuesOf(view.org))).length > 0;
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    if (dirty) f.submit();
    else toast(t`There is nothing to save.`);
  };
  return html`${heading(t`Settings`, '', html`<p class="faint">${t`How your organisation appears to visitors.`} ${mark('page')}</p>`)}
    <form class="form inline" novalidate @submit=${submit}>
      ${notices(f)}
      ${field(f, { name: 'name', label: labels.name, max: 200 })}
      ${logo(view.org)}
      ${field(f, { name: 'description', label: labels.description, rows: 2, max: 20000, optional: true, hint: t`A sentence under the name.` })}
      ${field(f, { name: 'announcement', label: labels.announcement, rows: 3, max: 20000, optional: true, hint: t`Pinned to the top of the page. Markdown; empty takes it off.` })}
      ${f.values.announcement ? field(f, { name: 'announcement_until', of: 'until', label: t`Until`, type: 'datetime-local', optional: true, hint: t`It goes by itself then.` }) : nothing}
      ${field(f, { name: 'url', label: labels.url, type: 'url', optional: true, placeholder: 'https://example.com' })}
      ${field(f, { name: 'hostname', label: labels.hostname, optional: true, placeholder: 'status.example.com', hint: t`Prove that it is yours, point it at this server, and your page is there, too.` })}
      ${hostProof(view.org)}
      <div class="pair">
        ${field(f, { name: 'time_zone', label: labels.time_zone, list: 'zones', hint: t`For days and mails; visitors see their own.` })}
        <div class="swatch">${field(f, { name: 'accent', label: labels.accent, optional: true, placeholder: '#0a66c2', hint: t`Buttons and links.` })}
          <input type="color" aria-label=${t`Pick the accent colour`} .value=${live(/^#[0-9a-f]{6}$/i.test(f.values.accent) ? f.values.accent : '#3448c5')} @input=${(/** @type {Event} */ e) => f.set('accent', /** @type {HTMLInputElement} */ (e.target).value)} /></div>
      </div>
      <datalist id="zones">${Intl.supportedValuesOf('timeZone').map((z) => html`<option value=${z}></option>`)}</datalist>
      ${look(f, view.org)}
      ${weights(f)}
      <footer><button type="submit" class="button primary" ?disabled=${f.busy}>${t`Save`}</button>
        ${dirty ? html`<button type="button" class="button" @click=${() => f.discard()}>${t`Undo`}</button><span class="faint">${t`Not saved yet; kept as a draft.`}</span>` : nothing}</footer>
    </form>
    ${embeds(view)} ${access()} ${security()} ${destinations()} ${ending(view.org)}`;
}

/** What the server knows of a host name. @type {{ of: string, busy: boolean, found: any, problem: string }} */
let host = { of: '', busy: false, found: null, problem: '' };

/** Asks about the host name, or has its proof looked for. @param {Organization} org @param {boolean} [look] */
async function askHost(org, look) {
  const of = `${org.hostname} ${org.version}`;
  host = { of, busy: true, found: host.of === of ? host.found : null, problem: '' };
  try {
    const { data } = look
      ? await call('POST', '/organization/hostname/verify/', { body: {} })
      : await call('GET', '/organization/hostname/');
    if (host.of === of) host.found = data;
    if (look) toast(t`The name is proved. Your page is there.`, 'good');
  } catch (error) {
    if (host.of === of) host.problem = /** @type {Error} */ (error).message;
  }
  host.busy = false;
  changed();
}

/** How far the host name has come, and what has to be where. @param {Organization} org */
function hostProof(org) {
  if (!org.hostname) return nothing;
  if (host.of !== `${org.hostname} ${org.version}`) askHost(org);
  const { found, problem, busy } = host;
  const proved = Boolean(org.hostname_proved_at);
  return html`<div class="field" id="host-proof">
    <p class=${proved ? 'hint' : 'hint bad'} role="status">${
      proved
        ? `${t`${org.hostname} is proved to be yours.`} ${found?.missing_since ? t`The proof has not been found lately: put it back, or the name is given up after 72 hours.` : ''}`
        : org.hostname_until
          ? t`Your page is at ${org.hostname} until ${new Date(org.hostname_until).toLocaleDateString(locale)}. Prove by then that the name is yours.`
          : t`Your page is not at ${org.hostname} yet: prove that the name is yours.`
    }${problem ? ` ${problem}` : ''}</p>
    ${
      found?.record && (!proved || found.missing_since)
        ? html`<dl class="facts-list">
            <div><dt>${t`Either a TXT record`}</dt><dd>${t`${html`<code>${found.record.name}</code>`} with ${html`<code>${found.record.value}</code>`}`}</dd></div>
            <div><dt>${t`or a file on it`}</dt><dd><code>${found.file.url}</code> ${t`with the same text`}</dd></div>
          </dl>`
        : nothing
    }
    ${proved ? nothing : html`<button type="button" class="button small" ?disabled=${busy} @click=${() => askHost(org, true)}>${t`Look for it now`}</button>`}
  </div>`;
}

/** The picture is sent at once, and by itself: a file is nothing that a queue could keep. @param {Organization} org */
function logo(org) {
  return html`<div class="field"><span class="label" id="logo-label">${t`Logo`}</span>
    <div class="row">${face(org)}
      <label class="button small file">${icon('up')}${t`Choose a picture`}<input class="sr" type="file" accept="image/png,image/jpeg" aria-describedby="logo-hint" @change=${(
        /** @type {Event} */ e,
      ) => {
        const input = /** @type {HTMLInputElement} */ (e.target);
        if (input.files?.[0]) change('PUT', input.files[0], t`The logo is on the page.`);
        input.value = '';
      }} /></label>
      ${org.logo ? html`<button type="button" class="button small" @click=${() => change('DELETE', undefined, t`The logo is off the page.`)}>${icon('close')}${t`Take it off`}</button>` : nothing}</div>
    <p class="hint" id="logo-hint">${t`PNG or JPEG, up to 128 KB. It is on the page at once, and in mails.`}</p></div>`;
}

/** @param {string} method @param {File|undefined} body @param {string} words */
async function change(method, body, words) {
  try {
    await call(method, '/organization/logo/', { body });
    toast(words, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
}

/** How much of each state counts as downtime. @param {Form} f */
function weights(f) {
  const error = f.error('uptime_weights');
  return html`<fieldset class="field" aria-describedby="weights-hint"><legend>${t`What counts as downtime`}</legend>
    <div class="weights">${weighed.map(
      (s) =>
        html`<label>${stateName(s)}<span><input type="number" min="0" max="100" step="1" .value=${live(String(f.values.weights[s] ?? 0))} @input=${(
          /** @type {Event} */ e,
        ) => {
          f.touched.add('uptime_weights');
          f.set('weights', { ...f.values.weights, [s]: Number(/** @type {HTMLInputElement} */ (e.target).value) });
        }} /> %</span></label>`,
    )}</div>
    <p class="hint ${error ? 'bad' : ''}" id="weights-hint">${error || t`Of the time that a service is in this state.`}</p></fieldset>`;
}

/** The end of an organisation, by its typed short name. Another issuer's organisations are the issuer's. @param {Organization} org */
function ending(org) {
  if (door) return nothing;
  return html`<section aria-labelledby="ending"><h2 id="ending">${t`Delete this organisation`}</h2>
    <p class="faint">${t`Its pages, tokens and keys stop at once. Its admins can undo that for seven days; then everything is erased, the audit log too.`}</p>
    <p><button type="button" class="button danger" @click=${() => remove(org)}>${t`Delete ${org.name}`}</button></p></section>`;
}

/** @param {Organization} org */
function remove(org) {
  openForm({
    key: 'delete_organization',
    title: t`Delete ${org.name}?`,
    action: t`Delete it`,
    danger: true,
    plain: true,
    values: { slug: '' },
    body: (
      f,
    ) => html`<p>${t`Visitors, members and programs find nothing here from now on. Type ${html`<code>${org.slug}</code>`} to go on.`}</p>
      ${field(f, { name: 'slug', label: t`Its short name`, focus: true })}`,
    send: (v) => call('POST', '/organization/deletion/', { body: { slug: v.slug } }),
    done: () => location.assign('/dashboard/account'),
  });
}
