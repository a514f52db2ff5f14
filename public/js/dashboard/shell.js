import { restorable, undo } from './standing.js';
import { changed, dismiss, mayWrite, model, refused, waiting } from './model.js';
import { html, nothing } from '../vendor/lit-html.js';
import { ago, exact, short } from './time.js';
import { count } from './words.js';
import { dialog } from './dialog.js';
import { entries, hrefOf } from './menu.js';
import { face, icon } from './icon.js';
import { leave, signAgain } from './views/signin.js';
import { mailStrip } from './views/mail.js';
import { openIncident } from './views/incident_form.js';
import { proposed } from './views/proposal.js';
import { reconnect } from './person.js';
import { openPalette } from './palette.js';
import { reload } from './update.js';
import { route } from './router.js';
import { showKeys } from './key_list.js';
import { many, t } from '../language.js';

let unfolded = false;

/** Closes the menu of a narrow window. */
export const fold = () => {
  unfolded = false;
};

/** The whole window around a view. @param {unknown} view */
export function shell(view) {
  return html`<a class="skip" href="#main">${t`Skip to content`}</a>
    <div class="app">
      ${rail()}
      <main id="main" tabindex="-1">
        ${lasting()}
        ${view}
      </main>
    </div>
    ${toastBar()} ${dialog()}
    <div class="sr" role="status" aria-live="polite">${model.said}</div>`;
}

function rail() {
  const here = route().name;
  const shown = entries().filter((e) => !e.admin || mayWrite());
  const org = model.view?.org ?? model.identity?.organization ?? undefined;
  return html`<header class="rail">
    <div class="brand">
      <a class="org" href="/dashboard">${face(org)}<span class="name">${org?.name ?? ''}</span></a>
      ${org ? html`<a class="quiet-button" href="/status/${org.slug}" target="_blank" rel="noopener" aria-label=${t`Public page, in a new tab`} title=${t`Public page`}>${icon('out')}</a>` : nothing}
    </div>
    ${mayWrite() ? html`<button type="button" class="button primary open" aria-keyshortcuts="i" @click=${() => openIncident()}>${icon('plus')}<span class="label">${t`Open an incident`}</span><kbd>i</kbd></button>` : nothing}
    ${connection()}
    <button type="button" class="quiet-button fold" aria-expanded=${unfolded} aria-controls="menu" aria-label=${t`Menu`} @click=${() => {
      unfolded = !unfolded;
      changed();
    }}>${icon(unfolded ? 'close' : 'menu')}</button>
    <div id="menu" class=${unfolded ? 'menu unfolded' : 'menu'}>
      <nav aria-label=${t`Main`}>
        ${model.view ? html`<button type="button" class="button search" aria-keyshortcuts="/ Control+K" @click=${openPalette}>${icon('search')}<span class="grow">${t`Search`}</span><kbd>/</kbd></button>` : nothing}
        <ul>${shown.map((e) => html`<li><a href=${hrefOf(e.name)} aria-current=${here === e.name ? 'page' : nothing}>${icon(e.icon)}${e.label}${badgeOf(e.name)}</a></li>`)}</ul>
      </nav>
      <div class="person">
        <div class="who"><a href="/dashboard/account" aria-current=${here === 'account' ? 'page' : nothing}><strong>${model.identity?.user.name || model.identity?.user.email || ''}</strong>${model.offers.length ? html` <span class="count" aria-label="${count(model.offers.length, 'offer')}">${model.offers.length}</span>` : nothing}</a><span class="faint">${model.identity?.organization ? (mayWrite() ? t`Admin` : t`Member, read only`) : ''}</span>${model.identity?.until ? html`<span class="faint">${t`Signed in until ${short(model.identity.until)}`}</span>` : nothing}</div>
        <button type="button" class="quiet-button" aria-label=${t`Keys`} title=${t`Keys (?)`} @click=${showKeys}><kbd>?</kbd></button>
        <button type="button" class="quiet-button" aria-label=${t`Sign out`} title=${t`Sign out`} @click=${leave}>${icon('leave')}</button>
      </div>
    </div>
  </header>`;
}

/** @param {string} name */
function badgeOf(name) {
  const n =
    name === 'incidents'
      ? model.view?.incidents.filter((i) => i.status !== 'resolved').length
      : name === 'monitors'
        ? proposed()
        : 0;
  return n
    ? html`<span class="count" aria-label=${name === 'monitors' ? t`${n} to decide` : t`${n} active`}>${n}</span>`
    : nothing;
}

/** Live, or since when not, and how much waits; it leads to the queue. */
function connection() {
  const queued = waiting().length;
  const bad = refused().length;
  const since = model.seenAt ? html`<span class="since"> ${t`since ${short(model.seenAt)}`}</span>` : nothing;
  const words = {
    live: t`Live`,
    offline: html`${t`Offline`}${since}`,
    behind: t`Catching up`,
    opening: t`Connecting`,
    connecting: t`Connecting`,
  }[model.link];
  return html`<a class="connection ${model.link}" href="/dashboard/queue" aria-current=${route().name === 'queue' ? 'page' : nothing}>
    <span class="dot" aria-hidden="true"></span><span class="words">${words}</span>
    ${queued ? html`<span class="count">${t`${queued} queued`}</span>` : nothing}
    ${bad ? html`<span class="count bad">${t`${bad} refused`}</span>` : nothing}
  </a>`;
}

/** What is so as long as the person is here. */
function lasting() {
  return [unkept(), onlyReads(), offered(), deleted(), mailStrip()];
}

function unkept() {
  return model.unkept
    ? html`<div class="strip warn" role="status"><p><strong>${t`This browser keeps nothing for us.`}</strong> ${t`Its storage is full, or closed to this page. You can work on and what you do is sent, but what has not been sent is gone when this tab closes.`}</p></div>`
    : nothing;
}

function offered() {
  if (!model.offers.length || route().name === 'account') return nothing;
  return html`<div class="strip" role="status"><p>${model.offers.length > 1 ? many(model.offers.length - 1, '{1} and {0} other offer you a membership.', '{1} and {0} others offer you a membership.', model.offers[0].organization.name) : t`${html`<strong>${model.offers[0].organization.name}</strong>`} offers you a membership.`}</p><a class="button small" href="/dashboard/account">${t`Look at it`}</a></div>`;
}

/** What was deleted can be had back for a while. */
function deleted() {
  return restorable().map(
    (
      o,
    ) => html`<div class="strip warn" role="status"><p><strong>${t`${o.name} is deleted.`}</strong> ${t`Nobody sees it any more; it is erased on ${exact(o.erased_at ?? '')}.`}</p>
    <button type="button" class="button small" @click=${() => undo(o)}>${t`Undo`}</button></div>`,
  );
}

function onlyReads() {
  return model.identity?.role === 'member'
    ? html`<div class="strip"><p>${t`You are a member here: you can read everything and change nothing. An admin can change that under Team.`}</p></div>`
    : nothing;
}

/** What comes and goes, and should be known wherever they are: one line each. */
function passing() {
  return [signInEnded(), signInEnds(), unreachable(), newVersion(), ofOthers()];
}

function signInEnded() {
  if (!model.expired) return nothing;
  const n = waiting().length;
  return html`<div class="strip warn" role="alert"><p><strong>${t`Your sign-in has ended.`}</strong> ${n ? many(n, '{0} change waits here and will be sent when you are back.', '{0} changes wait here and will be sent when you are back.') : t`You can go on reading; nothing is sent until you are back.`}</p>
    <button type="button" class="button small" @click=${signAgain}>${t`Sign in`}</button></div>`;
}

/** How long before its end a sign-in that nothing renews is spoken of. */
const FORESIGHT = 10 * 60_000;

function signInEnds() {
  const until = model.identity?.until;
  if (model.expired || !until || until - Date.now() > FORESIGHT) return nothing;
  return html`<div class="strip" role="status"><p><strong>${t`Your sign-in ends at ${short(until)}.`}</strong> ${t`Your identity provider renews none by itself: sign in again then. What you write until you are back is kept here.`}</p>
    <button type="button" class="button small" @click=${signAgain}>${t`Sign in now`}</button></div>`;
}

function unreachable() {
  if (model.expired || model.link !== 'offline' || !model.view) return nothing;
  return html`<div class="strip" role="status"><p><strong>${t`We could not reach the server.`}</strong> ${model.seenAt ? t`This is what we knew ${ago(model.seenAt)}.` : t`This is what we knew last.`} ${t`You can work on; changes are kept here and will be sent.`} ${model.gaveUp ? t`We look once a minute.` : ''}</p>
    ${model.gaveUp ? html`<button type="button" class="button small" @click=${reconnect}>${t`Try again`}</button>` : nothing}</div>`;
}

function newVersion() {
  if (!model.newVersion) return nothing;
  return html`<div class="strip"><p>${t`A new version is ready. It is used from the next start; what waits to be sent stays.`}</p><button type="button" class="button small" @click=${reload}>${t`Load it now`}</button></div>`;
}

function ofOthers() {
  if (!model.othersQueued || model.queue.length) return nothing;
  return html`<div class="strip"><p>${many(model.othersQueued, '{0} change from another sign-in in this browser is kept here until that one is back.', '{0} changes from another sign-in in this browser are kept here until that one is back.')}</p></div>`;
}

function undoBar() {
  const u = model.undo;
  return u
    ? html`<div class="toast good"><p>${u.text}</p><button type="button" class="button small" aria-keyshortcuts="z" @click=${u.run}>${t`Undo`} <kbd>z</kbd></button></div>`
    : nothing;
}

function toastBar() {
  const shown = model.toast;
  return html`<div class="toasts">${passing()}${undoBar()}${
    shown
      ? html`<div class="toast ${shown.kind}"><p>${shown.text}</p>${shown.href ? html`<a href=${shown.href} @click=${dismiss}>${shown.link}</a>` : nothing}
        <button type="button" class="quiet-button" aria-label=${t`Dismiss`} @click=${dismiss}>${icon('close')}</button></div>`
      : nothing
  }</div>`;
}
