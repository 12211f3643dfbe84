package main

import (
	"fmt"
	"os"

	"whence/sources"
)

// declareSources reads the declared sources of a folder and makes them known; without
// one there are none.
func declareSources(dir string) ([]sources.Declared, error) {
	var all []sources.Declared
	if dir != "" {
		var err error
		if all, err = sources.LoadDeclared(os.DirFS(dir)); err != nil {
			return nil, fmt.Errorf("the sources in %s are wrong:\n%w", dir, err)
		}
	}
	if err := sources.Declare(all); err != nil {
		return nil, fmt.Errorf("the sources in %s cannot be used together:\n%w", dir, err)
	}
	return all, nil
}
