package core

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// section is a section of data with a segment for each run of bytes, as Go's linker makes one.
func section(memory []byte) []byte {
	var out []byte
	n := 0
	for at, b := range memory {
		if b != 0 {
			out = append(appendSigned(append(out, 0, i32Const), at), end, 1, b)
			n++
		}
	}
	return append(binary.AppendUvarint(nil, uint64(n)), out...)
}

// TestTheMemoryIsTheSameInFewerSegments whatever is in it.
func TestTheMemoryIsTheSameInFewerSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var memory []byte
		for range rapid.IntRange(0, 5).Draw(t, "runs") {
			memory = append(memory, make([]byte, rapid.IntRange(0, 3*gap).Draw(t, "zeros"))...)
			memory = append(memory, rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")...)
		}
		memory = bytes.TrimRight(memory, "\x00")
		was := section(memory)
		is, err := slimData(was)
		if err != nil {
			t.Fatal(err)
		}
		got, err := load(is)
		if err != nil || !bytes.Equal(got, memory) {
			t.Fatalf("%v: %x is loaded, not %x", err, got, memory)
		}
		fewer, _ := binary.Uvarint(is)
		if n, _ := binary.Uvarint(was); fewer > n {
			t.Fatalf("%d segments are %d", n, fewer)
		}
	})
}

// table is a table of two functions, "runtime.gopark" and "main.main", with three tables by instruction: one that the
// runtime reads, one that only a traceback reads, and one that is both.
func table() []byte {
	names := []byte("\x00runtime.gopark\x00main.main\x00")
	files := []byte("main.go\x00")
	tables := []byte("\x00read\x00line\x00both\x00")
	offsets := []int{72, 72 + len(names), 72 + len(names) + len(files)}
	entries := offsets[2] + len(tables)
	out := bytes.Clone(magic)
	for _, word := range []int{2, 1, 0, offsets[0], offsets[1], offsets[1], offsets[2], entries} {
		out = binary.LittleEndian.AppendUint64(out, uint64(word))
	}
	out = append(append(append(out, names...), files...), tables...)
	const index, function = 2*8 + 4, 4*entryWords + 4
	for i := range 2 {
		out = binary.LittleEndian.AppendUint32(out, uint32(i))
		out = binary.LittleEndian.AppendUint32(out, uint32(index+i*function))
	}
	out = binary.LittleEndian.AppendUint32(out, 2)
	for _, name := range []uint32{1, 16} {
		for _, word := range []uint32{7, name, 8, 9, 1, 6, 11, 1, 3, 42, 0, 11} {
			out = binary.LittleEndian.AppendUint32(out, word)
		}
	}
	return append(out, "something behind it"...)
}

func TestOnlyWhatATracebackReadsIsForgotten(t *testing.T) {
	memory := append([]byte("before"), table()...)
	was := bytes.Clone(memory)
	forgetNames(memory)
	for _, gone := range []string{"gopark", "main.main", "main.go", "line"} {
		if bytes.Contains(memory, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	for _, kept := range []string{"before", "\x00runtime.\x00", "\x00read\x00", "\x00both\x00", "something behind it"} {
		if !bytes.Contains(memory, []byte(kept)) {
			t.Errorf("%q is gone", kept)
		}
	}
	first := bytes.Index(was, binary.LittleEndian.AppendUint32(nil, 8)) // the size of arguments, after the name
	for first > 0 && (was[first-4] != 1 || was[first-8] != 7) {
		first += 1 + bytes.Index(was[first+1:], []byte{8, 0, 0, 0})
	}
	f := memory[first-8:]
	for i, want := range []uint32{7, 1, 8, 9, 1, 0, 0, 1, 0, 0, 0, 11, 7, 0, 8, 9} {
		if got := binary.LittleEndian.Uint32(f[4*i:]); got != want {
			t.Errorf("word %d of the functions is %d, not %d", i, got, want)
		}
	}
}

func TestATableThatIsNotKnownIsLeftAsItIs(t *testing.T) {
	other, two, short := table(), append(table(), table()...), table()
	other[0]++                                      // of another Go
	binary.LittleEndian.PutUint64(short[8:], 1<<40) // with more functions than there is room for
	for _, memory := range [][]byte{other, two, short, nil} {
		was := bytes.Clone(memory)
		if forgetNames(memory); !bytes.Equal(memory, was) {
			t.Errorf("%x is %x", was, memory)
		}
	}
}

func TestWhatIsNoWebAssemblyIsRefused(t *testing.T) {
	for _, bad := range []string{"", "\x00asm", "\x00asm\x01\x00\x00\x00\x0b\x7f", "\x00asm\x01\x00\x00\x00\x0b\x01\x01",
		"\x00asm\x01\x00\x00\x00\x0b\x05\x01\x01\x41\x00\x0b", "\x00asm\x01\x00\x00\x00\x0b\x06\x01\x00\x41\x00\x0b\x09"} {
		if _, err := slim([]byte(bad)); !errors.Is(err, errNotWASM) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}
