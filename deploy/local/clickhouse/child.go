package clickhouse

import (
	"fmt"
	"os"
)

// childArg as the first argument makes the program the engine's process; the
// path of the library and the engine's arguments follow.
const childArg = "__chdb"

// MaybeChild runs the engine and never returns when this process is the child
// that Start made; otherwise it does nothing. A program that calls Start calls
// MaybeChild first thing in main, a test package in TestMain: the engine lives
// in a process of its own, because the library installs signal handlers and
// brings its own allocator, and because a process can be killed.
func MaybeChild() {
	if !isChild() {
		return
	}
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "the path of libchdb.so is missing")
		os.Exit(2)
	}
	if err := runLibrary(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func isChild() bool { return len(os.Args) > 1 && os.Args[1] == childArg }
