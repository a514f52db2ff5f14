import { choose, field } from '../form.js';
import { html, live, nothing } from '../../vendor/lit-html.js';
import { changed, mayWrite, model, say, toast } from '../model.js';
import { badge, icon } from '../icon.js';
import { count, stateName } from '../words.js';
import { banner, whatIf } from './preview.js';
import { openForm } from '../dialog.js';
import { submit } from '../submit.js';
import * as rules from '../rules.js';
import { many, t } from '../../language.js';

/** @typedef {import('../types.js').Service} Service */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Command} Command */

// Several services changed in one go: each by a command of its own, so that one that is refused keeps no other back.

/** @type {Set<string>} */
const chosen = new Set();
/** The one that was clicked last: with Shift, all from it on are chosen. */
let last = '';

/** Those that are chosen and still there, in the page's order. @returns {Service[]} */
const those = () => (model.view?.services ?? []).filter((s) => chosen.has(s.id));

/** @param {string[]} ids @param {boolean} on */
function choice(ids, on) {
  for (const id of ids) on ? chosen.add(id) : chosen.delete(id);
  say(many(those().length, '{0} service chosen.', '{0} services chosen.'));
}

/** The box that chooses a service. @param {Service} s @param {Service[]} shown in their order */
export function box(s, shown) {
  if (!mayWrite()) return nothing;
  const click = (/** @type {MouseEvent} */ e) => {
    const on = /** @type {HTMLInputElement} */ (e.currentTarget).checked;
    const ids = shown.map((x) => x.id);
    const from = e.shiftKey ? ids.indexOf(last) : -1;
    const to = ids.indexOf(s.id);
    choice(from < 0 ? [s.id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1), on);
    last = s.id;
  };
  return html`<input type="checkbox" class="choose" aria-label=${t`Choose ${s.name}`} .checked=${live(chosen.has(s.id))} @click=${click} />`;
}

/** The box that chooses all that are shown of a group. @param {Service[]} members @param {string} name */
export function groupBox(members, name) {
  if (!mayWrite()) return nothing;
  const all = members.every((s) => chosen.has(s.id));
  const some = members.some((s) => chosen.has(s.id));
  return html`<input type="checkbox" class="choose" aria-label=${t`Choose all of ${name}`} .checked=${live(all)} .indeterminate=${live(some && !all)} @click=${() =>
    choice(
      members.map((s) => s.id),
      !all,
    )} />`;
}

/** What can be done with what is chosen; nothing while nothing is. */
export function bulkBar() {
  const n = those().length;
  if (!mayWrite() || !n) return nothing;
  const clear = () => {
    chosen.clear();
    say(t`No service is chosen.`);
  };
  return html`<div class="strip bulk" role="region" aria-label=${t`Chosen services`}><p><strong>${many(n, '{0} service chosen.', '{0} services chosen.')}</strong></p>
    <button type="button" class="button small" @click=${() => change('status')}>${t`Change state`}</button>
    <button type="button" class="button small" @click=${() => change('group')}>${t`Change group`}</button>
    <button type="button" class="button small" @click=${() => change('')}>${icon('trash')}${t`Delete`}</button>
    <button type="button" class="link" @click=${clear}>${t`Choose none`}</button></div>`;
}

/** @typedef {'status'|'group'|''} What is changed; '' deletes */

/** @param {Service} s @param {What} what @param {Record<string, any>} v @returns {Command} */
const commandFor = (s, what, v) =>
  what ? { kind: 'edit_service', id: s.id, [what]: v[what] } : { kind: 'delete_service', id: s.id };

/** @param {What} what */
function change(what) {
  const services = those();
  const some = count(services.length, 'service');
  const states = [...new Set(services.flatMap((s) => s.next ?? []))].sort();
  openForm({
    key: `bulk:${what}`,
    title: what ? t`Change ${some}` : t`Delete ${some}?`,
    action: what ? t`Change them` : t`Delete them`,
    danger: !what,
    plain: true,
    wide: true,
    values: { status: states[0] ?? '', group: services[0]?.group ?? '' },
    body: (form) => html`${
      what === 'status'
        ? choose(form, {
            name: 'status',
            label: t`New state`,
            focus: true,
            options: states.map((s) => [s, stateName(s)]),
          })
        : what === 'group'
          ? field(form, {
              name: 'group',
              label: t`Group`,
              focus: true,
              max: 200,
              list: 'groups',
              hint: t`Empty takes them out of their groups.`,
            })
          : html`<p>${t`They and their bars disappear from the page. Incidents that were about them keep their names.`}</p>`
    }
      <datalist id="groups">${[...new Set(model.view?.services.map((x) => x.group).filter(Boolean))].map((g) => html`<option value=${g}></option>`)}</datalist>
      ${outlook(services, what, form.values)}`,
    aside: (form) => afterwards(services, what, form.values),
    send: (v) => send(services, what, v),
  });
}

/** The problem that the rules have with each, as far as it is known here. @param {Service[]} services @param {What} what @param {any} v */
const problems = (services, what, v) =>
  services.map((s) => (rules.ready() ? rules.decide(commandFor(s, what, v)).error : undefined));

/** Which of them would be changed, and why others would not. @param {Service[]} services @param {What} what @param {any} v */
function outlook(services, what, v) {
  const wrong = problems(services, what, v);
  return html`<ul class="changes">${services.map((s, i) => {
    const to = what === 'status' ? badge(v.status, stateName(v.status)) : what ? v.group || t`no group` : t`deleted`;
    const from = what === 'group' ? s.group || t`no group` : badge(s.status, stateName(s.status));
    return html`<li><span class="grow">${s.name}${wrong[i] ? html`<span class="bad block">${wrong[i].detail}</span>` : nothing}</span>${wrong[i] ? from : html`<span class="was">${from}</span>${icon('right')}${to}`}</li>`;
  })}</ul>`;
}

/** The page when all that the rules allow has happened. @param {Service[]} services @param {What} what @param {any} v */
function afterwards(services, what, v) {
  const commands = services.map((s) => commandFor(s, what, v));
  const view = rules.ready() ? whatIf(commands, (after) => after) : model.view;
  return html`<div class="preview"><h3>${t`What visitors will see`}</h3>${view ? banner(view) : nothing}
    <p class="faint">${t`Each is a change of its own: one that is refused keeps no other back.`} ${what === 'status' ? t`No incident is opened: open one to explain.` : ''}</p></div>`;
}

/** @param {Service[]} services @param {What} what @param {any} v */
async function send(services, what, v) {
  const refused = [];
  for (const s of services) {
    if (!model.view?.services.some((x) => x.id === s.id)) continue; // somebody else deleted it
    const { problem } = await submit(commandFor(s, what, v));
    if (problem) refused.push(`${s.name}: ${problem.detail}`);
    else chosen.delete(s.id);
  }
  changed();
  if (refused.length)
    return toast(t`${services.length - refused.length} of ${services.length} changed. ${refused.join(' ')}`, 'bad');
  const n = services.length;
  toast(
    what
      ? many(n, '{0} service changed.', '{0} services changed.')
      : many(n, '{0} service deleted.', '{0} services deleted.'),
    'good',
  );
}
