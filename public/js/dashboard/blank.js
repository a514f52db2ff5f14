// The {{blanks}} of a template: what a name is, is said by shared/status, Blanks.

import { t } from '../language.js';

/** @typedef {import('./form.js').Form} Form */
/** @typedef {{text: string}|{blank: string}} Piece of a text: words, or a blank by its name */
/** @typedef {Record<string, string>} Values of blanks, by name; one without a value, or with an empty one, is open */

/** The texts of a form that may have blanks. */
const texts = ['title', 'description', 'body'];

const blank = /\{\{([\w \-\u{80}-\u{10ffff}]+)\}\}/gu;
/** The most bytes between the braces. */
const LONGEST = 51;

const bytes = (/** @type {string} */ s) => new TextEncoder().encode(s).length;
const trimmed = (/** @type {string} */ s) => s.replace(/^ +| +$/g, '');

/** A text in pieces. @param {string} text @returns {Piece[]} */
export function parse(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(blank)) {
    const name = trimmed(found[1]);
    if (!name || bytes(found[1]) > LONGEST) continue;
    pieces.push({ text: text.slice(from, found.index) }, { blank: name });
    from = found.index + found[0].length;
  }
  pieces.push({ text: text.slice(from) });
  return pieces.filter((p) => 'blank' in p || p.text);
}

/** @param {Piece} piece @param {Values} values */
const shown = (piece, values) => ('text' in piece ? piece.text : values[piece.blank] || `{{${piece.blank}}}`);

/** The text that pieces make. @param {Piece[]} pieces @param {Values} values */
export const join = (pieces, values) => pieces.map((p) => shown(p, values)).join('');

/**
 * The pieces of a text that was changed by hand: what stands before and after the change keeps its blanks.
 * @param {Piece[]} pieces
 * @param {Values} values
 * @param {string} text
 * @returns {Piece[]}
 */
export function follow(pieces, values, text) {
  const was = join(pieces, values);
  if (was === text) return pieces;
  const least = Math.min(was.length, text.length);
  let head = 0;
  while (head < least && was[head] === text[head]) head++;
  let tail = 0;
  while (tail < least - head && was.at(-1 - tail) === text.at(-1 - tail)) tail++;
  const before = [];
  const after = [];
  let from = head; // where in the new text the words begin that are no piece's
  let to = text.length - tail;
  let at = 0;
  for (const piece of pieces) {
    const end = at + shown(piece, values).length;
    if (end <= head) before.push(piece);
    else if (at >= was.length - tail) after.push(piece);
    else {
      // Cut in two: its rest is words like any other.
      from = Math.min(from, at);
      to = Math.max(to, text.length - (was.length - end));
    }
    at = end;
  }
  return [...before, ...parse(text.slice(from, to)), ...after];
}

/** @param {Form} form @param {string} name */
const piecesOf = (form, name) =>
  follow(form.values.pieces?.[name] ?? [], form.values.blanks ?? {}, form.values[name] ?? '');

/** The names of a form's blanks, filled in or not, in their order. @param {Form} form @returns {string[]} */
export const blanksOf = (form) => [
  ...new Set(texts.flatMap((name) => piecesOf(form, name)).flatMap((p) => ('blank' in p ? [p.blank] : []))),
];

/** Puts a template's text into a field; what was filled in already fits it, too. @param {Form} form @param {string} name @param {string} text */
export function lay(form, name, text) {
  const pieces = parse(text);
  form.set('pieces', { ...form.values.pieces, [name]: pieces });
  form.set(name, join(pieces, form.values.blanks ?? {}));
}

/** Fills a blank in, in all texts, as it is typed. @param {Form} form @param {string} name @param {string} value */
export function fill(form, name, value) {
  const pieces = Object.fromEntries(texts.filter((t) => form.values[t]).map((t) => [t, piecesOf(form, t)]));
  const blanks = { ...form.values.blanks, [name]: value };
  form.set('blanks', blanks);
  form.set('pieces', pieces);
  for (const text of Object.keys(pieces)) form.set(text, join(pieces[text], blanks));
}

/** What keeps a form with open blanks from being published. @param {Form} form @returns {import('./types.js').Problem|undefined} */
export function openBlanks(form) {
  const open = blanksOf(form).filter((name) => !form.values.blanks?.[name]);
  if (!open.length) return undefined;
  const named = open.map((name) => `“${name}”`).join(', ');
  return {
    code: 'invalid',
    detail: t`Fill in ${named} first.`,
    errors: open.map((name) => ({ field: `blanks.${name}`, message: t`Fill this in.` })),
  };
}
