package scan

// marks sets a bit for every byte that is special among words times 64 of them, in as
// many words, one at least. It needs AVX2.
//
//go:noescape
func marks(to *uint64, b *byte, words int)

func able() bool

// marked is whether marks can be called.
var marked = able()
