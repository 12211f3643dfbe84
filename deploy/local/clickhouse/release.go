package clickhouse

import "fmt"

// releaseVersion is that of the packages, whose engine is ClickHouse 26.7.
const releaseVersion = "26.7.3-stable.1"

// A release is one npm package that carries the library for one platform.
type release struct {
	name      string // of the package
	platform  string
	integrity string // of the packed file, as npm writes it; empty to ask npm
	bytes     int64  // of the packed file; 0 if not known
}

// releaseFor returns the package for a platform. What is pinned here is what was
// tried; for the others npm's word on the integrity is taken.
func releaseFor(goos, goarch string) (release, error) {
	switch platform := goos + "-" + goarch; platform {
	case "linux-amd64":
		return release{
			name: "@chdb/lib-linux-x64-gnu", platform: platform,
			integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			bytes:     177817999,
		}, nil
	case "linux-arm64":
		return release{name: "@chdb/lib-linux-arm64-gnu", platform: platform}, nil
	case "darwin-amd64":
		return release{name: "@chdb/lib-darwin-x64", platform: platform}, nil
	case "darwin-arm64":
		return release{name: "@chdb/lib-darwin-arm64", platform: platform}, nil
	default:
		return release{}, fmt.Errorf("there is no ClickHouse library for %s: put a clickhouse binary, version 26.7 or newer, on PATH", platform)
	}
}

// spec is what npm is asked for.
func (r release) spec() string { return r.name + "@" + releaseVersion }
