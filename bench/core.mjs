// Times core.wasm through the browser's own way to it: core.js, wasm, messages.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [script, wasm, input] = process.argv.slice(2).map((p) => resolve(p));
const { load, decide, n } = JSON.parse(await readFile(input, 'utf8'));
const bytes = await readFile(wasm);
globalThis.fetch = async () => new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } });

const { loadCore } = await import(pathToFileURL(script));
let began = performance.now();
const core = await loadCore('core.wasm');
const loaded = core.call(load);
const start = (performance.now() - began) * 1000;
if (loaded.error) throw new Error(JSON.stringify(loaded));
for (let i = 0; i < 500; i++) {
  const answer = core.call(decide);
  if (answer.error) throw new Error(JSON.stringify(answer));
}
// CPU time: other people's work on the machine is not counted.
const used = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
began = used();
for (let i = 0; i < n; i++) core.call(decide);
console.log(JSON.stringify({ start, decide: (used() - began) / n }));
