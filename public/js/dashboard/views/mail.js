import { html, nothing } from '../../vendor/lit-html.js';
import { exact, short } from '../time.js';
import { mayWrite, model } from '../model.js';
import { count } from '../words.js';
import { icon } from '../icon.js';
import { test } from '../mail.js';

/** @typedef {import('../model.js').MailResult} MailResult */

const MOST = 10_000;

/** Mail that does not get through: since when, how many wait, and the server's words. */
export function mailStrip() {
  const mail = model.mail;
  if (!mayWrite() || !mail?.failing_since) return nothing;
  const waiting =
    mail.waiting >= MOST
      ? 'More than 10,000 of your mails wait'
      : `${count(mail.waiting, 'mail')} of yours ${mail.waiting === 1 ? 'waits' : 'wait'}`;
  return html`<section class="strip warn column" aria-labelledby="mail-fails"><h2 id="mail-fails">Mail does not get through since <time title=${exact(mail.failing_since)}>${short(mail.failing_since)}</time></h2>
    <p>${mail.waiting ? `${waiting} to be sent when it works again.` : 'None of your mails waits.'} What failed: <span class="said">${ended(mail.problem)}</span></p>
    ${trial()}</section>`;
}

/** The state of mail in a line, with its test, where one looks after subscribers. */
export function mailLine() {
  if (!mayWrite() || !model.mail || model.mail.failing_since) return nothing;
  return html`<section class="mail-line" aria-label="Mail"><p class="faint">${model.mail.configured ? 'Mail gets through, as far as we know.' : 'No mail server is set up: mail is written to the server’s log.'}</p>${trial()}</section>`;
}

/** The button, and what became of the last test. */
function trial() {
  const last = model.mailTest;
  return html`<div><button type="button" class="button small" ?disabled=${last?.running} @click=${test}>${last?.running ? 'Sending' : 'Send me a test mail'}</button></div>
    <div role="status">${last?.failure ? html`<p class="why">${last.failure}</p>` : last?.result ? outcome(last.result) : nothing}</div>`;
}

/** @param {MailResult} r */
const outcome = (r) => html`<ul class="plain trial">
  ${r.encryption ? step(true, `The mail server was reached: ${r.encryption}.`) : nothing}
  ${r.signed_in ? step(true, `We signed in by ${r.signed_in}.`) : nothing}
  ${r.sent ? step(true, `It took the mail to ${r.to}${r.answer ? `: “${r.answer}”` : ''}, after ${seconds(r.took_ms)}.`) : step(false, `No mail went to ${r.to}: ${ended(r.problem)}`)}</ul>`;

/** @param {boolean} good @param {string} words */
const step = (good, words) =>
  html`<li class="line">${icon(good ? 'operational' : 'major')}<span class="grow said">${words}</span></li>`;

/** @param {number} ms */
const seconds = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Somebody's words as the end of a sentence. @param {string} words */
const ended = (words) => (/[.…!?]$/.test(words) ? words : `${words}.`);
