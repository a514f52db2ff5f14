/**
 * Makes `have` like `want` with as little change as possible: what is the same stays the same node, so focus, scroll and open
 * details stay. Elements with an id are followed wherever they go. Answers with the elements whose data-rev changed.
 * @param {Element} have @param {Element} want @returns {Element[]}
 */
export function morph(have, want) {
  /** @type {Element[]} */
  const changed = [];
  element(have, want, changed);
  return changed;
}

/** @param {Element} have @param {Element} want @param {Element[]} changed */
function element(have, want, changed) {
  if (have.isEqualNode(want)) return;
  if (have.getAttribute('data-rev') !== want.getAttribute('data-rev')) changed.push(have);
  attributes(have, want);
  children(have, want, changed);
}

/** @param {Element} have @param {Element} want */
function attributes(have, want) {
  if (have === document.activeElement) return; // the day that somebody is at
  // What the visitor opened stays open; what the server now wants to be seen is opened.
  if (have instanceof HTMLDetailsElement && want.hasAttribute('data-open') && !have.hasAttribute('data-open'))
    have.open = true;
  for (const { name } of [...have.attributes])
    if (name !== 'open' && !want.hasAttribute(name)) have.removeAttribute(name);
  for (const { name, value } of want.attributes)
    if (name !== 'open' && have.getAttribute(name) !== value) have.setAttribute(name, value);
}

/** @param {Element} have @param {Element} want @param {Element[]} changed */
function children(have, want, changed) {
  const wanted = new Set([...want.children].map((c) => c.id));
  const known = new Map([...have.children].map((c) => [c.id, c]));
  let at = have.firstChild;
  for (const next of [...want.childNodes]) {
    const id = named(next);
    const keyed = id ? known.get(id) : undefined;
    // What is found stays where it is, for moving a node takes its focus: what stands before it goes, unless it is wanted later.
    while (at && at !== keyed && (named(at) ? !wanted.has(named(at)) : keyed)) at = drop(at);
    const found = id ? keyed : at;
    if (!found || !alike(found, next)) {
      have.insertBefore(document.adoptNode(next), at);
      if (next instanceof Element) changed.push(...fresh(next));
      continue;
    }
    if (found === at) at = at.nextSibling;
    else have.insertBefore(found, at);
    if (found instanceof Element && next instanceof Element) element(found, next, changed);
    else if (found.nodeValue !== next.nodeValue) found.nodeValue = next.nodeValue;
  }
  while (at) at = drop(at);
}

/** @param {Node} node */
const named = (node) => (node instanceof Element ? node.id : '');

/** @param {ChildNode} node */
function drop(node) {
  const next = node.nextSibling;
  if (!(node instanceof Element && node.matches('.tip'))) node.remove(); // the card of a day is the visitor's
  return next;
}

/** @param {Node} a @param {Node} b */
function alike(a, b) {
  return a.nodeName === b.nodeName && (!(a instanceof Element) || a.id === /** @type {Element} */ (b).id);
}

/** @param {Element} el */
const fresh = (el) => (el.hasAttribute('data-rev') ? [el] : [...el.querySelectorAll('[data-rev]')]);
