import { html } from '../vendor/lit-html.js';

// The Markdown that incident texts are written in, drawn for the people who write it: paragraphs, lists, quotes, code, bold,
// italic and links. Everything becomes text nodes of a template, so nothing in it can be a tag.

const inline =
  /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*|_[^_\s][^_]*_)|(\[[^\]]+\]\((?:https?:\/\/|mailto:)[^\s)]+\))|(https?:\/\/[^\s<>)]+)/g;

/** @param {string} text @returns {unknown[]} */
function spans(text) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(inline)) {
    if (found.index > from) out.push(text.slice(from, found.index));
    out.push(span(found));
    from = found.index + found[0].length;
  }
  out.push(text.slice(from));
  return out;
}

/** @param {RegExpMatchArray} found */
function span([whole, code, bold, italic, link, bare]) {
  if (code) return html`<code>${code.slice(1, -1)}</code>`;
  if (bold) return html`<strong>${bold.slice(2, -2)}</strong>`;
  if (italic) return html`<em>${italic.slice(1, -1)}</em>`;
  if (link) {
    const [, words, href] = /** @type {RegExpMatchArray} */ (/^\[([^\]]+)\]\((.+)\)$/.exec(link));
    return html`<a href=${href} rel="noopener noreferrer nofollow">${words}</a>`;
  }
  return bare ? html`<a href=${bare} rel="noopener noreferrer nofollow">${bare}</a>` : whole;
}

/** @param {string[]} lines */
const joined = (lines) => lines.map((line, i) => [i > 0 ? html`<br />` : '', ...spans(line)]);

/** @param {string} block */
function paragraph(block) {
  const lines = block.split('\n');
  if (/^```/.test(block))
    return html`<pre><code>${lines
      .slice(1)
      .join('\n')
      .replace(/\n?```\s*$/, '')}</code></pre>`;
  if (lines.every((l) => /^\s*[-*+] /.test(l)))
    return html`<ul>${lines.map((l) => html`<li>${spans(l.replace(/^\s*[-*+] /, ''))}</li>`)}</ul>`;
  if (lines.every((l) => /^\s*\d+[.)] /.test(l)))
    return html`<ol>${lines.map((l) => html`<li>${spans(l.replace(/^\s*\d+[.)] /, ''))}</li>`)}</ol>`;
  if (lines.every((l) => /^> ?/.test(l)))
    return html`<blockquote>${joined(lines.map((l) => l.replace(/^> ?/, '')))}</blockquote>`;
  const heading = /^#{1,6} (.+)$/.exec(block);
  if (heading) return html`<p><strong>${spans(heading[1])}</strong></p>`;
  return html`<p>${joined(lines)}</p>`;
}

/** @param {string} text */
export const markdown = (text) =>
  html`<div class="prose">${text
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .filter((b) => b.trim())
    .map((b) => paragraph(b.trim()))}</div>`;
