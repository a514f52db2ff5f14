// Package lab is the folder of the multi-region laboratory; its parts are hrana (a database server like sqld), flyproxy
// (a proxy like Fly's), link (connections that can be cut), cluster (all of them together, for tests) and cmd/lab (for
// a person).
package lab
