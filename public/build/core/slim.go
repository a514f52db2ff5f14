package core

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// magic begins the table of functions of a program of Go 1.20 and later for one-byte instructions and eight-byte
// pointers: runtime.pcHeader.
var magic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// knownGo is the Go whose table of functions is known here. Another one's is left as it is, and the core is larger: see
// runtime._func in its sources, run the tests of wasm/, and raise it.
const knownGo = "go1.26"

// gap is how many zeros end a segment of data. Go's linker ends one at eight, which makes forty thousand of them, whose
// places no compression foresees.
const gap = 64

// slim rewrites what Go linked: the same code over the same memory, without the names of functions and files and the
// numbers of lines, which nothing but a Go traceback reads, and with few segments of data.
func slim(wasm []byte) ([]byte, error) {
	if len(wasm) < 8 {
		return nil, errNotWASM
	}
	out := slices.Clone(wasm[:8])
	for r := (reader{wasm[8:]}); len(r.rest) > 0; {
		id := r.byte()
		body, err := r.bytes()
		if err != nil {
			return nil, err
		}
		if id == dataSection {
			if body, err = slimData(body); err != nil {
				return nil, err
			}
		}
		out = append(binary.AppendUvarint(append(out, id), uint64(len(body))), body...)
	}
	return out, nil
}

const (
	dataSection = 11
	i32Const    = 0x41
	end         = 0x0b
)

var errNotWASM = errors.New("this is no WebAssembly as Go links it")

// slimData rewrites the section of data.
func slimData(section []byte) ([]byte, error) {
	memory, err := load(section)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(runtime.Version(), knownGo) {
		forgetNames(memory)
	}
	var segments []byte
	n := 0
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		stop := bytes.Index(memory[at:], make([]byte, gap))
		if stop < 0 {
			stop = len(bytes.TrimRight(memory[at:], "\x00"))
		}
		segments = append(appendSigned(append(segments, 0, i32Const), at), end)
		segments = append(binary.AppendUvarint(segments, uint64(stop)), memory[at:at+stop]...) // #nosec G115 -- a length
		n, at = n+1, at+stop
	}
	return append(binary.AppendUvarint(nil, uint64(n)), segments...), nil // #nosec G115 -- a count
}

// load is the memory as the section of data fills it, from 0.
func load(section []byte) (memory []byte, err error) {
	r := reader{section}
	n, err := r.number()
	for ; n > 0 && err == nil; n-- {
		if kind, op := r.byte(), r.byte(); kind != 0 || op != i32Const {
			return nil, errNotWASM
		}
		at, bad := r.number() // what is signed and not negative has a zero more at most
		if last := r.byte(); bad != nil || last != end || at > 1<<28 {
			return nil, errNotWASM
		}
		var data []byte
		if data, err = r.bytes(); err == nil {
			if more := int(at) + len(data) - len(memory); more > 0 { // #nosec G115 -- at is bounded
				memory = append(memory, make([]byte, more)...)
			}
			copy(memory[at:], data)
		}
	}
	return memory, err
}

// forgetNames overwrites with zeros the names of functions and files and the numbers of lines in Go's table of
// functions. One name is left, "runtime.": that a goroutine's function begins with it is all that the runtime asks of
// names. A table that is none of today's is left as it is.
func forgetNames(memory []byte) {
	head := bytes.Index(memory, magic)
	if head < 0 || bytes.Contains(memory[head+1:], magic) {
		return
	}
	table := memory[head:]
	word := func(i int) int { return int(binary.LittleEndian.Uint64(table[8*i:])) } // #nosec G115 -- an offset
	functions, names, files, lines, entries := word(1), word(4), word(5), word(7), word(8)
	if names <= 0 || names >= files || files >= lines || lines >= entries || entries+8*functions >= len(table) {
		return
	}
	const runtimes, own = 1, "runtime."
	read, unread := map[uint32]bool{}, map[uint32]bool{} // offsets of tables by instruction
	for i := range functions {
		at := entries + int(binary.LittleEndian.Uint32(table[entries+8*i+4:]))
		f := table[at:]
		field := func(n int) uint32 { return binary.LittleEndian.Uint32(f[4*n:]) }
		set := func(n int, to uint32) { binary.LittleEndian.PutUint32(f[4*n:], to) }
		name := 0
		if bytes.HasPrefix(table[names+int(field(nameOf)):], []byte(own)) {
			name = runtimes
		}
		read[field(stackOf)] = true
		for k := range int(field(tablesOf)) {
			read[field(entryWords+k)] = true
		}
		unread[field(fileOf)], unread[field(lineOf)] = true, true
		set(nameOf, uint32(name)) // #nosec G115 -- 0 or 1
		for _, n := range []int{fileOf, lineOf, unitOf, startOf} {
			set(n, 0)
		}
	}
	clear(table[names:lines])
	copy(table[names+runtimes:], own)
	forgetTables(table[lines:entries], read, unread)
}

// Words of runtime._func.
const (
	nameOf     = 1
	stackOf    = 4
	fileOf     = 5
	lineOf     = 6
	tablesOf   = 7
	unitOf     = 8
	startOf    = 9
	entryWords = 11
)

// forgetTables overwrites the tables by instruction that nothing but a traceback reads. Tables of the same bytes are
// one.
func forgetTables(tables []byte, read, unread map[uint32]bool) {
	var starts []int
	for _, of := range []map[uint32]bool{read, unread} {
		for at := range of {
			starts = append(starts, int(at))
		}
	}
	slices.Sort(starts)
	starts = append(slices.Compact(starts), len(tables))
	for i, at := range starts[:len(starts)-1] {
		if !read[uint32(at)] { // #nosec G115 -- it was one
			clear(tables[at:starts[i+1]])
		}
	}
}

// appendSigned is a number that is not negative as signed LEB128 has it.
func appendSigned(to []byte, n int) []byte {
	for n >= 0x40 {
		to = append(to, byte(n&0x7f|0x80))
		n >>= 7
	}
	return append(to, byte(n))
}

// reader reads the numbers and vectors of WebAssembly.
type reader struct{ rest []byte }

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) number() (uint64, error) {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return 0, fmt.Errorf("%w: a number ends in the middle", errNotWASM)
	}
	r.rest = r.rest[size:]
	return n, nil
}

func (r *reader) bytes() ([]byte, error) {
	n, err := r.number()
	if err != nil || n > uint64(len(r.rest)) {
		return nil, fmt.Errorf("%w: a part ends in the middle", errNotWASM)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out, nil
}
