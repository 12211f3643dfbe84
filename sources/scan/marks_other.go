//go:build !amd64

package scan

// marked is whether marks can be called.
const marked = false

func marks(to *uint64, b *byte, words int) {}
