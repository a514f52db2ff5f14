//go:build race

package racetest

// Slower is by how much a bound of time is wider under the race detector, which makes a program five to ten times
// slower.
const Slower = 10
