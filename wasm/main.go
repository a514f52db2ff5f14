//go:build wasip1

// Command wasm is the rules for the browser: a wasip1 reactor (GOOS=wasip1 GOARCH=wasm, -buildmode=c-shared).
//
// The caller writes a message of n bytes to alloc(n), calls call(n), and reads the answer of the returned length at
// answer(); it is there until the next call.
package main

import (
	"runtime"
	"unsafe"

	"statuspage/wasm/bridge"
)

var (
	core    bridge.Core
	in, out []byte
)

//go:wasmexport alloc
func alloc(n int32) int32 {
	if int(n) > cap(in) {
		in = make([]byte, n)
	}
	in = in[:cap(in)]
	return address(in)
}

//go:wasmexport call
func call(n int32) int32 {
	out = core.Call(in[:n])
	// Between calls nothing runs, so the collector's workers get their turn here: without it a cycle once begun never
	// ends, and 4,000 messages of 40 KB left 455 MB behind them instead of 9.
	runtime.Gosched()
	return int32(len(out))
}

//go:wasmexport answer
func answer() int32 { return address(out) }

func address(b []byte) int32 {
	return int32(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}

func main() {}
