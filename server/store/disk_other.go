//go:build !unix

package store

func bearLimits() {}
