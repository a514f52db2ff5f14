/**
 * A kind of object that the page holds, as its view declares it: where it is shown, and how it is named.
 * @typedef {object} Noun
 * @property {string} noun as commands name it
 * @property {string} list the member of the view that holds its objects
 * @property {string} name of the view, in its address
 * @property {string} label in the menu and in the title
 * @property {boolean} [alone] each object has an address of its own
 * @property {unknown} [drawing] its icon, where icon.js has none of the view's name
 * @property {number} place in the menu
 * @property {(view: import('./types.js').View, id: string) => unknown} show
 */

/** In the order of the menu. @type {Noun[]} */
export const nouns = [];

/** Each noun's view calls it once, when it is loaded. @param {Noun} noun */
export function declare(noun) {
  nouns.push(noun);
  nouns.sort((a, b) => a.place - b.place);
}

/** The noun that is shown in a view. @param {string} name */
export const shownIn = (name) => nouns.find((n) => n.name === name);

/** @param {string} noun as commands name it */
export const declared = (noun) => nouns.find((n) => n.noun === noun);

/** The objects of a noun that a view holds. @param {Noun} noun @param {import('./types.js').View} view @returns {any[]} */
export const objects = (noun, view) => /** @type {any} */ (view)[noun.list] ?? [];
