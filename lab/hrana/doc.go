// Package hrana is the laboratory's database server: it speaks Hrana over HTTP (versions 2 and 3) like sqld 0.24, on
// go-sqlite3.
//
// It is written to be no kinder than sqld: the same limits, the same refusals, the same error codes, the same hazards
// on a replica (reads that wait for a replication index, writes that retry without end while the primary is away). What
// the tests pass here they must pass against the real server. It is never imported by the product.
package hrana
