//go:build (linux || darwin) && (amd64 || arm64) && !static

package clickhouse

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/ebitengine/purego"
)

// canLoad says whether this build can run the engine from a library. Builds
// with the tag "static" cannot: purego makes the binary need the system's C
// library, which an image from scratch or on musl does not have.
const canLoad = true

// runLibrary loads the library at path and runs clickhouse-local in it with the
// given arguments, of which the first is the name of the program, until its last
// statement ends. It is called once, in a process that does nothing else.
func runLibrary(path string, args []string) error {
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the library: %w", err)
	}
	var (
		run    func(argc int32, argv **byte) uintptr
		result func(uintptr) string
	)
	for name, fn := range map[string]any{"chdb_query_cmdline": &run, "chdb_result_error": &result} {
		at, err := purego.Dlsym(lib, name)
		if err != nil {
			return fmt.Errorf("load %s: %w", path, err)
		}
		purego.RegisterFunc(fn, at)
	}
	argv := make([]*byte, len(args)+1) // ends in a null pointer, as C has it
	for i, a := range args {
		argv[i] = &append([]byte(a), 0)[0]
	}
	res := run(int32(len(args)), &argv[0])
	runtime.KeepAlive(argv)
	if res == 0 {
		return errors.New("the engine gave no result")
	}
	if text := result(res); text != "" {
		return errors.New(text)
	}
	return nil
}
