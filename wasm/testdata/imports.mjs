const module = await WebAssembly.compileStreaming(fetch(process.argv[2]));
console.log(WebAssembly.Module.imports(module).map(({ name }) => name).join(' '));
