import { html, nothing } from '../../vendor/lit-html.js';
import { exact, short } from '../time.js';
import { mayWrite, model } from '../model.js';
import { icon } from '../icon.js';
import { test } from '../mail.js';
import { many, t } from '../../language.js';

/** @typedef {import('../model.js').MailResult} MailResult */

const MOST = 10_000;

/** Mail that does not get through: since when, how many wait, and the server's words. */
export function mailStrip() {
  const mail = model.mail;
  if (!mayWrite() || !mail?.failing_since) return nothing;
  const waiting =
    mail.waiting >= MOST
      ? t`More than 10,000 of your mails wait`
      : many(
          mail.waiting,
          '{0} mail of yours waits to be sent when it works again.',
          '{0} mails of yours wait to be sent when it works again.',
        );
  return html`<section class="strip warn column" aria-labelledby="mail-fails"><h2 id="mail-fails">${t`Mail does not get through since ${html`<time title=${exact(mail.failing_since)}>${short(mail.failing_since)}</time>`}`}</h2>
    <p>${mail.waiting ? waiting : t`None of your mails waits.`} ${t`What failed:`} <span class="said">${ended(mail.problem)}</span></p>
    ${trial()}</section>`;
}

/** The state of mail in a line, with its test, where one looks after subscribers. */
export function mailLine() {
  if (!mayWrite() || !model.mail || model.mail.failing_since) return nothing;
  return html`<section class="mail-line" aria-label=${t`Mail`}><p class="faint">${model.mail.configured ? t`Mail gets through, as far as we know.` : t`No mail server is set up: mail is written to the server’s log.`}</p>${trial()}</section>`;
}

/** The button, and what became of the last test. */
function trial() {
  const last = model.mailTest;
  return html`<div><button type="button" class="button small" ?disabled=${last?.running} @click=${test}>${last?.running ? t`Sending` : t`Send me a test mail`}</button></div>
    <div role="status">${last?.failure ? html`<p class="why">${last.failure}</p>` : last?.result ? outcome(last.result) : nothing}</div>`;
}

/** @param {MailResult} r */
const outcome = (r) => html`<ul class="plain trial">
  ${r.encryption ? step(true, t`The mail server was reached: ${r.encryption}.`) : nothing}
  ${r.signed_in ? step(true, t`We signed in by ${r.signed_in}.`) : nothing}
  ${r.sent ? step(true, r.answer ? t`It took the mail to ${r.to}: “${r.answer}”, after ${seconds(r.took_ms)}.` : t`It took the mail to ${r.to} after ${seconds(r.took_ms)}.`) : step(false, t`No mail went to ${r.to}: ${ended(r.problem)}`)}</ul>`;

/** @param {boolean} good @param {string} words */
const step = (good, words) =>
  html`<li class="line">${icon(good ? 'operational' : 'major')}<span class="grow said">${words}</span></li>`;

/** @param {number} ms */
const seconds = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Somebody's words as the end of a sentence. @param {string} words */
const ended = (words) => (/[.…!?]$/.test(words) ? words : `${words}.`);
