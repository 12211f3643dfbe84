//go:build amd64 || arm64

package index

import "unsafe"

// prefetch asks for the line of memory at addr and does not wait for it. To read a byte
// of it instead would wait where a lock is taken next, which is between any two
// look-ups.
//
//go:noescape
func prefetch(addr unsafe.Pointer)
