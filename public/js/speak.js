// The server's words are made for programs: they name fields as the API does. Here they become what the interface says, at the field.
import { stateName } from './dashboard/words.js';
import { language, locale, phrase, t } from './language.js';

/** @typedef {import('./dashboard/types.js').Problem} Problem */

/** What is missing, by field. @type {Record<string, string>} */
const missing = {
  body: t`Write what visitors should read.`,
  message: t`Write what visitors should read.`,
  description: t`Write what visitors should read.`,
  resolution: t`Write what ended it.`,
  postmortem: t`Write what happened.`,
  title: t`Say in a few words what is wrong.`,
  name: t`Give it a name.`,
  'organization.name': t`Give your organisation a name.`,
  services: t`Choose at least one service.`,
  service: t`Choose at least one service.`,
  email: t`Write an e-mail address.`,
  password: t`Choose a password.`,
  scheduled_for: t`Choose when it begins.`,
  scheduled_until: t`Choose when it ends.`,
};

/** What a refused move is about, when it is no service. @type {Record<string, string>} */
const subjects = {
  'An incident': t`An incident`,
  'A maintenance': t`A maintenance`,
  'A resolved incident': t`A resolved incident`,
};

/** A state within a sentence: English has it in small letters. @param {string} state */
const within = (state) => (language === 'en' ? stateName(state).toLowerCase() : stateName(state));

/** The names of states in a list of the API's words. @param {string} list */
const states = (list) =>
  list.replace(/[a-z]+(?:_[a-z]+)*/g, (word) => (word === 'or' || word === 'and' ? word : stateName(word)));

/** So long to wait, "a second" or "5 minutes", as the language writes it. @param {string} text */
const wait = (text) => {
  const [, n, unit] = /^(\d+|a) ([a-z]+?)s?$/.exec(text) ?? ['', 'a', 'second'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n === 'a' ? 1 : Number(n));
};

/** What the server writes, and what it means here. @type {[RegExp, string | ((m: RegExpExecArray, field: string) => string)][]} */
const meanings = [
  [
    / must not be empty\.$/,
    (_, field) => missing[field] ?? missing[field.replace(/^.*\./, '')] ?? t`This cannot be empty.`,
  ],
  [/ may have (\d+) characters at most\.$/, (m) => t`That is too long: ${Number(m[1])} characters at most.`],
  [/ has at most (\d+) characters\.$/, (m) => t`That is too long: ${m[1]} characters at most.`],
  [/ must be an e-mail address such as (\S+)\.$/, (m) => t`Write an e-mail address such as ${m[1]}.`],
  [/ must be an address that begins with https:\/\/\.$/, () => t`The address begins with https://.`],
  [
    / must not contain (?:control characters|characters that nobody sees)\.$/,
    () => t`There are characters in it that nobody can see. Type it anew instead of pasting it.`,
  ],
  [/ must be from (\S+) to (\S+)\.$/, (m) => t`Choose a number from ${m[1]} to ${m[2]}.`],
  [/ must be one of (.+)\.$/, (m) => t`Choose one of these: ${states(m[1])}.`],
  [
    / must be (?:a UUID|from this server)/,
    () => t`Something went wrong with this form. Reload the page and try again; what you typed is kept.`,
  ],
  [
    /^start_date must be a day such as \S+, from (\S+) until today\.$/,
    (m) => t`Choose a day from ${m[1]} until today.`,
  ],
  [/ must start with https:\/\/ or http:\/\/\.$/, () => t`A web address begins with https:// or http://.`],
  [/^hostname must be /, () => t`A host name looks like status.example.com.`],
  [/^time_zone must be /, () => t`Choose a zone of the list, such as Europe/Paris.`],
  [/^accent must be /, () => t`A colour looks like #0a66c2.`],
  [
    /^(?:organization\.)?slug must be /,
    () => t`Letters a–z, digits and hyphens, up to 63, with no hyphen at its ends.`,
  ],
  [/^logo must /, () => t`Choose a picture in PNG or JPEG.`],
  [
    /^This (\w+) was changed meanwhile: you read version/,
    () => t`Somebody changed this after you opened it. Look at what it says now.`,
  ],
  [
    /^(.+) cannot go from (\w+) to (\w+)(?:; allowed: (.+)\.|; no other state is allowed now\.)$/,
    (m) =>
      `${t`${subjects[m[1]] ?? m[1]} cannot go from ${within(m[2])} to ${within(m[3])}.`} ${m[4] ? t`It can go to ${states(m[4])}.` : t`It cannot change now.`}`,
  ],
  [/ with this id already\.$|^This id is taken\.$/, () => t`This was sent already.`],
  [/^(.+\.) Please wait (.+)\.$/, (m) => t`${phrase(m[1])} Please wait ${wait(m[2])}.`],
  // Whatever else begins with a field's name is about the field that it stands at.
  [/^[a-z][a-z0-9_.[\]]* ((?:must|may|is|cannot|needs|has)\b.*)$/, (m) => phrase(`This ${m[1]}`)],
];

/** What to do about a code for which there is no better sentence. @type {Record<string, string>} */
const codes = {
  internal: t`Something broke on our side, and it was noted. Try again in a moment.`,
  malformed: t`Something went wrong with this form. Reload the page and try again; what you typed is kept.`,
  precondition_failed: t`Somebody changed this after you opened it. Look at what it says now.`,
  too_large: t`That is too much at once. Make it shorter.`,
};

/** A sentence of the server in the interface's words. @param {string} message @param {string} [field] */
export function speak(message, field = '') {
  for (const [form, meaning] of meanings) {
    const found = form.exec(message);
    if (found)
      return typeof meaning === 'string'
        ? meaning
        : meaning(found, field || /^[a-z][a-z0-9_.]*/.exec(message)?.[0] || '');
  }
  return phrase(message);
}

/** A whole refusal in the interface's words; the words themselves stay for programs. @template {Problem} T @param {T} problem @returns {T} */
export function spoken(problem) {
  const errors = problem.errors?.map((e) => ({ ...e, message: speak(e.message, e.field) }));
  return {
    ...problem,
    detail:
      errors?.length === 1
        ? errors[0].message
        : (codes[problem.code] ?? speak(problem.detail ?? '', problem.errors?.[0]?.field)),
    ...(errors ? { errors } : {}),
  };
}
