//go:build !race

// Package racetest tells tests whether they run under the race detector.
package racetest

// Slower is by how much a bound of time is wider under the race detector, which makes a program five to ten times
// slower.
const Slower = 1
