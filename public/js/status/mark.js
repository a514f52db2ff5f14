import { clockTime } from "./time.js";

/**
 * The mark beside the name: "Live", or since when it is not, and why.
 * @param {Date} [since] @param {string} [why] @param {boolean} [refresh] offer it
 */
export function mark(since, why, refresh) {
  const el = document.getElementById("live");
  const text = el?.querySelector(".when");
  if (!el || !text) return;
  const words = since ? `Not live since ${clockTime(since)}. ${why}` : "Live";
  if (text.firstChild?.nodeValue === words && !refresh === !text.children.length) return;
  el.dataset.live = since ? "lost" : "yes";
  text.replaceChildren(words);
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: "Refresh", onclick: () => location.reload() });
  if (refresh) text.append(" ", again);
}
