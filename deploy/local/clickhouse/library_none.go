//go:build !((linux || darwin) && (amd64 || arm64)) || static

package clickhouse

import "errors"

const canLoad = false

func runLibrary(string, []string) error {
	return errors.New("this build cannot load libchdb.so")
}
