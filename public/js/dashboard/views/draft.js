import { html, nothing, repeat } from '../../vendor/lit-html.js';
import { PAGE_SIZE, Remote, empty, heading, pageNumber, pager } from './list.js';
import { ago, exact, fromInput, toInput, zone } from '../time.js';
import { describe, placeOf } from '../command.js';
import { edit, editable, said } from './queue.js';
import { field } from '../form.js';
import { go, route, withQuery } from '../router.js';
import { mayWrite, model, toast } from '../model.js';
import { call } from '../request.js';
import { icon } from '../icon.js';
import { openForm } from '../dialog.js';
import { t } from '../../language.js';

/** @typedef {import('../types.js').Command} Command */
/** @typedef {{id: string, name: string, at: string}} Signature */

/**
 * @typedef {object} Draft a command that waits at the server
 * @property {string} id
 * @property {'draft'|'review'|'approved'|'published'} state
 * @property {Command} command
 * @property {string} note for the others of the organisation
 * @property {Signature} author
 * @property {Signature|null} approval
 * @property {string} approval_words
 * @property {string|null} due_at
 * @property {string} problem why it was not published
 * @property {Signature|null} publication
 * @property {number} version
 */

const list = new Remote();
const single = new Remote();

/** How old what is shown may become while somebody looks, in milliseconds. */
const FRESH = 10_000;

const states = /** @type {const} */ ({
  draft: [t`Draft`, 'quiet'],
  review: [t`In review`, 'degraded'],
  approved: [t`Approved`, 'operational'],
  published: [t`Published`, 'quiet'],
});

/** What waits for a second person or for a time. @param {import('../types.js').View} _ @param {string} id */
export function drafts(_, id) {
  return id ? one(id) : all();
}

function all() {
  const state = route().query.get('state') ?? '';
  const tabs = [
    ['', t`All`],
    ['review', states.review[0]],
    ['approved', states.approved[0]],
  ];
  const under = html`<p class="faint">${t`Written, and not published yet. “Save as draft” in a form puts it here.`}</p>`;
  return html`${heading(t`Drafts`, nothing, under)}
    <div class="filters"><div class="tabs" role="group" aria-label=${t`State`}>${tabs.map(
      ([value, words]) =>
        html`<a href=${withQuery({ state: value, page: '' })} aria-current=${value === state ? 'true' : nothing}
          >${words}</a>`,
    )}</div></div>
    ${list
      .show(`/drafts/?${state ? `state=${state}&` : ''}page=${pageNumber()}&page_size=${PAGE_SIZE}`)
      .fresh(FRESH)
      .draw((data) =>
        data.results.length
          ? html`<ul class="plain items">${repeat(
              /** @type {Draft[]} */ (data.results),
              (d) => d.id,
              (d) => card(d, false),
            )}</ul>${pager(data)}`
          : empty(
              t`No draft`,
              t`Incidents, updates and maintenance can wait here for a second person, or for their time.`,
            ),
      )}`;
}

/** @param {string} id */
function one(id) {
  return html`<p class="crumb"><a href="/dashboard/drafts">${icon('left')}${t`Drafts`}</a></p>
    ${heading(t`Draft`)}
    ${single
      .show(`/drafts/${encodeURIComponent(id)}/`)
      .fresh(FRESH)
      .draw((data) => html`<ul class="plain items">${card(/** @type {any} */ (data), true)}</ul>`)}`;
}

function afresh() {
  if (route().id) single.load();
  else list.load();
}

/** @param {Draft} d */
const titleOf = (d) => describe(d.command, model.view);

/** @param {Draft} d @param {boolean} open */
function card(d, open) {
  const [words, tone] = states[d.state];
  const name = titleOf(d);
  const link = d.state === 'published' ? placeOf(d.command) : `/dashboard/drafts/${d.id}`;
  return html`<li class="item" id="draft-${d.id}">
    <div class="line"><h2 class="grow">${open && d.state !== 'published' ? name : html`<a href=${link}>${name}</a>`}</h2
      ><span class="badge tone-${tone}">${words}</span></div>
    <p class="faint">${signed(t`Written by`, d.author)}${signed(t` · approved by`, d.approval)}${signed(
      t` · published by`,
      d.publication,
    )}</p>
    ${d.due_at ? html`<p><strong>${t`Published by itself ${ago(d.due_at)}`}</strong>${t`, at ${exact(d.due_at)}.`}</p>` : nothing}
    ${d.problem ? html`<p class="why">${t`It was not published: ${d.problem}`}</p>` : nothing}
    ${d.note ? html`<p class="prose">${t`Note: ${d.note}`}</p>` : nothing}
    ${d.approval_words ? html`<p class="prose">${d.approval?.name}: ${d.approval_words}</p>` : nothing}
    ${said(d.command, open)}
    ${mayWrite() ? html`<div class="row">${steps(d)}</div>` : nothing}
  </li>`;
}

/** @param {string} words @param {Signature|null} by */
const signed = (words, by) =>
  by ? html`${words} ${by.name}, <time title=${exact(by.at)}>${ago(by.at)}</time>` : nothing;

/** @param {Draft} d */
function steps(d) {
  const button = (/** @type {string} */ words, /** @type {(d: Draft) => unknown} */ does, main = false) =>
    html`<button type="button" class="button small ${main ? 'primary' : ''}" aria-label="${words}: ${titleOf(d)}"
      @click=${() => does(d)}>${words}</button>`;
  const gone = button(d.state === 'published' ? t`Remove` : t`Discard`, discard);
  if (d.state === 'published') return gone;
  const mine = d.author.id === `user:${model.identity?.user.id}`;
  return html`${d.state === 'draft' ? button(t`Ask for review`, review) : nothing}
    ${d.state === 'review' && !mine ? button(t`Approve`, approve, true) : nothing}
    ${button(t`Publish`, publish, d.state === 'approved')} ${button(d.due_at ? t`Change its time` : t`Schedule`, schedule)}
    ${editable(d.command) ? button(t`Edit`, change) : nothing} ${button(t`Note`, note)} ${gone}
    ${d.state === 'review' && mine ? html`<p class="faint">${t`A second person approves it: you wrote it.`}</p>` : nothing}`;
}

/** A step with a draft as it was read. @param {Draft} d @param {string} step @param {object} [body] */
const take = (d, step, body = {}) =>
  call('POST', `/drafts/${d.id}/${step}/`, { body: { version: d.version, ...body } });

/** @param {Draft} d @param {object} body */
const patch = (d, body) => call('PATCH', `/drafts/${d.id}/`, { body, headers: { 'If-Match': `"${d.version}"` } });

/** @param {Draft} d */
async function review(d) {
  try {
    await take(d, 'review');
    toast(t`The team is asked to review it.`, 'good');
  } catch (error) {
    toast(/** @type {Error} */ (error).message, 'bad');
  }
  afresh();
}

/** @param {string} words @returns {() => void} */
const after = (words) => () => {
  toast(words, 'good');
  afresh();
};

/** @param {Draft} d */
function approve(d) {
  openForm({
    key: `approve_draft:${d.id}`,
    title: t`Approve this draft?`,
    action: t`Approve`,
    plain: true,
    values: { words: '' },
    body: (
      form,
    ) => html`<p><strong>${titleOf(d)}</strong>${t`, as ${d.author.name} wrote it. A change of it voids your approval.`}</p>
      ${said(d.command, true)}
      ${field(form, { name: 'words', label: t`What you say to it`, optional: true, max: 2000, rows: 2 })}`,
    send: (v) => take(d, 'approve', v),
    done: after(t`It is approved.`),
  });
}

/** @param {Draft} d */
function publish(d) {
  openForm({
    key: `publish_draft:${d.id}`,
    title: t`Publish this draft now?`,
    action: t`Publish`,
    plain: true,
    values: {},
    body: () => html`<p><strong>${titleOf(d)}</strong> ${d.command.notify === false ? t`appears on the page; no subscriber is told.` : t`appears on the page, and subscribers are told.`}</p>
      ${said(d.command, true)}`,
    send: () => take(d, 'publish'),
    done: after(t`It is published.`),
  });
}

/** @param {Draft} d */
function schedule(d) {
  openForm({
    key: `schedule_draft:${d.id}`,
    title: t`When is it published?`,
    action: t`Save`,
    plain: true,
    values: { due_at: toInput(d.due_at ?? Date.now() + 3_600_000) },
    body: (form) =>
      field(form, {
        name: 'due_at',
        label: t`Publish at`,
        type: 'datetime-local',
        focus: true,
        optional: true,
        hint: t`In your zone, ${zone()}. Without a time it is not published by itself.`,
      }),
    send: (v) => take(d, 'schedule', { due_at: fromInput(v.due_at) ?? null }),
    done: after(t`Its time is saved.`),
  });
}

/** Opens the form of its command with what it says. @param {Draft} d */
const change = (d) =>
  edit(d.command, {
    title: t`Edit the draft`,
    action: t`Save the draft`,
    check: undefined,
    key: `edit_draft:${d.id}`,
    send: (_, form) => patch(d, { command: form.command() }),
    done: async (form) => {
      await form.discard();
      after(t`The draft is saved.`)();
    },
  });

/** @param {Draft} d */
function note(d) {
  openForm({
    key: `draft_note:${d.id}`,
    title: t`Note for the team`,
    action: t`Save`,
    values: { note: d.note },
    body: (
      form,
    ) => html`${field(form, { name: 'note', label: t`Note`, rows: 3, max: 2000, focus: true, optional: true, hint: t`Only members read it.` })}
      ${d.state === 'draft' ? nothing : html`<p class="faint">${t`Saving takes it out of review: it is another draft then.`}</p>`}`,
    send: (v) => patch(d, v),
    done: async (form) => {
      await form.discard();
      after(t`The note is saved.`)();
    },
  });
}

/** @param {Draft} d */
function discard(d) {
  const record = d.state === 'published';
  openForm({
    key: `discard_draft:${d.id}`,
    title: record ? t`Remove this record?` : t`Discard this draft?`,
    action: record ? t`Remove the record` : t`Discard the draft`,
    danger: true,
    plain: true,
    values: {},
    body: () =>
      html`<p><strong>${titleOf(d)}</strong> ${record ? t`is gone from here then; what was published stays. The audit log keeps it.` : t`is gone from here then. The audit log keeps it.`}</p>`,
    send: () => call('DELETE', `/drafts/${d.id}/`, { headers: { 'If-Match': `"${d.version}"` } }),
    done: () => {
      toast(record ? t`Removed.` : t`The draft is discarded.`, 'good');
      if (route().id) go('/dashboard/drafts');
      list.load();
    },
  });
}
