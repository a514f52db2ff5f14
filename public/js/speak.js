// The server's words are made for programs: they name fields as the API does. Here they become what the interface says, at the field.
import { stateName } from './dashboard/words.js';

/** @typedef {import('./dashboard/types.js').Problem} Problem */

/** What is missing, by field. @type {Record<string, string>} */
const missing = {
  body: 'Write what visitors should read.',
  message: 'Write what visitors should read.',
  description: 'Write what visitors should read.',
  resolution: 'Write what ended it.',
  postmortem: 'Write what happened.',
  title: 'Say in a few words what is wrong.',
  name: 'Give it a name.',
  'organization.name': 'Give your organisation a name.',
  services: 'Choose at least one service.',
  service: 'Choose at least one service.',
  email: 'Write an e-mail address.',
  password: 'Choose a password.',
  scheduled_for: 'Choose when it begins.',
  scheduled_until: 'Choose when it ends.',
};

/** The names of states in a list of the API's words. @param {string} list */
const states = (list) =>
  list.replace(/[a-z]+(?:_[a-z]+)*/g, (word) => (word === 'or' || word === 'and' ? word : stateName(word)));

/** What the server writes, and what it means here. @type {[RegExp, string | ((m: RegExpExecArray, field: string) => string)][]} */
const meanings = [
  [
    / must not be empty\.$/,
    (_, field) => missing[field] ?? missing[field.replace(/^.*\./, '')] ?? 'This cannot be empty.',
  ],
  [
    / may have (\d+) characters at most\.$/,
    (m) => `That is too long: ${Number(m[1]).toLocaleString('en')} characters at most.`,
  ],
  [/ has at most (\d+) characters\.$/, (m) => `That is too long: ${m[1]} characters at most.`],
  [/ must be an e-mail address such as (\S+)\.$/, (m) => `Write an e-mail address such as ${m[1]}.`],
  [/ must be an address that begins with https:\/\/\.$/, () => 'The address begins with https://.'],
  [
    / must not contain (?:control characters|characters that nobody sees)\.$/,
    () => 'There are characters in it that nobody can see. Type it anew instead of pasting it.',
  ],
  [/ must be from (\S+) to (\S+)\.$/, (m) => `Choose a number from ${m[1]} to ${m[2]}.`],
  [/ must be one of (.+)\.$/, (m) => `Choose one of these: ${states(m[1])}.`],
  [
    / must be (?:a UUID|from this server)/,
    () => 'Something went wrong with this form. Reload the page and try again; what you typed is kept.',
  ],
  [/^start_date must be a day such as \S+, from (\S+) until today\.$/, (m) => `Choose a day from ${m[1]} until today.`],
  [/ must start with https:\/\/ or http:\/\/\.$/, () => 'A web address begins with https:// or http://.'],
  [/^hostname must be /, () => 'A host name looks like status.example.com.'],
  [/^time_zone must be /, () => 'Choose a zone of the list, such as Europe/Paris.'],
  [/^accent must be /, () => 'A colour looks like #0a66c2.'],
  [/^(?:organization\.)?slug must be /, () => 'Letters a–z, digits and hyphens, up to 63, with no hyphen at its ends.'],
  [/^logo must /, () => 'Choose a picture in PNG or JPEG.'],
  [
    /^This (\w+) was changed meanwhile: you read version/,
    (m) => `Somebody changed this ${m[1]} after you opened it. Look at what it says now.`,
  ],
  [
    /^(.+) cannot go from (\w+) to (\w+)(?:; allowed: (.+)\.|; no other state is allowed now\.)$/,
    (m) =>
      `${m[1]} cannot go from ${stateName(m[2]).toLowerCase()} to ${stateName(m[3]).toLowerCase()}. ${m[4] ? `It can go to ${states(m[4])}.` : 'It cannot change now.'}`,
  ],
  [/ with this id already\.$|^This id is taken\.$/, () => 'This was sent already.'],
  // Whatever else begins with a field's name is about the field that it stands at.
  [/^[a-z][a-z0-9_.[\]]* ((?:must|may|is|cannot|needs|has)\b.*)$/, (m) => `This ${m[1]}`],
];

/** What to do about a code for which there is no better sentence. @type {Record<string, string>} */
const codes = {
  internal: 'Something broke on our side, and it was noted. Try again in a moment.',
  malformed: 'Something went wrong with this form. Reload the page and try again; what you typed is kept.',
  precondition_failed: 'Somebody changed this after you opened it. Look at what it says now.',
  too_large: 'That is too much at once. Make it shorter.',
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
  return message;
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
