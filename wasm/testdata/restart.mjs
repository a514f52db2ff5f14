// What a page sees when the rules break: an answer, once word of the restart, and rules that answer again.
import { loadCore } from '../../public/js/core.js';

console.error = () => {};
const core = await loadCore(process.argv[2]);
const long = { value: 'x'.repeat(200) };
let told = 0;
core.onrestart = () => {
  told++;
  core.call(long); // breaks again: nobody is told while being told
};
const first = core.call({ value: 1 });
const { error } = core.call(long);
const once = told;
const after = core.call({ value: 2 });
core.call(long);
const again = told;
core.onrestart = null;
let threw = 'no';
try {
  core.call(long);
} catch {
  threw = 'yes';
}
console.log(JSON.stringify({ first, broken: { code: error.code }, told: once, after, again, threw }));
