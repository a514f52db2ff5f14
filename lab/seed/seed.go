// Package seed makes every decision of a test with faults from one printed number, so that it can be made again.
package seed

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
)

// Variable names the environment variable that replays a run: LAB_SEED=0x2a or 42.
const Variable = "LAB_SEED"

// Seed is where all decisions of a run come from.
type Seed uint64

// Parse reads a seed in the form that String writes, or as a decimal number.
func Parse(text string) (Seed, error) {
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is no number from 0 to %d", Variable, text, uint64(1<<64-1))
	}
	return Seed(n), nil
}

// Choose is LAB_SEED where it is set, else another seed every time for a soak, else the one of the test. A LAB_SEED
// that is no number is an error, so that nobody takes another run for the replay that was asked for.
func Choose(soak bool, fixed Seed) (Seed, error) {
	if text := os.Getenv(Variable); text != "" {
		return Parse(text)
	}
	if !soak {
		return fixed, nil
	}
	var b [8]byte
	if _, err := crand.Read(b[:]); err != nil {
		return 0, err
	}
	return Seed(binary.NativeEndian.Uint64(b[:])), nil
}

// String is what LAB_SEED takes.
func (s Seed) String() string { return fmt.Sprintf("0x%016x", uint64(s)) }

// Stream is an actor's own randomness. It depends on the seed and the names alone: not on how often others drew, on
// their order, or on time.
func (s Seed) Stream(names ...any) *rand.Rand {
	h := fnv.New64a()
	for _, name := range names {
		fmt.Fprintf(h, "%v\x00", name)
	}
	return rand.New(rand.NewPCG(uint64(s), h.Sum64()))
}
